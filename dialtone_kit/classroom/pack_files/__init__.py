"""What a pack has besides wheels and lessons. check.py runs where the kit isn't installed."""
