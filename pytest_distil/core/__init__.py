"""Floor 2: values and rules; no process, no network."""
