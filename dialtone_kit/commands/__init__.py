"""The `dialtone` command: one module for each of its commands."""
