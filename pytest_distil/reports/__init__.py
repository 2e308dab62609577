"""Floor 3: what a report looks like to people."""
