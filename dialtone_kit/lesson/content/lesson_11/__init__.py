"""Lesson 11: Can you break it?"""

NOTEBOOK = "11-attack-lab.ipynb"
QUESTION = "Can you break it?"
