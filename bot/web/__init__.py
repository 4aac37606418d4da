"""The bot's web server: the public folder, a health check and push hooks."""
