"""Runs one lesson in a process of its own, with a state folder that no other uses.

papermill and Jupyter are imported in here, not above: whoever hands out jobs does without them.
"""

from __future__ import annotations

import logging
import os
import shutil
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from dialtone_kit.base.masking import mask_text
from dialtone_kit.base.private_files import PrivateFolder
from dialtone_kit.classroom.running.child import Answer, end_with_parent
from dialtone_kit.classroom.running.jobs import Done, Job
from dialtone_kit.classroom.running.place import WORK
from dialtone_kit.local.controls import Controls
from dialtone_kit.local.running import find
from dialtone_kit.local.state_folder import progress_file

if TYPE_CHECKING:
    from jupyter_client.manager import AsyncKernelManager


def run_job(answer: Answer, job: Job, folder: Path, environment: Mapping[str, str]) -> None:
    """Run it in this process, which is there for nothing else, and in the place `folder`.

    The kernel is cleared away after the answer: that takes time, and whoever waits needn't.
    """
    from dialtone_kit.classroom.running.kernel import kernel

    work = _emptied(folder / WORK)
    os.environ.update(environment)
    os.chdir(job.folder if Path(job.folder).is_dir() else work)
    with kernel(work) as manager:  # first: it forks
        end_with_parent()
        logging.disable()  # what goes wrong is in the answer
        began = time.monotonic()
        try:
            _prepare(job)
            done = _run(job, work, manager)
        except Exception as failed:  # whatever it is, it concerns this job alone
            done = Done("failed", f"{type(failed).__name__}: {failed}")
        seconds = time.monotonic() - began
        answer(replace(done, reason=mask_text(done.reason), seconds=seconds))


def exercises_of(number: str) -> str:
    """The outcomes of a lesson's exercises, counted."""
    from dialtone_kit.lesson import catalog
    from dialtone_kit.lesson.exercises.verdict import WORDS
    from dialtone_kit.lesson.progress import Progress

    progress = Progress(progress_file())
    outcomes = [progress.exercise(entry.id).outcome for entry in catalog.exercises(number)]
    counted = [(word, outcomes.count(name)) for name, word in WORDS.items()]
    return ", ".join(f"{count} {word}" for word, count in counted if count) or "–"


def _emptied(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    return folder


def _prepare(job: Job) -> None:
    """Start from this learner's progress, with no limit used up."""
    # The whole file, without its lock: nothing else uses this worker's state folder.
    PrivateFolder(progress_file().parent).write(progress_file().name, job.events)
    service = find()
    if service is not None:
        Controls(lambda: service).clear_limits()


def _run(job: Job, work: Path, manager: AsyncKernelManager) -> Done:
    from dialtone_kit.classroom.running.notebook import execute, tidied

    notebook, copy = work / job.name, work / "executed.ipynb"
    notebook.write_text(job.notebook, encoding="utf-8")
    parameters = job.parameters.for_notebook(notebook)
    outcome, reason = execute(notebook, copy, parameters, manager)
    made = tidied(copy.read_text(encoding="utf-8"), job.name) if copy.exists() else ""
    added = progress_file().read_text(encoding="utf-8")[len(job.events) :]
    return Done(outcome, reason, 0.0, exercises_of(job.lesson), made, added)
