"""The lessons, copied out of the package into a folder of the learner's own, and kept up to date.

A hidden file in that folder has the hash of each file as it was copied. So an update can tell what
the learner has changed: that stays as it is, and the new version is placed next to it.
"""

from __future__ import annotations

import errno
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path, PurePosixPath

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.private_files import read_regular, shown
from dialtone_kit.base.reason import sentence

FIRST = "00-start-here.ipynb"
LIST = ".dialtone-lessons.json"
MOST = 100  # versions of a file next to it: a folder that can't be read would seem to have all
_UNREADABLE = "unreadable"  # in the place of a hash: never replaced


@dataclass(frozen=True)
class Brought:
    """What an update did: the names of the files in the folder, by what became of them."""

    added: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    beside: list[str] = field(default_factory=list)


def has_lessons(folder: Path) -> bool:
    """Whether the lessons are in `folder`."""
    return (folder / FIRST).is_file()


def strange_file(source: Path, folder: Path) -> str | None:
    """The name of something in `folder` that isn't from the lessons; hidden files don't count.

    None when there is no such folder yet. OSError when there can't be one.
    """
    if not folder.exists():
        if not next(above for above in folder.absolute().parents if above.exists()).is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        return None
    ours = {PurePosixPath(name).parts[0] for name in _names(source)}
    there = sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))
    return next((name for name in there if name not in ours), None)


def has_news(source: Path, folder: Path) -> bool:
    """Whether `source` has something that was never brought to this copy."""
    copied = _read_list(folder)
    return bool(copied) and any(copied.get(name) != _hash(source / name) for name in _names(source))


def bring(source: Path, folder: Path) -> Brought:
    """Copy to `folder` whatever is missing or old there. A changed file is never written over."""
    before, brought = _read_list(folder), Brought()
    copied = dict(before)
    try:
        for name in _names(source):
            new = _hash(source / name) or ""
            place = _place(folder, name, new, copied)
            if place is not None:
                _note(brought, folder, name, place)
                _write(folder / place, (source / name).read_bytes())
                copied[place] = new
            copied[name] = new
        if copied != before:
            _write(folder / LIST, json.dumps(copied, indent=1, sort_keys=True).encode())
    except OSError as failed:
        why = sentence(f"The lessons can't be copied to {shown(folder)}: {failed.strerror}")
        raise DialtoneError(f"{why} Name another folder: dialtone lab FOLDER") from None
    return brought


def _names(source: Path) -> list[str]:
    """The files of the lessons. The first lesson is last: where it is, the copy is whole."""
    paths = [path.relative_to(source) for path in source.rglob("*") if path.is_file()]
    names = [path.as_posix() for path in paths if not any(p.startswith(".") for p in path.parts)]
    return sorted(names, key=lambda name: (name == FIRST, name))


def _place(folder: Path, name: str, new: str, copied: Mapping[str, str]) -> str | None:
    """Where a file with the hash `new` goes; None if it's there, or the learner has had it."""
    have = _hash(folder / name)
    if have in {None, copied.get(name)} - {new}:
        return name
    if new in {have, copied.get(name)}:
        return None
    for beside in _names_beside(name):
        have = _hash(folder / beside)
        if have == new:
            return None
        if have in {None, copied.get(beside)}:
            return beside
    raise FileExistsError(errno.EEXIST, f"there are too many versions of {name}")


def _names_beside(name: str) -> Iterator[str]:
    path = PurePosixPath(name)
    for number in range(1, MOST):
        mark = f".new{number}" if number > 1 else ".new"
        yield str(path.with_name(f"{path.stem}{mark}{path.suffix}"))


def _note(brought: Brought, folder: Path, name: str, place: str) -> None:
    if place != name:
        brought.beside.append(place)
    elif (folder / place).exists():
        brought.replaced.append(place)
    else:
        brought.added.append(place)


def _hash(path: Path) -> str | None:
    try:
        return sha256(read_regular(path)).hexdigest()
    except FileNotFoundError:
        return None
    except OSError:  # a link, a folder, closed to us: someone wanted it so
        return _UNREADABLE


def _read_list(folder: Path) -> dict[str, str]:
    """What was copied, and as what; nothing if that can't be read: then no file is replaced."""
    try:
        listed = json.loads((folder / LIST).read_bytes())
    except (OSError, ValueError):
        return {}
    return listed if isinstance(listed, dict) else {}


def _write(path: Path, data: bytes) -> None:
    """All of it or nothing, with the usual modes: these are no secrets."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        temporary.write_bytes(data)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
