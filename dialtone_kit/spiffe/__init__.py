"""SPIFFE for workloads: evidence, SVIDs, trust bundles, mutual TLS."""
