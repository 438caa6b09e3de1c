"""Lesson 10: What if the API is an MCP server?"""

NOTEBOOK = "10-tool-server.ipynb"
QUESTION = "What if the API is an MCP server?"
