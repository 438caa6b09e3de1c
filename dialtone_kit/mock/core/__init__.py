"""What every endpoint of the service uses: settings, clock, keys, limits, audit trail."""
