"""What was read from post files, kept for the next start: for large folders. Without it only speed changes."""
