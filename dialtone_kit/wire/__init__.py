"""What went over the wire, recorded and shown."""
