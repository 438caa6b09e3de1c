"""The log: to stderr, from every process of the service, without secrets and bounded in size.

A line that comes again within a minute is counted instead of repeated. Where stderr is the log file
of the state folder, a full file replaces `mock.log.1`.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from dialtone_kit.base import platform
from dialtone_kit.base.masking import mask_text
from dialtone_kit.base.private_files import open_private

LOG = "mock.log"
FULL = 1_000_000  # bytes
AGAIN = 60.0  # seconds in which the same line is only counted
DISTINCT = 200  # different lines that are remembered at a time


class Masked(logging.Formatter):
    """Masks the secrets in log lines and tracebacks."""

    def format(self, record: logging.LogRecord) -> str:
        return mask_text(super().format(record))


@dataclass
class Repeated:
    """A line that was written, and how often it came since."""

    record: logging.LogRecord
    written_at: float
    more: int = 0


class BoundedHandler(logging.StreamHandler):  # type: ignore[type-arg]
    """Writes to stderr. `file` is the log file, if that is where stderr leads."""

    def __init__(self, file: Path | None, full: int = FULL, again: float = AGAIN) -> None:
        super().__init__(sys.stderr)
        self._file = file if file is not None and _is_stderr(file) else None
        self._full, self._again = full, again
        self._lines: dict[str, Repeated] = {}

    def emit(self, record: logging.LogRecord) -> None:
        now, line = time.monotonic(), _content(record)
        self._tell_counts(now - self._again)
        known = self._lines.get(line)
        if known is not None:
            known.more += 1
            return
        if len(self._lines) >= DISTINCT:
            self._tell_counts(now)
        self._lines[line] = Repeated(record, now)
        self._write(record)

    def close(self) -> None:
        """Write the counts that are still open."""
        self._tell_counts(time.monotonic())
        super().close()

    def _tell_counts(self, before: float) -> None:
        """Forget the lines written by `before`, and say how often they came again."""
        old = [line for line, known in self._lines.items() if known.written_at <= before]
        for line in old:
            known = self._lines.pop(line)
            if known.more:
                self._write(_count_of(known))

    def _write(self, record: logging.LogRecord) -> None:
        super().emit(record)
        if self._file is not None:
            with contextlib.suppress(OSError):  # a full disk must not stop the service
                _rotate(self._file, self._full)


def log_to_stderr(folder: Path | None = None) -> None:
    """Send all logging of this process to stderr, masked; `folder` is the state folder."""
    handler = BoundedHandler(None if folder is None else folder / LOG)
    handler.setFormatter(Masked("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it logs every step and plug-in


def _content(record: logging.LogRecord) -> str:
    """The line without its time. Of a traceback, the kind of error is enough."""
    kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
    return f"{record.levelno} {record.name} {kind} {record.getMessage()}"


def _count_of(known: Repeated) -> logging.LogRecord:
    old = known.record
    times = "once more" if known.more == 1 else f"{known.more} more times"
    message = f"{old.getMessage()} ({times})"
    return logging.LogRecord(old.name, old.levelno, old.pathname, old.lineno, message, None, None)


def _is_stderr(file: Path) -> bool:
    """Whether our stderr is that file, opened for appending: only then can it be emptied."""
    try:
        number = sys.stderr.fileno()
        return platform.is_appending(number) and os.path.samestat(os.fstat(number), file.stat())
    except (OSError, ValueError):
        return False


def _rotate(file: Path, full: int) -> None:
    """Copy a full log away and empty it. It can't be renamed: every process has it open."""
    if os.fstat(sys.stderr.fileno()).st_size < full:
        return
    with file.open("rb") as source, os.fdopen(open_private(Path(f"{file}.1")), "wb") as target:
        target.truncate(0)
        shutil.copyfileobj(source, target)
    os.ftruncate(sys.stderr.fileno(), 0)
    os.lseek(sys.stderr.fileno(), 0, os.SEEK_SET)  # Windows writes where the last write ended
