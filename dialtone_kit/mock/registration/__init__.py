"""Registration through a sponsor's e-mail (the demo's step 2)."""
