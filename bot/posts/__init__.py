"""From a file to a Post.

    bytes ── frontmatter ──▶ values, body ──┬── fields, when, cover, keys ──▶ what the author says
                                            └── body ──┬── html, for the feeds
                                                       └── excerpt, for the toot

`read` puts one post together, `folder` keeps all of them and reads again only what has changed.
Everything but `pictures`, `listing`, `read_post` and `folder` is pure.
"""
