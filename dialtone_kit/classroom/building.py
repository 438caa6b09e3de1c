"""A folder to build in, next to what it will become: the last step is a rename, all or nothing."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.private_files import shown
from dialtone_kit.base.reason import cause, sentence


@contextmanager
def folder_next_to(target: Path) -> Iterator[Path]:
    """A private, empty folder next to `target`, gone at the end, and what killed runs left.

    Rename what is built in it. What the system refuses inside is raised as DialtoneError.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(target)
        prefix = f".{target.name}.{os.getpid()}."
        with tempfile.TemporaryDirectory(
            prefix=prefix, dir=target.parent, ignore_cleanup_errors=True
        ) as folder:
            yield Path(folder)
    except OSError as problem:
        raise DialtoneError(sentence(f"{shown(target)} can't be made: {cause(problem)}")) from None


def _remove_abandoned(target: Path) -> None:
    pattern = re.compile(rf"\.{re.escape(target.name)}\.([0-9]{{1,7}})\.\w+")
    for path in target.parent.iterdir():
        match = pattern.fullmatch(path.name)
        if match and not psutil.pid_exists(int(match[1])):
            shutil.rmtree(path, ignore_errors=True)
