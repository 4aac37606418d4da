"""The routes of the sandbox: one file per part of Mastodon's API, the timeline page and the controls for tests."""
