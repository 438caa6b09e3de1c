"""The end of a class: what its folder holds of learners goes, in an order that can be resumed.

`ending.json` says where the results are. It's written once they are there, and is the last file to
go: with it, an end that was interrupted goes on with what is left.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.private_files import PrivateFolder
from dialtone_kit.classroom.collecting import NOTE as COLLECTED
from dialtone_kit.classroom.in_use import SERVICE, held, refuse_if_used
from dialtone_kit.classroom.seats import HAND_OUT, TRAINER_FILE
from dialtone_kit.classroom.session import LEARNERS, SETTINGS
from dialtone_kit.local.kept import Kept, known, remove
from dialtone_kit.local.setup import SQLITE, read_setup

NOTE, LOCK = "ending.json", "end.lock"
# The names that the commands of a class give in its folder, and what is behind each, in the order
# in which they go: the settings and the list of learners, which make it a class, come last.
OURS = {
    "learners": "learners' parameters, session files, notebooks, runs and progress",
    SERVICE: "the class service's database, keys and log",
    re.escape(TRAINER_FILE): "your own secret for the class service",
    r"grades\.(csv|json)": "grades",
    r"run\.jsonl": "what was run",
    re.escape(COLLECTED): "how far events were collected",
    r"report(-of-runs)?": "the last report",
    r"links\.csv": "learners' links",
    re.escape(HAND_OUT): "who gets which session file",
    r"board\.html": "the board's link",
    r"[a-z.]+(-[0-9]+)?\.lock": "a lock",
    r"\..+\.([0-9a-f]{16}|[0-9]+\.\w+)": "what a killed command left",
    r"\.gitignore": "what keeps the folder out of Git",
    re.escape(LEARNERS): "names and email addresses",
    re.escape(SETTINGS): "the settings of the class",
    re.escape(NOTE): "where the results are",
}


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Nobody else uses the class in `folder`. Raises StillUsed. What is empty at the end goes."""
    lock = folder / LOCK
    with held(lock):
        refuse_if_used(folder, besides=lock)
        yield
    with suppress(OSError):  # something else is in it
        folder.rmdir()


def going(folder: Path) -> list[Kept]:
    """What is deleted, in that order."""
    return [one for one in known(folder, OURS) if one.path.name != LOCK]


def staying(folder: Path) -> list[Path]:
    """What else the folder holds: no command of a class made it."""
    ours = {one.path for one in known(folder, OURS)}
    return sorted(path for path in folder.iterdir() if path not in ours)


def out_of_reach(folder: Path) -> Iterator[str]:
    """What about this class is kept elsewhere, and who can delete it. A line each."""
    with suppress(DialtoneError):
        setup = read_setup(folder / SERVICE)
        if setup is not None and setup.database != SQLITE:
            yield f"{setup.database}: the class service's database; drop it yourself"
    yield (
        "your files outside this folder that have names or code: the roster, what learners handed "
        "in, copies of session files; delete them yourself"
    )
    yield (
        "learners' own machines and hubs: each learner runs `dialtone purge` there, and only then "
        "`dialtone class leave`"
    )
    yield "backups, what you sent to learners, and disks that keep what was deleted"


def last_collected(folder: Path) -> str:
    """When the events at the class service were last collected, "" if it never ran."""
    if not (folder / SERVICE).is_dir():
        return ""
    with suppress(OSError):
        at = (folder / COLLECTED).stat().st_mtime
        return datetime.fromtimestamp(at).strftime("on %d %B at %H:%M")
    return "never"


def results_of(folder: Path) -> Path | None:
    """Where an end that was interrupted left the results; None if it didn't get that far."""
    with suppress(FileNotFoundError, ValueError, KeyError, TypeError):
        note = json.loads(PrivateFolder(folder).read(NOTE))
        target = Path(note["results"])
        return target if note["complete"] or target.is_dir() else None
    return None


def note_results(folder: Path, target: Path, *, complete: bool) -> None:
    """Note where the results will be, or with `complete` that they are there."""
    note = {"results": str(target), "complete": complete}
    PrivateFolder(folder).write(NOTE, json.dumps(note))


def delete(folder: Path) -> Iterator[Kept]:
    """Delete what goes, one thing after the other. Raises OSError or DialtoneError."""
    for one in going(folder):
        remove(one)
        yield one
