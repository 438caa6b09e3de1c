"""Who is calling: clients, proofs, and tokens that are still alive."""
