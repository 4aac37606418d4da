"""One module for each channel of alerts; none imports another."""
