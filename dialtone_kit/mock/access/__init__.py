"""Who is calling: client credentials, proofs, and tokens that are still valid."""
