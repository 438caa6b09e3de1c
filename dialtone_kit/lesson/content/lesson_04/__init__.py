"""Lesson 04: What does the token prove?"""

NOTEBOOK = "04-verify-token.ipynb"
QUESTION = "What does the token prove?"
