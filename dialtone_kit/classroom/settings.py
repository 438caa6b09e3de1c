"""What class.toml says about a class, and the file as `dialtone class new` first writes it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.private_files import shown
from dialtone_kit.classroom.links import Links
from dialtone_kit.classroom.session import SETTINGS, Session

KEEP_DAYS = 30
LONGEST_KEPT = 3650  # days
_TEXT = """\
# A class of the Dialtone Kit. Edit this file as you like; the commands read it each time.

name = {name}
made = {made}

# The lessons that this class takes, by their numbers.
lessons = {lessons}

# Names, addresses, results and keys are personal data. `dialtone class ready` reminds you when
# this many days have passed since `made`; `dialtone class end` exports the results and deletes
# the rest.
keep_days = {keep_days}

# Where learners open the lessons: a JupyterHub, and a Git repository that it fetches with
# nbgitpuller. Run `dialtone class new` again to write links.csv after a change.
[links]
hub = {hub}
repository = {repository}
branch = {branch}
"""


class BadSettings(DialtoneError):
    """A setting can't be used. Says which, and what it must be."""


@dataclass(frozen=True)
class Settings:
    """The settings that every class has. Commands may read more tables of class.toml."""

    name: str
    made: date
    lessons: tuple[str, ...]
    keep_days: int = KEEP_DAYS
    links: Links = field(default_factory=Links)

    @property
    def until(self) -> date:
        """The day by which the trainer means to delete what is kept."""
        return self.made + timedelta(days=self.keep_days)

    def as_toml(self) -> str:
        """class.toml. A JSON string is a TOML string, too."""
        values = {
            "name": self.name,
            "lessons": self.lessons,
            "keep_days": self.keep_days,
            **vars(self.links),
        }
        texts = {name: json.dumps(value, ensure_ascii=False) for name, value in values.items()}
        return _TEXT.format(made=self.made.isoformat(), **texts)


def settings_of(session: Session) -> Settings:
    """The settings of a class. BadSettings names the first that can't be used."""
    where, given = shown(session.folder / SETTINGS), session.settings
    links = _value(given, "links", Mapping, {}, where)
    strings = {name: _value(links, name, str, "", where) for name in vars(Links())}
    keep_days = _value(given, "keep_days", int, KEEP_DAYS, where)
    if not 1 <= keep_days <= LONGEST_KEPT:
        raise BadSettings(f"{where}: keep_days must be from 1 to {LONGEST_KEPT}.")
    return Settings(
        name=_value(given, "name", str, "", where) or session.name,
        made=_value(given, "made", date, date.today(), where),
        lessons=session.lessons,
        keep_days=keep_days,
        links=Links(**strings),
    )


def _value(given: Mapping[str, Any], name: str, kind: type, default: Any, where: str) -> Any:
    value = given.get(name, default)
    if not isinstance(value, kind) or isinstance(value, bool):
        wanted = {str: 'a text in quotes, such as "…"', int: "a number", date: "a date"}
        raise BadSettings(f"{where}: {name} must be {wanted.get(kind, 'a table')}.")
    return value
