"""Registration through a sponsor's email (the demo's step 2)."""
