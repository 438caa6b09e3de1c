"""Discovery, the protected demo API, and the caller's own audit trail."""
