"""Floor 4: what happens to a call."""
