"""Lesson 00: Is there a dial tone?"""

NOTEBOOK = "00-start-here.ipynb"
QUESTION = "Is there a dial tone?"
