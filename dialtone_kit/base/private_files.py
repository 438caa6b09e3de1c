"""Files that only you may read: the one place in the kit that writes them.

A file has mode 0600 in a folder of 0700, appears whole or not at all, and is trusted only while
nobody else could have touched it. Every step after the first goes through the descriptor of a
folder that was checked, never again through its path: a folder or link swapped in between
changes nothing. On Windows, the user's profile takes the place of owner and mode: platform/windows.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from dialtone_kit.base import platform
from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.reason import cause, sentence

MAX_BYTES = 4 * 1024 * 1024
_NOT_HERE = {errno.EACCES, errno.EPERM, errno.EROFS}
_ELSEWHERE = " Set DIALTONE_CONFIG_DIR and DIALTONE_STATE_DIR to folders of your own."
_FULL = {errno.ENOSPC, errno.EDQUOT}
_NO_FOLDER = {errno.EEXIST, errno.ENOTDIR}
_NOT_THAT = _NO_FOLDER | {errno.EINVAL, errno.EISDIR, errno.ELOOP, errno.ENOTEMPTY, errno.ENXIO}
_KINDS = {
    stat.S_IFREG: "a file",
    stat.S_IFDIR: "a folder",
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
}


@dataclass(frozen=True)
class PrivateFolder:
    """A folder of private files. `inside` is a folder around it that must be safe too.

    `forbidden` are the mode bits that make the folder unsafe, `error` is what its problems are
    raised as, and `max_bytes` limits what is read.
    """

    path: Path
    inside: PrivateFolder | None = None
    forbidden: int = 0o077
    error: type[DialtoneError] = DialtoneError
    max_bytes: int = MAX_BYTES

    def write(self, name: str, data: bytes | str, *, overwrite: bool = True) -> Path:
        """Put `data` into the file `name`: all of it or none.

        Raises FileExistsError when there is such a file and `overwrite` is False.
        """
        path, temporary = self.path / name, f".{name}.{secrets.token_hex(8)}"
        with self._explained(path):
            self._require_protected()
            _make(self.path)
            with self._opened() as folder:
                try:
                    _create(folder, temporary, data.encode() if isinstance(data, str) else data)
                    self._publish(folder, temporary, path, overwrite)
                finally:
                    with suppress(FileNotFoundError):
                        folder.remove(temporary)
                    folder.sync()
        return path

    def read(self, name: str, *, forbidden: int = 0o077) -> bytes:
        """The content of the file `name`. Raises FileNotFoundError when there is none."""
        path = self.path / name
        with self._explained(path), self._opened() as folder:
            self._refuse_link(name, path, folder)
            with os.fdopen(folder.open_file(name, platform.READ), "rb") as file:
                status = os.fstat(file.fileno())
                _require_regular(file.fileno())
                self._check(status, path, forbidden, mode="600")
                data = file.read(self.max_bytes + 1)
        if len(data) > self.max_bytes:
            raise self.error(f"{shown(path)} is larger than {self.max_bytes} bytes: not ours.")
        return data

    def names(self) -> list[str]:
        """The names of what is in the folder, sorted; none when there is no folder."""
        try:
            with self._explained(self.path), self._opened() as folder:
                return sorted(folder.names())
        except FileNotFoundError:
            return []

    def remove(self, name: str) -> bool:
        """Delete the file `name` and what a killed write left of it. True if there was one."""
        try:
            with self._explained(self.path / name), self._opened() as folder:
                ours = [n for n in folder.names() if n == name or n.startswith(f".{name}.")]
                for one in ours:
                    folder.remove(one)
                folder.sync()
        except FileNotFoundError:
            return False
        return name in ours

    @contextmanager
    def _opened(self) -> Iterator[platform.Folder]:
        """This folder: real, ours, closed to others."""
        with ExitStack() as opened:
            outer = opened.enter_context(self.inside._opened()) if self.inside else None
            folder = self._enter(outer)
            opened.callback(folder.close)
            yield folder

    def _enter(self, outer: platform.Folder | None) -> platform.Folder:
        self._require_protected()
        self._refuse_link(self.path.name, self.path, outer)
        folder = platform.Folder.open(self.path, outer)
        try:
            self._check(folder.status(), self.path, self.forbidden, mode="700")
        except DialtoneError:
            folder.close()
            raise
        return folder

    def _require_protected(self) -> None:
        why = platform.unprotected(self.path)
        if why:
            raise self.error(f"{shown(self.path)} is {why}. Choose a folder inside it.")

    def _publish(
        self, folder: platform.Folder, temporary: str, path: Path, overwrite: bool
    ) -> None:
        """Name the finished file in one step, so that a reader finds the old one or the new."""
        if not overwrite:
            folder.add(temporary, path.name)
            return
        self._refuse_link(path.name, path, folder)
        folder.replace(temporary, path.name)

    def _check(self, status: os.stat_result, path: Path, forbidden: int, *, mode: str) -> None:
        if status.st_uid != platform.user_id():
            raise self.error(
                f"{shown(path)} belongs to another user (uid {status.st_uid}): it is not trusted. "
                "Remove it, or ask who put it there."
            )
        if platform.open_to_others(status, forbidden):
            raise self.error(
                f"{shown(path)} is open to others (mode {stat.S_IMODE(status.st_mode):04o}). If "
                f"nobody else used it: chmod {mode} {shown(path)} . Otherwise register again. [M18]"
            )

    def _refuse_link(self, name: str, path: Path, folder: platform.Folder | None) -> None:
        """A link could lead a secret out of our folder, or someone else's file into it."""
        with suppress(FileNotFoundError):
            status = path.lstat() if folder is None else folder.look(name)
            if stat.S_ISLNK(status.st_mode):
                raise self.error(
                    f"{shown(path)} is a symbolic link, which is not followed. Put a real one in "
                    "its place."
                )

    def _explained(self, path: Path) -> AbstractContextManager[None]:
        return explained(path, self.error)


@contextmanager
def explained(path: Path, error: type[DialtoneError] = DialtoneError) -> Iterator[None]:
    """The operating system's errors in one line; "no such file" and "exists" pass as such."""
    try:
        yield
    except (FileNotFoundError, FileExistsError):
        raise
    except OSError as problem:
        raise error(trouble(path, problem)) from None


def trouble(path: Path, problem: OSError) -> str:
    """What went wrong with `path` and what to do, in one line."""
    kind = _kind(path)
    if problem.errno in _NOT_THAT and kind:
        wanted = "a folder" if problem.errno in _NO_FOLDER else "a regular file"
        return f"{shown(path)} is {kind}, not {wanted}. Move it away and try again."
    if problem.errno in _FULL:
        return f"{shown(path)}: {problem.strerror}. Free some space and try again."
    hint = _ELSEWHERE if problem.errno in _NOT_HERE else ""
    return sentence(f"{shown(path)}: {cause(problem)}") + hint


def home() -> Path:
    """Your home folder. Raises DialtoneError when there is none, as for a container's odd user."""
    with suppress(RuntimeError):
        if os.environ.get("HOME") != "":  # then it would be the root of the file system
            return Path.home()
    raise DialtoneError(
        "There is no home folder: HOME is empty, or not set for a user who has no entry in the "
        f"system's list.{_ELSEWHERE}"
    )


def private_dir(path: Path) -> Path:
    """`path` as a folder of your own with mode 0700: made if missing, closed if open to others.

    Raises DialtoneError for a link, someone else's folder, or one shared on purpose (sticky, as
    /tmp is).
    """
    if why := platform.unprotected(path):
        raise DialtoneError(_unusable(path, f"it is {why}"))
    try:
        _make(path)
        status = path.lstat()
    except OSError as failed:
        raise DialtoneError(_unusable(path, failed.strerror or "not possible")) from None
    shared = status.st_mode & stat.S_ISVTX or status.st_uid != platform.user_id()
    if shared or not stat.S_ISDIR(status.st_mode):
        raise DialtoneError(_unusable(path, "it is not a folder of your own"))
    if platform.open_to_others(status):
        path.chmod(0o700)
    return path


def read_regular(path: Path) -> bytes:
    """The content of the file at `path`. OSError for a link, a folder or a pipe."""
    descriptor = os.open(path, platform.READ)
    with os.fdopen(descriptor, "rb") as file:
        _require_regular(descriptor)
        return file.read()


def open_private(path: Path, flags: int = 0) -> int:
    """A descriptor for writing to `path`, made with mode 0600 if missing; no link is followed.

    For files that a library or another process fills; `flags` are more of os.open's. OSError for
    a folder or a pipe, which would keep its writer waiting.
    """
    descriptor = os.open(path, platform.OPEN_OR_CREATE | flags, 0o600)
    try:
        _require_regular(descriptor)
        platform.set_mode(descriptor, 0o600)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def is_irregular(path: Path) -> bool:
    """Whether something is at `path`, but no regular file: a link, a folder, a pipe."""
    with suppress(OSError):
        return not stat.S_ISREG(path.lstat().st_mode)
    return False


def _kind(path: Path) -> str:
    """What is at `path`, as a message names it; "" for nothing."""
    with suppress(OSError):
        return _KINDS.get(stat.S_IFMT(path.lstat().st_mode), "a device")
    return ""


def shown(path: Path) -> str:
    """`path` as a message may show it: without the name of anyone's home."""
    named = os.environ.get("DIALTONE_CONFIG_DIR")
    if named and path.is_relative_to(named):
        return str(Path("$DIALTONE_CONFIG_DIR") / path.relative_to(named))
    with suppress(RuntimeError):  # no home at all
        if path.is_relative_to(Path.home()):
            return str(Path("~") / path.relative_to(Path.home()))
    return str(path)


def _require_regular(descriptor: int) -> None:
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        raise OSError(errno.EINVAL, "it is not a regular file")


def _unusable(path: Path, why: str) -> str:
    return f"{shown(path)} can't be used as a folder ({why}). Set DIALTONE_STATE_DIR to another."


def _create(folder: platform.Folder, name: str, data: bytes) -> None:
    """A new file that nobody else can read at any moment, on the disk before this returns."""
    with os.fdopen(folder.open_file(name, platform.CREATE), "wb") as file:
        platform.set_mode(file.fileno(), 0o600)  # a umask may have taken our own bits away
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _make(folder: Path) -> None:
    """`folder` and what is missing above it, each with mode 0700."""
    if not folder.parent.is_dir():
        _make(folder.parent)
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        return
    folder.chmod(0o700)  # a umask may have taken our own bits away
