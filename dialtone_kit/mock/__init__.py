"""The local StrongDM ID: a real HTTP service on loopback, one file per part of the protocol."""
