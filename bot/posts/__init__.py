"""From a file to a Post.

    bytes ── frontmatter ──▶ values, body ──┬── fields, when, cover, keys ──▶ what the author says
                                            └── body ──┬── html, for the feeds
                                                       └── excerpt, for the toot

`read` puts one post together, `folder` keeps all of them and reads again only what has changed. `look` and `listing`
see what has changed, `racing` what hardly shows. Bodies are rendered when somebody asks (`late`); `cache`, with
`stored` and `shelf`, keeps what was read for the next start.
Everything but `pictures`, `listing`, `look`, `racing`, `cache`, `shelf`, `read_post` and `folder` is pure.
"""
