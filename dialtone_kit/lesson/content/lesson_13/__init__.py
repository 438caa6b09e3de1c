"""Lesson 13: What do you take home?"""

NOTEBOOK = "13-wrap-up.ipynb"
QUESTION = "What do you take home?"
