"""One process at a time: locks in the state folder, which end with the process that holds them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from filelock import FileLock, Timeout

from dialtone_kit.base.errors import ServiceUnreachable
from dialtone_kit.base.private_files import explained
from dialtone_kit.local.state_folder import state_dir


@contextmanager
def held(name: str, seconds: float, why: str) -> Iterator[None]:
    """Hold the lock `name`. Raises ServiceUnreachable with `why` if that takes over `seconds`."""
    path = state_dir() / name
    lock = FileLock(path, timeout=seconds, mode=0o600)
    with explained(path, ServiceUnreachable):
        try:
            lock.acquire()
        except Timeout:
            raise ServiceUnreachable(why) from None
    try:
        yield
    finally:
        lock.release()
