"""What an operator can see and do, for the command line and the dashboard alike."""
