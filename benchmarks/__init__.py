"""Measurements, run by hand: README.md has them and their results."""

import os

# Compiled modules are kept, as on a learner's machine, even where the environment forbids it.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
