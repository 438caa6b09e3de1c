"""One process at a time: locks, which end with the process that holds them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from dialtone_kit.base.errors import DialtoneError, ServiceUnreachable
from dialtone_kit.base.private_files import explained
from dialtone_kit.local.state_folder import state_dir


def held(name: str, seconds: float, why: str) -> AbstractContextManager[None]:
    """Hold the lock `name` of the state folder. Raises ServiceUnreachable, with `why` if busy."""
    return held_at(state_dir() / name, seconds, ServiceUnreachable(why))


@contextmanager
def held_at(path: Path, seconds: float, busy: DialtoneError) -> Iterator[None]:
    """Hold the lock at `path`. Raises `busy` if it isn't free within `seconds`."""
    lock = FileLock(path, timeout=seconds, mode=0o600)
    with explained(path, type(busy)):
        try:
            lock.acquire()
        except Timeout:
            raise busy from None
    try:
        yield
    finally:
        lock.release()
