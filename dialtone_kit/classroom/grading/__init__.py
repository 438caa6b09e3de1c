"""Grading what learners hand in. Their code runs in a sandbox; the verdict is reached outside it.

run.py               all of it: files, owners, the service, judges side by side
handed_in.py         notebooks from folders and zips; owners.py: whose each one is
cells.py             the answers in a notebook; context.py: what the lesson defined before them
judge_processes.py   runs a process for each notebook; judge_notebook.py: what it runs
judge_exercise.py    one exercise, judged by the lesson's own check
sandbox.py           bubblewrap around child.py, the only place where a learner's code runs
remote_calls.py      calls both ways between judge and child; crossing.py: the values in them
"""
