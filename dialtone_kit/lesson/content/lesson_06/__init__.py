"""Lesson 06: What if there is no browser here?"""

NOTEBOOK = "06-laptop-agent.ipynb"
QUESTION = "What if there is no browser here?"
