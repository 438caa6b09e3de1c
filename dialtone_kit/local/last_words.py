"""Why a service ended: what it said last, if that was an error, and how its process ended."""

from __future__ import annotations

import re
import signal
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from dialtone_kit.base.masking import mask_text
from dialtone_kit.base.private_files import read_regular, shown

MOMENTS = 5  # looks at the log that count as the last moments
LONGEST = 300  # characters
_ERROR = re.compile(r"(?:dialtone: |[\d-]+ [\d:,]+ (?:ERROR|CRITICAL) \S+: )(.+)")


class LastWords:
    """The log at `path`, of a service that may end: `look()` at it from time to time."""

    def __init__(self, path: Path) -> None:
        self._path, self._sizes = path, deque[int](maxlen=MOMENTS)
        self.look()

    def look(self) -> None:
        """Note how much has been said by now."""
        with suppress(OSError):
            self._sizes.append(self._path.stat().st_size)

    def why(self, exit_code: int) -> str:
        """Why it ended, and where its log is."""
        errors = list(_errors(self._last_moments()))
        said = f" Its last error: {mask_text(errors[-1])[:LONGEST].rstrip('.')}." if errors else ""
        return f"The service ended {_how(exit_code)}.{said} Its log: {shown(self._path)} ."

    def _last_moments(self) -> str:
        try:
            content = read_regular(self._path)
        except OSError:
            return ""
        before = self._sizes[0] if self._sizes else 0
        if before > len(content):  # it was full, and has begun anew
            before = 0
        return content[before:].decode("utf-8", "replace")


def _how(exit_code: int) -> str:
    with suppress(ValueError):
        if exit_code < 0:
            return f"by {signal.Signals(-exit_code).name}"
    return f"with exit code {exit_code}"


def _errors(text: str) -> Iterator[str]:
    """What the lines of errors say, and the last lines of tracebacks."""
    in_traceback = False
    for line in text.splitlines():
        if in_traceback and line.strip() and not line.startswith(" "):
            in_traceback = False
            yield line.strip()
        elif line.startswith("Traceback ("):
            in_traceback = True
        elif found := _ERROR.match(line):
            yield found[1].strip()
