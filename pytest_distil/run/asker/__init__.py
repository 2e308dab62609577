"""The asker: the process that holds the model connection, and how others reach it."""
