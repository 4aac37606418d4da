"""The body of a post: Markdown → HTML for the feeds and plain text for the toot."""
