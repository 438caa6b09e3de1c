"""Never loses, never doubles, in its full form: `python -m benchmarks.kills --kills 50`.

Kills a service of its own at random moments under load, holds it to all that it acknowledged, and
prints the tally; the exit code is 1 if a promise was broken. The driver is the test's. PostgreSQL
can be chosen where tests are offered one, see tests/support/databases.py.
"""

from __future__ import annotations

import argparse
import random
import sqlite3
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.harness import machine
from tests.support.databases import KINDS
from tests.support.kills.run import Killings
from tests.support.running_mock import Mock


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--database", choices=KINDS, default=KINDS[0])
    options = parser.parse_args()
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        mock = Mock(Path(folder) / "mock", database=options.database)
        try:
            tally = Killings(mock, options.seed).run(options.kills)
        finally:
            mock.database.drop()
    where = machine("dialtone-kit", "uvicorn", "sqlalchemy")
    print(f"{datetime.now(UTC):%Y-%m-%d}, {time.monotonic() - begin:.0f} s on {where}, ", end="")
    lite = f"SQLite {sqlite3.sqlite_version}"
    print(f"{lite if options.database == 'sqlite' else 'PostgreSQL'}.", tally, sep="\n\n")
    return bool(tally.violations)


if __name__ == "__main__":
    sys.exit(main())
