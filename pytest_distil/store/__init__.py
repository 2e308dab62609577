"""Floor 3: what is kept, and where."""
