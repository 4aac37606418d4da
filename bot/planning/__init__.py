"""The rules behind `bot.plan`: pure, one file for each question."""
