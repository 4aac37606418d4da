"""Posts from git repositories: fetched beside the work, read like those of the local folder.

    repository ── git ──▶ objects ── export ──▶ a tree of its own ── place ──▶ swapped in whole, or not at all
                                                                                  │
    local folder ─────────────────────────────────────────────────── folders ─────┴──▶ one scan
                                                                                  ▲
    forge ── signatures ──▶ a push that is genuine and new ── feed ── pull at once ┘

`place` knows where a checkout lies, `pull` brings it up to date, `folders` joins what is there for the reader,
`feed` keeps all of them fresh while the bot runs.
"""
