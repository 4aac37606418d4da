"""From a file to a Post.

    bytes ── frontmatter ──▶ values, body ──┬── frontmatter ──▶ what the author says of the post
                                            ├── body ─────────▶ HTML for the feeds, excerpt for the toot
                                            └── digests ──────▶ whether the author has changed either

`reader` puts one post together and renders its body, so a post is complete once it is read. `folder` keeps the posts
of one folder and reads again only what has changed, which `listing` sees and `cache/racy_files` where it hardly shows.
`pictures` gathers the facts about pictures, `addresses` knows slugs and permalinks. `git` adds posts from
repositories. `cache` keeps what was read for the next start: for large folders, and without it only speed changes.
"""
