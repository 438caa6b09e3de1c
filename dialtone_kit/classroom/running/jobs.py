"""One lesson of one learner: what it takes to run it anywhere, and what comes back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

Outcome = Literal["passed", "failed", "stopped"]


class Values(Protocol):
    """What a notebook gets as its parameters."""

    def for_notebook(self, notebook: Path) -> dict[str, Any]:
        """Those that this notebook has."""


@dataclass(frozen=True)
class Job:
    """A lesson's notebook, which is sent along: another machine may not have it.

    `folder` is where it comes from, and where it runs if this machine has that. `events` is the
    learner's progress so far.
    """

    name: str
    notebook: str = field(repr=False)
    folder: str
    parameters: Values = field(repr=False)
    events: str = field(default="", repr=False)

    @property
    def lesson(self) -> str:
        """The lesson's number."""
        return self.name[:2]


@dataclass(frozen=True)
class Done:
    """How it went: `reason` is one line when it did not pass, `events` the progress it added."""

    outcome: Outcome
    reason: str = ""
    seconds: float = 0.0
    exercises: str = ""
    notebook: str = field(default="", repr=False)
    events: str = field(default="", repr=False)


def in_turns(notebooks: Sequence[Path]) -> list[list[Path]]:
    """The notebooks that may run side by side, and then those that look back on the others.

    Those say so: `looks_back` in their `metadata.dialtone`.
    """
    late = [one for one in notebooks if _looks_back(one)]
    return [[one for one in notebooks if one not in late], late]


def _looks_back(notebook: Path) -> bool:
    try:
        metadata = json.loads(notebook.read_text(encoding="utf-8"))["metadata"]
        return bool(metadata["dialtone"]["looks_back"])
    except (ValueError, KeyError, TypeError):
        return False
