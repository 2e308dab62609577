"""What several tests use; found as `support` by `pythonpath` in pyproject.toml."""
