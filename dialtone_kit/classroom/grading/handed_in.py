"""The notebooks that were handed in: from files, folders and zip archives, as a class sends them.

Nothing is unpacked to disk. Whatever isn't read is reported with the reason.
"""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from dialtone_kit.base.masking import visible
from dialtone_kit.base.private_files import is_irregular, read_regular
from dialtone_kit.base.reason import sentence

LARGEST = 32 << 20  # bytes of a notebook, with its outputs
LARGEST_ARCHIVE = 1 << 30
MOST_UNPACKED = 2 << 30  # bytes of all notebooks in one archive
MOST = 20_000  # files
_NOT_SENT = {"__MACOSX", ".ipynb_checkpoints"}


@dataclass(frozen=True)
class HandedIn:
    """A notebook; `name` is its path below what the trainer named."""

    name: str
    content: bytes


@dataclass
class Pile:
    """What became of the files; `told` has a line for each one that isn't graded."""

    told: list[str] = field(default_factory=list)
    notebooks: int = 0
    others: int = 0  # files of other kinds

    def tell(self, name: str, why: str) -> None:
        """One line about the file `name`."""
        self.told.append(f"{visible(name, keep='')[-200:]}: {why}")


def gather(paths: Sequence[Path], pile: Pile) -> Iterator[HandedIn]:
    """The notebooks in `paths`, one at a time: together they may be large."""
    for path in paths:
        for file in _files(path, pile):
            name = str(file.relative_to(path.parent))
            if pile.notebooks + pile.others >= MOST:
                pile.tell(name, f"More than {MOST} files: this one and the rest are left out.")
                return
            for one in _taken(file, name, pile):
                pile.notebooks += 1
                yield one


def _files(path: Path, pile: Pile) -> Iterator[Path]:
    """The regular files at or below `path`; links are not followed."""
    if path.is_symlink() or not path.exists():
        pile.tell(
            str(path), "A link is not followed." if path.is_symlink() else "There is no such file."
        )
        return
    if not path.is_dir():
        yield path
        return
    try:
        inside = sorted(path.iterdir())
    except OSError as problem:
        pile.tell(str(path), _cannot_be_read(problem.strerror))
        return
    for one in inside:
        if one.name not in _NOT_SENT and not one.name.startswith("."):
            yield from _files(one, pile)


def _taken(file: Path, name: str, pile: Pile) -> Iterator[HandedIn]:
    kind = file.suffix.lower()
    if kind not in (".ipynb", ".zip"):
        pile.others += 1
        return
    try:
        if is_irregular(file):  # a pipe would never end
            pile.tell(name, _cannot_be_read("it is not a regular file"))
        elif file.stat().st_size > (LARGEST if kind == ".ipynb" else LARGEST_ARCHIVE):
            pile.tell(name, "It is too large.")
        elif kind == ".ipynb":
            yield HandedIn(name, read_regular(file))
        else:
            yield from _unpacked(file, name, pile)
    except OSError as problem:
        pile.tell(name, _cannot_be_read(problem.strerror))


def _cannot_be_read(why: str | None) -> str:
    return sentence(f"It can't be read: {why}")


def _unpacked(file: Path, name: str, pile: Pile) -> Iterator[HandedIn]:
    try:
        with zipfile.ZipFile(file) as archive:
            entries = [one for one in archive.infolist() if not one.is_dir()]
            if len(entries) > MOST:
                pile.tell(name, f"It holds more than {MOST} files.")
                return
            left = MOST_UNPACKED
            for entry in entries:
                one, most = f"{name}/{entry.filename}", min(LARGEST, left)
                content = _content(archive, entry, one, pile, most)
                left -= len(content)
                if len(content) > most:
                    pile.tell(one, "Unpacked, it is too large.")
                elif content:
                    yield HandedIn(one, content)
    except Exception:  # whatever a file that was made for it has zipfile raise
        pile.tell(name, "This isn't a zip archive, or it is damaged.")


def _content(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str, pile: Pile, most: int
) -> bytes:
    """A notebook in an archive, at most one byte more than `most` of it; empty if it isn't one."""
    parts = PurePosixPath(entry.filename.replace("\\", "/")).parts or ("",)
    if _NOT_SENT & set(parts) or parts[-1].startswith("."):
        return b""
    if why := _refused(entry, parts):
        pile.tell(name, why)
        return b""
    if not parts[-1].lower().endswith(".ipynb"):
        pile.others += 1
        return b""
    try:
        with archive.open(entry) as packed:
            return packed.read(most + 1)
    except Exception:  # each compression has errors of its own
        pile.tell(name, "It is damaged in the archive.")
        return b""


def _refused(entry: zipfile.ZipInfo, parts: Sequence[str]) -> str:
    """Why an entry is not even opened, or ""."""
    if ".." in parts or parts[0] == "/" or parts[0].endswith(":"):
        return "Its name leads out of the archive."
    if stat.S_ISLNK(entry.external_attr >> 16):
        return "It is a link, which is not followed."
    if entry.flag_bits & 1:
        return "It is encrypted. Ask for one without a password."
    if parts[-1].lower().endswith(".zip"):
        return "An archive in an archive is not opened. Unpack it first."
    return ""
