"""What a person should know before a post goes out: findings with file, line and remedy."""
