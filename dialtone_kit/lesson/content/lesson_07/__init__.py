"""Lesson 07: When is bearer enough?"""

NOTEBOOK = "07-app-identity.ipynb"
QUESTION = "When is bearer enough?"
