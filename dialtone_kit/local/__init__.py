"""The learner's side of the local service: find it, start it, control it."""
