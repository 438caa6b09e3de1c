"""SVIDs for workloads that a platform vouches for."""
