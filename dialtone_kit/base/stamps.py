"""Whether a file has changed since it was read: two stamps are equal while nobody replaced it."""

from __future__ import annotations

from pathlib import Path

Stamp = tuple[int, int, int] | None


def stamp_of(path: Path) -> Stamp:
    """The stamp of the file at `path`, None when it can't be looked at."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
