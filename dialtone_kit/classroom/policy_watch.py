"""What the class's service says about its policy files, for the terminal of `class serve`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.private_files import shown
from dialtone_kit.base.stamps import Stamp, stamp_of
from dialtone_kit.classroom.address import Say
from dialtone_kit.local.controls import PolicyFile


class PolicyWatch:
    """Says once what is wrong with a file in `folder`, and once when it's right again.

    `ask` asks the service; it's asked when a file has changed.
    """

    def __init__(self, folder: Path, ask: Callable[[], list[PolicyFile]], say: Say) -> None:
        self._folder, self._ask, self._say = folder, ask, say
        self._seen: dict[Path, Stamp] | None = None
        self._wrong: dict[str, str] = {}  # problems by the names of their files

    def look(self) -> None:
        """Ask the service if a file has changed since the last look, and say what is new."""
        now = {path: stamp_of(path) for path in self._folder.glob("*.cedar")}
        if now == self._seen:
            return
        self._seen = now
        try:
            problems = {one.file: one.problem for one in self._ask() if one.problem}
        except DialtoneError as away:
            self._say(f"Whether the policies are valid isn't known: {away}")
            return
        for file, problem in problems.items():
            if self._wrong.get(file) != problem:
                self._say(f"{shown(self._folder)}/{problem}")
        for file in self._wrong.keys() - problems.keys():
            self._say(f"{shown(self._folder / file)} is valid again, and in force.")
        self._wrong = problems
