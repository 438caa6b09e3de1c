"""What all endpoints share: settings, clock, keys, limits, mail, audit trail."""
