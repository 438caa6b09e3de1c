"""Grading what learners hand in. Their code runs in a sandbox; the verdict is reached outside it.

run.py            all of it: files, owners, the service, judges side by side
handed_in.py      notebooks from folders and zips; owners.py: whose each one is
cells.py          the answers in a notebook; context.py: what the lesson defined before them
judge.py          a process for each notebook: the lesson's own checks, exercise by exercise
sandbox.py        bubblewrap around child.py, the only place where a learner's code runs
talk.py           calls both ways between judge and child; crossing.py: the values in them
"""
