"""The agent's side of the service: discover, enroll, get a token, call."""
