"""Posts from git repositories: fetched in the background, read like those of the local folder.

    repository ── command ──▶ objects ── checkout ──▶ a tree of its own ── sync ──▶ swapped in whole, or not at all
                                                                                          │
    local folder ──────────────────────────────────────────────────────── folders ───────┴──▶ one scan
    forge ── push ──▶ a notice that is genuine and new: the service syncs at once

`checkout` defines the layout of a checkout, `sync` updates it, `status` stores the outcome, `folders` joins the posts
of all folders. `changes` lists the files that a branch changes, for `announce check`.
"""
