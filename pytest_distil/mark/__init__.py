"""Floor 1: what production code imports to mark a function; standard library only."""
