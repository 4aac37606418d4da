"""What people read of posts before they go out: annotations, a pull request's summary, the preview page.

From data to text. What runs a program or reads a picture says so in its file.
"""
