"""Attacks on a verifier of DPoP proofs, the requests it has to let in, and the judge of both."""
