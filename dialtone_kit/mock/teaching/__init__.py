"""What only the mock has: controls for lessons, faults, the local platform."""
