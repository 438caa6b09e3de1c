"""Lesson 02: Who vouches for an agent?"""

NOTEBOOK = "02-register.ipynb"
QUESTION = "Who vouches for an agent?"
