"""What belongs to one learner: a folder by the number of the seat, and papermill's parameters."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from pathlib import Path

from dialtone_kit.base.private_files import PrivateFolder, open_private
from dialtone_kit.classroom.session import Learner

PARAMETERS = "parameters.yaml"
_EMAIL = re.compile(r'^email: (".*")$', re.M)


def write_learner_folders(folder: Path, learners: Iterable[Learner]) -> None:
    """A folder for each learner below `folder`, with their parameters in it.

    It doesn't wait for the disk at each file, which takes half a minute for 5,000: the caller
    renames the whole when it's finished, and `dialtone class new` makes lost files again.
    """
    folder.mkdir(mode=0o700, exist_ok=True)
    for learner in learners:
        own = folder / f"{learner.seat:04}"
        own.mkdir(mode=0o700)
        descriptor = open_private(own / PARAMETERS)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(parameters_of(learner))


def parameters_of(learner: Learner) -> str:
    """The file for `papermill -f`. Papermill copies it into the notebook: no secret belongs here.

    A JSON string is a YAML string, too. Only 00 and 13 have the parameter seat: for the others
    papermill would complain about it.
    """
    return (
        f"# Seat {learner.seat}: papermill 03-dpop-token.ipynb out.ipynb -f {PARAMETERS}\n"
        f"# Add -p seat {learner.seat} for 00 and 13.\n"
        f"email: {json.dumps(learner.email)}\n"
    )


def has_parameters(folder: Path) -> bool:
    """Whether the file is in a learner's folder; a crash may have left an empty one."""
    file = folder / PARAMETERS
    return file.is_file() and file.stat().st_size > 0


def seats_from_files(folder: Path) -> list[Learner]:
    """Who sits where, by the parameters: for when the list of learners is lost.

    The address stands for the name, which isn't in the file.
    """
    found = []
    for own in sorted(folder.glob("[0-9]*")):
        try:
            text = PrivateFolder(own).read(PARAMETERS).decode("utf-8", "replace")
            email = _EMAIL.search(text)
            address = json.loads(email[1]) if email else ""
        except (FileNotFoundError, ValueError):  # a damaged file is as good as none
            continue
        if own.name.isdecimal() and address:
            found.append(Learner(int(own.name), address, address))
    return found
