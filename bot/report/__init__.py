"""What people read about posts before they go out: annotations, pull request summaries, the preview page, calendars.

Most modules turn data into text; those that read pictures or git, or run a program, say so.
"""
