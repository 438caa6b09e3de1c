"""The folder of a class: settings, learners, and what each of them needs. The trainer's alone.

```
class.toml           name, lessons and links: the trainer may edit it
learners.csv         seat, name and email of each learner
learners/0001/       what belongs to the learner in seat 1
```
Everything in it is private (0600 in 0700): names and addresses are personal data, and what the
other commands of `dialtone class` add there may be secret.
"""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.private_files import PrivateFolder, shown
from dialtone_kit.base.reason import sentence
from dialtone_kit.classroom.tables import NotATable, read_csv_text

SETTINGS, LEARNERS = "class.toml", "learners.csv"
DEFAULT_FOLDER = Path("dialtone-class")


class NoSession(DialtoneError):
    """The folder isn't one of a class, or can't be read as such."""


class NoLearners(NoSession):
    """The list of learners can't be read. `dialtone class new` makes it again."""


@dataclass(frozen=True)
class Learner:
    """Someone in the class. The seat is the number that stands for them in whatever is shown."""

    seat: int
    name: str
    email: str


@dataclass(frozen=True)
class Session:
    """A class: `settings` is what class.toml says, `learners` are in the order of their seats."""

    folder: Path
    settings: Mapping[str, Any] = field(default_factory=dict)
    learners: tuple[Learner, ...] = ()

    @property
    def name(self) -> str:
        """What the class is called: as its folder, unless class.toml has a name."""
        return str(self.settings.get("name") or self.folder.absolute().name)

    @property
    def lessons(self) -> tuple[str, ...]:
        """The numbers of the lessons that this class takes."""
        return tuple(self.settings["lessons"])

    def folder_of(self, learner: Learner) -> Path:
        """The folder of what belongs to one learner; it need not exist yet."""
        return self.folder / "learners" / f"{learner.seat:04}"


def open_session(folder: Path) -> Session:
    """The class in `folder`. NoSession says in one line why there is none, and what to do."""
    private = PrivateFolder(folder, error=NoSession)
    try:
        settings = _settings(private.read(SETTINGS), folder / SETTINGS)
        learners = _learners(private.read(LEARNERS), folder / LEARNERS)
    except FileNotFoundError:
        raise NoSession(
            f"{shown(folder)} isn't the folder of a class. Name the one that `dialtone class new` "
            "made, or make one with `dialtone class new roster.csv`."
        ) from None
    return Session(folder, settings, learners)


def _settings(content: bytes, path: Path) -> dict[str, Any]:
    try:
        settings = tomllib.loads(content.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as wrong:
        raise NoSession(sentence(f"{shown(path)} can't be read: {wrong}")) from None
    lessons = settings.get("lessons")
    if not isinstance(lessons, list) or not all(isinstance(one, str) for one in lessons):
        raise NoSession(f'{shown(path)}: lessons must be a list such as ["00", "01"].')
    return settings


def _learners(content: bytes, path: Path) -> tuple[Learner, ...]:
    try:
        rows = list(read_csv_text(content))
        found = [Learner(int(row["seat"]), row["name"], row["email"]) for row in rows]
        if not found or len({learner.seat for learner in found}) < len(found):
            raise ValueError
    except (csv.Error, NotATable, KeyError, ValueError):
        raise NoLearners(
            f"{shown(path)} is damaged. Make it again from the roster with `dialtone class new`: "
            "everyone keeps their seat."
        ) from None
    return tuple(sorted(found, key=lambda learner: learner.seat))
