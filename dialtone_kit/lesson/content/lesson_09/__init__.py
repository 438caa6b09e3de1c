"""Lesson 09: Who did it, for whom, with whose leave?"""

NOTEBOOK = "09-delegation.ipynb"
QUESTION = "Who did it, for whom, with whose leave?"
