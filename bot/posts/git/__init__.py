"""Posts from git repositories: fetched beside the work, read like those of the local folder.

    repository ── command ──▶ objects ── checkout ──▶ a tree of its own ── sync ──▶ swapped in whole, or not at all
                                                                                          │
    local folder ──────────────────────────────────────────────────────── folders ───────┴──▶ one scan
    forge ── push ──▶ a notice that is genuine and new: the service syncs at once

`checkout` knows where a checkout lies, `sync` brings it up to date, `status` remembers how that went, `folders` joins
all posts for the reader. `changes` tells which files a branch has changed, for `announce check`.
"""
