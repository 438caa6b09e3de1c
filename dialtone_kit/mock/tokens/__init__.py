"""The token endpoint, its grants, and what can be asked about a token."""
