"""What is planned, in shapes that people know: the lines of a table, the months of a calendar, an iCalendar file."""
