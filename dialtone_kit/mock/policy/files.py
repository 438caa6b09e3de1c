"""The policy files in the user's folder: read when they change, and never without a good text.

A file is looked at for every decision (two `stat` calls), so that the next request obeys an edit in
every worker. What was understood last is kept in `.in-force/`: a broken edit changes nothing, and
all workers, also one that starts later, fall back on the same text.
"""

from __future__ import annotations

import contextlib
import os
import stat
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from dialtone_kit.mock.core.refusal import log
from dialtone_kit.mock.policy.cedar_text import (
    KIT_POLICIES,
    MAX_TEXT,
    Policies,
    PolicyProblem,
    compiled,
)

IN_FORCE, FROM_KIT = ".in-force", ".from-kit"
SETTLED = 2.0  # seconds after a change in which a second one could leave the same time stamp

Stamp = tuple[int, int, int, int] | None  # None: there is no such file


@dataclass(frozen=True)
class InForce:
    """What holds for a file: its policies, None when there never were good ones, and its fault."""

    name: str
    policies: Policies | None
    problem: PolicyProblem | None


class PolicyFiles:
    """The policies of all realms, as the files in `folder` say at this moment."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._known: dict[str, tuple[tuple[Stamp, Stamp], bool, InForce]] = {}
        self._told: dict[str, str] = {}
        self._lock = threading.Lock()
        self._paths: dict[str, tuple[str, str]] = {}  # of the file and of its last good text

    def seed(self) -> None:
        """Put the kit's files there. One that the user changed stays as it is."""
        for folder in (self.folder, self.folder / IN_FORCE, self.folder / FROM_KIT):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for original in (*sorted(KIT_POLICIES.glob("*.cedar")), KIT_POLICIES / "README.md"):
            ours = original.read_bytes()
            theirs, copy = self.folder / original.name, self.folder / FROM_KIT / original.name
            untouched = not theirs.is_symlink() and _content(theirs) == _content(copy)
            if untouched or not os.path.lexists(theirs):
                _replace(theirs, ours)
            if _content(theirs) == ours:
                _replace(copy, ours)

    def in_force(self, name: str) -> InForce:
        """What holds for the file `name` now."""
        stamps = self._stamps(name)
        known = self._known.get(name)
        if known is not None and known[0] == stamps and known[1]:
            return known[2]
        with self._lock:
            found = self._read(name)
            self._known[name] = (stamps, _are_settled(stamps), found)  # as they were before it
        return found

    def edited(self, name: str) -> bool:
        """Whether the user's file differs from what the kit put there."""
        return _content(self.folder / name) != _content(self.folder / FROM_KIT / name)

    def _stamps(self, name: str) -> tuple[Stamp, Stamp]:
        paths = self._paths.get(name)
        if paths is None:
            paths = str(self.folder / name), str(self.folder / IN_FORCE / name)
            self._paths[name] = paths
        return _stamp(paths[0]), _stamp(paths[1])

    def _read(self, name: str) -> InForce:
        """The file if it is good, and then it is the last good one; else the last good one."""
        last_good = self.folder / IN_FORCE / name
        try:
            text = _text(self.folder / name)
            policies = _accepted(text)
        except PolicyProblem as problem:
            return InForce(name, self._fall_back(name, problem), problem)
        if _content(last_good) != text.encode():
            try:
                _replace(last_good, text.encode())
            except OSError as problem:
                log.error("%s can't be kept: %s", last_good, problem.strerror)
            log.info("%s is in force, version %s", name, policies.version)
        self._told.pop(name, None)
        return InForce(name, policies, None)

    def _fall_back(self, name: str, problem: PolicyProblem) -> Policies | None:
        try:
            policies = _accepted(_text(self.folder / IN_FORCE / name))
        except PolicyProblem:
            policies = None
        if self._told.get(name) != str(problem):  # once for each fault, not at each request
            self._told[name] = str(problem)
            rest = "the last good text stays in force" if policies else "it permits nothing at all"
            log.error("%s; %s", where(self.folder / name, problem), rest)
        return policies


def where(path: Path | str, problem: PolicyProblem) -> str:
    """A fault with its place, as editors and compilers write it: FILE:LINE: what is wrong."""
    return f"{path}:{problem.line}: {problem.text}" if problem.line else f"{path}: {problem.text}"


def _accepted(text: str) -> Policies:
    found = compiled(text)
    if isinstance(found, PolicyProblem):
        raise found
    return found


def _text(path: Path) -> str:
    """The text of a policy file. Raises PolicyProblem for whatever is none."""
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise PolicyProblem(0, "this is not a file")
            raw = file.read(4 * MAX_TEXT + 1)
    except FileNotFoundError:
        raise PolicyProblem(0, "the file is gone; a new start brings the kit's own") from None
    except OSError as problem:
        raise PolicyProblem(0, f"the file can't be read ({problem.strerror})") from None
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as problem:
        line = raw.count(b"\n", 0, problem.start) + 1
        raise PolicyProblem(line, "a policy file is UTF-8 text") from None
    return text.removeprefix("\ufeff").replace("\r\n", "\n")


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)  # a pipe must not hold us up


def _stamp(path: str) -> Stamp:
    try:
        found = os.stat(path)  # noqa: PTH116  (a Path costs more than the call; this is hot)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino


def _are_settled(stamps: tuple[Stamp, Stamp]) -> bool:
    """Whether any later change of the files must leave another stamp."""
    now = time.time()
    return all(one is not None and abs(now - one[1] / 1e9) > SETTLED for one in stamps)


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes() if path.is_file() else None
    except OSError:
        return None


def _replace(path: Path, content: bytes) -> None:
    """Write `path` at once and as a whole; nothing is touched that says the same already."""
    if _content(path) == content:
        return
    fresh = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        with fresh.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            fresh.unlink()
