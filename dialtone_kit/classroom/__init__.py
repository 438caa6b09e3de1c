"""Classes: the roster, the lessons of many learners, their grades, a service for the room, a board.

`dialtone class` is the face of this room. A class is a folder of the trainer's: see session.py.
"""
