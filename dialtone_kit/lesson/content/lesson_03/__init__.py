"""Lesson 03: How is a token tied to a key?"""

NOTEBOOK = "03-dpop-token.ipynb"
QUESTION = "How is a token tied to a key?"
