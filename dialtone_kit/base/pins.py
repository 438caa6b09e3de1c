"""A certificate authority for one origin alone: the service of a class, for its learners.

Whoever runs the class vouches for that service and for nothing else, so its authority counts there
only, and no other counts there. The wire view needs to know it too, for curl.
"""

from __future__ import annotations

from pathlib import Path

from dialtone_kit.base.errors import UnsafeUrl
from dialtone_kit.base.urls import origin

_FILES: dict[str, Path] = {}  # PEM, by origin


def pin(url: str, ca_file: Path) -> None:
    """From here on this process trusts the origin of `url` by the authority in `ca_file` alone."""
    _FILES[origin(url)] = ca_file


def pinned(url: str) -> Path | None:
    """The file of the one authority that counts at `url`; None if the usual ones do."""
    if not _FILES:
        return None
    try:
        return _FILES.get(origin(url))
    except UnsafeUrl:
        return None


def forget() -> None:
    """Forget all pins: for tests."""
    _FILES.clear()
