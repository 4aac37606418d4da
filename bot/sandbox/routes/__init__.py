"""The routes of the sandbox: one file per part of Mastodon's API, and the timeline page."""
