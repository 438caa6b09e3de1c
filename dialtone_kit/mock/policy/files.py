"""The policy files in the user's folder: re-read when they change, with a good version kept.

Every decision looks at the file (two `stat` calls), so an edit is in force for the next request in
every worker. The last good version is kept in `.in-force/`: a broken edit changes nothing, and all
workers, even one that starts later, fall back on the same policies.
"""

from __future__ import annotations

import contextlib
import os
import stat
import threading
from dataclasses import dataclass
from pathlib import Path

from dialtone_kit.base import platform
from dialtone_kit.base.private_files import explained
from dialtone_kit.mock.core import clock
from dialtone_kit.mock.core.refusal import log
from dialtone_kit.mock.policy.cedar_text import (
    KIT_POLICIES,
    MAX_TEXT,
    Policies,
    PolicyProblem,
    compiled,
)

IN_FORCE, FROM_KIT = ".in-force", ".from-kit"
SETTLED = 2.0  # seconds after a change during which another could leave the same time stamp

Stamp = tuple[int, int, int, int] | None  # None: there is no such file


@dataclass(frozen=True)
class InForce:
    """A file's state: its policies (None if it never had good ones), and its problem, if any."""

    name: str
    policies: Policies | None
    problem: PolicyProblem | None


class PolicyFiles:
    """The policies of all realms, as the files in `folder` are at this moment."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._known: dict[str, tuple[tuple[Stamp, Stamp], bool, InForce]] = {}
        self._reported: dict[str, str] = {}
        self._lock = threading.Lock()
        self._paths: dict[str, tuple[str, str]] = {}  # of the file and of its last good version

    def seed(self) -> None:
        """Copy the kit's files into the folder, except over one that the user changed.

        Raises DialtoneError, or OSError with the path, when they can't be written.
        """
        for folder in (self.folder, self.folder / IN_FORCE, self.folder / FROM_KIT):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for original in (*sorted(KIT_POLICIES.glob("*.cedar")), KIT_POLICIES / "README.md"):
            ours = original.read_bytes()
            theirs, copy = self.folder / original.name, self.folder / FROM_KIT / original.name
            untouched = not theirs.is_symlink() and _content(theirs) == _content(copy)
            if untouched or not os.path.lexists(theirs):
                with explained(theirs):
                    _replace(theirs, ours)
            if _content(theirs) == ours:
                with explained(copy):
                    _replace(copy, ours)

    def in_force(self, name: str) -> InForce:
        """What is in force for the file `name` now."""
        stamps = self._stamps(name)
        known = self._known.get(name)
        if known is not None and known[0] == stamps and known[1]:
            return known[2]
        with self._lock:
            fresh = self._read(name)
            self._known[name] = (stamps, _are_settled(stamps), fresh)  # stamps from before reading
        return fresh

    def edited(self, name: str) -> bool:
        """Whether the user's file differs from the one that the kit copied."""
        return _content(self.folder / name) != _content(self.folder / FROM_KIT / name)

    def _stamps(self, name: str) -> tuple[Stamp, Stamp]:
        paths = self._paths.get(name)
        if paths is None:
            paths = str(self.folder / name), str(self.folder / IN_FORCE / name)
            self._paths[name] = paths
        return _stamp(paths[0]), _stamp(paths[1])

    def _read(self, name: str) -> InForce:
        """The file's policies, kept as the last good version; if it is broken, that version."""
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
                log.error("%s can't be written: %s", last_good, problem.strerror)
            log.info("%s is in force, version %s", name, policies.version)
        self._reported.pop(name, None)
        return InForce(name, policies, None)

    def _fall_back(self, name: str, problem: PolicyProblem) -> Policies | None:
        try:
            policies = _accepted(_text(self.folder / IN_FORCE / name))
        except PolicyProblem:
            policies = None
        if self._reported.get(name) != str(problem):  # once per problem, not at each request
            self._reported[name] = str(problem)
            rest = (
                "the last good version stays in force" if policies else "it permits nothing at all"
            )
            log.error("%s; %s", where(self.folder / name, problem), rest)
        return policies


def where(path: Path | str, problem: PolicyProblem) -> str:
    """A problem with its place, as compilers report it: FILE:LINE: what is wrong."""
    return f"{path}:{problem.line}: {problem.text}" if problem.line else f"{path}: {problem.text}"


def _accepted(text: str) -> Policies:
    policies = compiled(text)
    if isinstance(policies, PolicyProblem):
        raise policies
    return policies


def _text(path: Path) -> str:
    """The source in a policy file. Raises PolicyProblem for anything else."""
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise PolicyProblem(0, "this is not a file")
            raw = file.read(4 * MAX_TEXT + 1)
    except FileNotFoundError:
        raise PolicyProblem(
            0, "the file is missing; restart the service to get the kit's own"
        ) from None
    except OSError as problem:
        raise PolicyProblem(0, f"the file can't be read ({problem.strerror})") from None
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as problem:
        line = raw.count(b"\n", 0, problem.start) + 1
        raise PolicyProblem(line, "a policy file is UTF-8 text") from None
    return text.removeprefix("\ufeff").replace("\r\n", "\n")


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | platform.WITHOUT_WAITING)  # don't block on a named pipe


def _stamp(path: str) -> Stamp:
    try:
        status = os.stat(path)  # noqa: PTH116  (runs at each request; a Path costs more)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino


def _are_settled(stamps: tuple[Stamp, Stamp]) -> bool:
    """Whether any later change of the files is certain to leave another stamp."""
    now = clock.machine_now()
    return all(one is not None and abs(now - one[1] / 1e9) > SETTLED for one in stamps)


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes() if path.is_file() else None
    except OSError:
        return None


def _replace(path: Path, content: bytes) -> None:
    """Replace `path` atomically. A file that already has this content is left alone."""
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
