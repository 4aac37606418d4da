"""From a file to a Post.

    bytes ── frontmatter ──▶ values, body ──┬── frontmatter ──▶ what the author says about the post
                                            ├── body ─────────▶ HTML for the feeds, excerpt for the toot
                                            └── digests ──────▶ whether the author has changed either

`reader` builds one post and renders its body, so a post is complete once it is read. `folder` keeps the posts of one
folder and rereads only the files that changed; `listing` and `cache/racy_files` detect the changes.
`pictures` gathers the facts about pictures, `addresses` knows slugs and permalinks. `git` adds posts from
repositories. `cache` stores parsed posts for the next start; without it, large folders only load more slowly.
"""
