"""The service's state, in SQLite or PostgreSQL."""
