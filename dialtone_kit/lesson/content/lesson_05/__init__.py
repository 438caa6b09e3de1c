"""Lesson 05: How is every call proved?"""

NOTEBOOK = "05-call-apis.ipynb"
QUESTION = "How is every call proved?"
