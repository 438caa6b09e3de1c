"""What only some systems have, and tests that need it."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

import pytest

needs_proc = pytest.mark.skipif(
    not Path("/proc/self/environ").exists(), reason="it looks at processes through /proc"
)
needs_root = pytest.mark.skipif(
    getattr(os, "geteuid", lambda: None)() != 0, reason="NOT RUN: it acts as other users: root"
)
# What takes something away from the kit that Windows lacks already.
needs_another_system = pytest.mark.skipif(
    sys.platform == "win32", reason="there, Windows itself does it"
)


def looked_into(pid: int) -> tuple[bytes, list[str]]:
    """What another program of the same user can see of a process: command line and environment, and
    the names of its open files.
    """
    process = Path(f"/proc/{pid}")
    seen = b"".join((process / name).read_bytes() for name in ("cmdline", "environ"))
    files = []
    for one in (process / "fd").iterdir():
        with suppress(FileNotFoundError):  # closed since it was listed
            files.append(str(one.readlink()))
    return seen, files
