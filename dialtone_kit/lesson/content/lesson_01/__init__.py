"""Lesson 01: Where is everything?"""

NOTEBOOK = "01-discovery.ipynb"
QUESTION = "Where is everything?"
