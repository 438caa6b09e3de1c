"""Lesson 12: What do I do when it says no?"""

NOTEBOOK = "12-when-things-fail.ipynb"
QUESTION = "What do I do when it says no?"
