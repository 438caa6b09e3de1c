"""Files to which lines are only ever added: what was written stays, whatever happens next."""

from __future__ import annotations

import os
from pathlib import Path

from dialtone_kit.base import platform
from dialtone_kit.base.private_files import open_private


def append_lines(path: Path, *lines: str) -> None:
    """Add `lines` to the file (0600) and wait for the disk. OSError if not all of them got there.

    What a full disk cut off is removed, and a line that a killed writer cut off is ended first:
    its reader skips it.
    """
    descriptor = open_private(path, os.O_APPEND | platform.WITHOUT_WAITING)
    with os.fdopen(descriptor, "r+b", buffering=0) as file:
        size = os.fstat(descriptor).st_size
        file.seek(max(size - 1, 0))
        ended = file.read(1) in (b"", b"\n")
        data = (("" if ended else "\n") + "".join(f"{line}\n" for line in lines)).encode()
        try:
            if file.write(data) != len(data):
                raise OSError(0, "the disk is full")
            os.fsync(descriptor)
        except OSError:
            os.ftruncate(descriptor, size)
            raise
