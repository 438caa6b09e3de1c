"""Files for secrets: 0600 in a folder of 0700, and trusted only while nobody else could touch them.

Every step after the first goes through a descriptor of a folder that was checked, never again
through its path: a folder or a link put there in between changes nothing.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from dialtone_kit.base.errors import CredentialProblem

MAX_BYTES = 64 * 1024
_NO_LINKS_HERE = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}


def config_dir() -> Path:
    """Where credentials live: `~/.config/strongdmid`, or `DIALTONE_CONFIG_DIR` for tests."""
    named = os.environ.get("DIALTONE_CONFIG_DIR")
    return Path(named) if named else Path.home() / ".config" / "strongdmid"


def shown(path: Path) -> str:
    """`path` without the name of anybody's home, so that it may stand in a notebook's output."""
    named = os.environ.get("DIALTONE_CONFIG_DIR")
    if named and path.is_relative_to(named):
        return str(Path("$DIALTONE_CONFIG_DIR") / path.relative_to(named))
    home = Path.home()
    return str(Path("~") / path.relative_to(home)) if path.is_relative_to(home) else str(path)


def write(folder: str, name: str, data: bytes, *, overwrite: bool = False) -> Path:
    """Put `data` at `folder/name`: all of it or none, readable by you alone under any umask.

    Raises FileExistsError when something is there already and `overwrite` is False.
    """
    path = config_dir() / folder / name
    with _explained(path):
        _make(path.parent)
        with _opened(folder) as inside:
            temporary = f".{name}.{secrets.token_hex(8)}"
            try:
                _create(inside, temporary, data)
                _publish(inside, temporary, path, overwrite)
            finally:
                with suppress(FileNotFoundError):
                    os.unlink(temporary, dir_fd=inside)
                os.fsync(inside)
    return path


def read(folder: str, name: str) -> bytes:
    """What stands in `folder/name`. Raises FileNotFoundError when there is no such file."""
    path = config_dir() / folder / name
    with _explained(path), _opened(folder) as inside:
        _refuse_link(name, path, inside)
        # Not blocking: a pipe with this name would otherwise hang the kernel.
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        with os.fdopen(os.open(name, flags, dir_fd=inside), "rb") as file:
            _check_file(os.fstat(file.fileno()), path)
            data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise CredentialProblem(f"{shown(path)} is larger than {MAX_BYTES} bytes: not ours.")
    return data


def names(folder: str = "") -> list[str]:
    """What lies in `folder`, in the order of the alphabet; nothing when there is no folder."""
    try:
        with _explained(config_dir() / folder), _opened(folder) as inside:
            return sorted(_listed(inside))
    except FileNotFoundError:
        return []


def remove(folder: str, name: str) -> bool:
    """Take `folder/name` away, with the leftovers of a write that was killed. Was it there?"""
    try:
        with _explained(config_dir() / folder / name), _opened(folder) as inside:
            ours = [n for n in _listed(inside) if n == name or n.startswith(f".{name}.")]
            for one in ours:
                os.unlink(one, dir_fd=inside)
            os.fsync(inside)
    except FileNotFoundError:
        return False
    return name in ours


def _listed(inside: int) -> list[str]:
    with os.scandir(inside) as entries:
        return [entry.name for entry in entries]


def _create(inside: int, name: str, data: bytes) -> None:
    """A new file that nobody else can read at any moment, on the disk before this returns."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(name, flags, 0o600, dir_fd=inside), "wb") as file:
        os.fchmod(file.fileno(), 0o600)  # a umask takes bits away: a file of 0200 can't be read
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _publish(inside: int, temporary: str, path: Path, overwrite: bool) -> None:
    """Give the finished file its name in one step, so that a reader finds the old or the new."""
    if overwrite:
        _refuse_link(path.name, path, inside)
        os.rename(temporary, path.name, src_dir_fd=inside, dst_dir_fd=inside)
        return
    try:
        os.link(temporary, path.name, src_dir_fd=inside, dst_dir_fd=inside)
    except OSError as problem:
        if problem.errno not in _NO_LINKS_HERE:
            raise
        if path.name in _listed(inside):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)) from None
        os.rename(temporary, path.name, src_dir_fd=inside, dst_dir_fd=inside)


@contextmanager
def _opened(folder: str) -> Iterator[int]:
    """A descriptor of `folder` inside the configuration folder: real, ours, closed to others."""
    root = config_dir()
    with ExitStack() as opened:
        # The demo's mkdir leaves the mode of the outer folder to the umask: others may read it.
        inside = _enter(str(root), root, None, forbidden=0o002)
        opened.callback(os.close, inside)
        if folder:
            inside = _enter(folder, root / folder, inside, forbidden=0o077)
            opened.callback(os.close, inside)
        yield inside


def _enter(name: str, path: Path, above: int | None, *, forbidden: int) -> int:
    _refuse_link(name, path, above)
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(name, flags, dir_fd=above)
    try:
        _check(os.fstat(descriptor), path, forbidden=forbidden, mode="700")
    except CredentialProblem:
        os.close(descriptor)
        raise
    return descriptor


def _make(folder: Path) -> None:
    """`folder` and what is missing above it, each of 0700."""
    if not folder.parent.is_dir():
        _make(folder.parent)
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        return
    folder.chmod(0o700)  # a umask may have taken our own bits away


def _check_file(found: os.stat_result, path: Path) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise CredentialProblem(f"{shown(path)} is not a regular file. Remove it.")
    _check(found, path, forbidden=0o077, mode="600")


def _check(found: os.stat_result, path: Path, *, forbidden: int, mode: str) -> None:
    if found.st_uid != os.geteuid():
        raise CredentialProblem(
            f"{shown(path)} belongs to another user (uid {found.st_uid}): it is not trusted. "
            "Remove it, or ask who put it there."
        )
    if found.st_mode & forbidden:
        raise CredentialProblem(
            f"{shown(path)} is open to others (mode {stat.S_IMODE(found.st_mode):04o}). If nobody "
            f"else used it: chmod {mode} {shown(path)} . Else register again. M18"
        )


def _refuse_link(name: str, path: Path, inside: int | None) -> None:
    """A link could lead the secret out of our folder, or somebody else's file into it."""
    with suppress(FileNotFoundError):
        found = os.stat(name, dir_fd=inside, follow_symlinks=False)
        if stat.S_ISLNK(found.st_mode):
            raise CredentialProblem(
                f"{shown(path)} is a symbolic link: not followed. Put a real one in its place."
            )


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Errors of the operating system as one line; "not there" and "there already" pass."""
    try:
        yield
    except (FileNotFoundError, FileExistsError):
        raise
    except OSError as problem:
        raise CredentialProblem(f"{shown(path)}: {problem.strerror}.") from None
