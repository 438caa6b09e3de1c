"""A disk that reports "written" too early, for a service that has this folder on PYTHONPATH.

The service uses a copy of its SQLite database, which is written to the real file ten times a
second. While it runs, nothing looks wrong. When it is killed, the last things that it acknowledged
are lost, as if it had responded before the commit.
"""

import sqlite3
import sys
import threading
import time
from pathlib import Path

NAME, LATE = "mock.sqlite3", 0.1  # seconds
_connect = sqlite3.connect
_copies: dict[str, str] = {}


def _lazily(database, *arguments, **options):
    if Path(database).name != NAME:
        return _connect(database, *arguments, **options)
    if database not in _copies:
        copy = Path(database).with_name("lazy.sqlite3")
        for tail in ("", "-wal", "-shm"):
            copy.with_name(copy.name + tail).unlink(missing_ok=True)
        with _connect(database) as real, _connect(copy) as fresh:
            real.backup(fresh)
        _copies[database] = str(copy)
        threading.Thread(target=_write_back, args=(database, copy), daemon=True).start()
    return _connect(_copies[database], *arguments, **options)


def _write_back(database, copy):
    while True:
        time.sleep(LATE)
        with _connect(copy) as fresh, _connect(database) as real:
            fresh.backup(real)


if "dialtone_kit.mock" in " ".join(sys.orig_argv):
    sqlite3.connect = sqlite3.dbapi2.connect = _lazily
