"""Lesson 08: Who are you if you have no secret?"""

NOTEBOOK = "08-workload-identity.ipynb"
QUESTION = "Who are you if you have no secret?"
