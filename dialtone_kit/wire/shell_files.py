"""The secrets of a curl line, as shell variables in a private file that the line reads.

The line itself can be shown and saved, and so can the shell's history. The file is readable by you
alone and is removed after minutes, with the lesson, or with the kernel, whichever comes first.
"""

from __future__ import annotations

import atexit
import os
import shlex
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.private_files import PrivateFolder

LIFETIME = 300.0  # seconds


class ShellFiles:
    """The files of this process in `folder`. `lifetime` is in seconds, `now` gives Unix seconds."""

    def __init__(
        self,
        folder: PrivateFolder,
        *,
        lifetime: float = LIFETIME,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._folder, self._lifetime, self._now = folder, lifetime, now
        self._names: set[str] = set()
        self._timer: threading.Timer | None = None

    def write(self, name: str, values: Mapping[str, str]) -> Path:
        """Put `values` into the file `name` of this process; all its files get a new lifetime."""
        lines = [f"{variable}={shlex.quote(value)}\n" for variable, value in values.items()]
        own = f"{name}-{os.getpid()}"
        path = self._folder.write(own, "".join(lines))
        if not self._names:
            atexit.register(self.remove)
        self._names.add(own)
        self._remove_later()
        return path

    def remove(self) -> None:
        """Remove the files of this process."""
        if self._timer is not None:
            self._timer.cancel()
        atexit.unregister(self.remove)
        while self._names:
            with suppress(DialtoneError):  # the whole folder may be gone
                self._folder.remove(self._names.pop())

    def remove_old(self) -> None:
        """Remove what a killed kernel left behind: all that is older than a lifetime."""
        with suppress(DialtoneError):
            for name in self._folder.names():
                with suppress(FileNotFoundError):
                    written = (self._folder.path / name).lstat().st_mtime
                    if self._now() - written > self._lifetime:
                        self._folder.remove(name)

    def _remove_later(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = threading.Timer(self._lifetime, self.remove)
        self._timer.daemon = True
        self._timer.start()
