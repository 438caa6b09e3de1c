"""The local StrongDM ID: a real HTTP service on loopback, one room for each part of it."""
