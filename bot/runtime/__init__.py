"""One cycle that acts, and the service that runs it at the right moments."""
