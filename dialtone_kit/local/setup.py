"""How the local service was set up when it last ran: with which workers and on which database.

The service itself writes `setup.json`, so that it restarts the same way, whoever starts it: another
store under the same issuer would know none of its clients.
"""

from __future__ import annotations

import errno
import json
import os
from dataclasses import dataclass
from pathlib import Path

from dialtone_kit.base.errors import DialtoneError, ServiceUnreachable
from dialtone_kit.base.masking import without_password
from dialtone_kit.base.private_files import PrivateFolder, is_irregular, trouble

FILE = "setup.json"
DATABASE = "DIALTONE_DATABASE_URL"  # in the environment, `ps` shows its password to nobody else
SQLITE = "SQLite"


@dataclass(frozen=True)
class Setup:
    """`database` is its name without a password; `url` is None for SQLite or with a password."""

    workers: int = 1
    database: str = SQLITE
    url: str | None = None

    @property
    def command(self) -> str:
        """What starts the service with this setup, once its user has filled in the login."""
        many = f" --workers {self.workers}" if self.workers > 1 else ""
        url = self.database.replace("://", "://USER:PASSWORD@", 1)
        return f"{DATABASE}={url} dialtone serve{many}"


def read_setup(folder: Path) -> Setup | None:
    """The setup of the last time, None when the service has never run here.

    Raises ServiceUnreachable when it can't be known.
    """
    if is_irregular(folder / FILE):
        raise ServiceUnreachable(trouble(folder / FILE, OSError(errno.EINVAL, "")))
    try:
        members = json.loads(PrivateFolder(folder).read(FILE))
        return Setup(int(members["workers"]), str(members["database"]), members["url"])
    except FileNotFoundError:
        return Setup() if (folder / "mock.sqlite3").exists() else None
    except (DialtoneError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        raise ServiceUnreachable(
            f"{FILE} in the state folder is damaged, and it is what says where the local service "
            "keeps its state. Start it as you did before: `dialtone serve`, with its --database."
        ) from None


def setup_to_revive(folder: Path) -> Setup:
    """The setup with which a lesson may start the service; `url` is complete.

    Raises ServiceUnreachable, with the command that starts it, when only a person can.
    """
    url = os.environ.get(DATABASE) or None
    asked = without_password(url) if url else None
    noted = read_setup(folder)
    if noted is None:
        return Setup(database=asked or SQLITE, url=url)
    if asked == noted.database:
        return Setup(noted.workers, noted.database, url)
    if asked is not None:
        raise ServiceUnreachable(
            f"The local service keeps its state in {noted.database}, but {DATABASE} names "
            f"{asked}. Unset it; or move there on purpose, and register again: `dialtone serve`."
        )
    if noted.database != SQLITE and noted.url is None:
        raise ServiceUnreachable(
            f"The local service keeps its state in {noted.database}, and the login is not stored. "
            f"Start it with the login filled in: `{noted.command}`."
        )
    return noted


def setup_to_serve(folder: Path, workers: int, url: str | None) -> Setup:
    """The setup for `dialtone serve`: as asked, and on the database of the last time if not."""
    if url == SQLITE.lower():
        return Setup(workers)
    if url:
        return Setup(workers, without_password(url), url)
    noted = setup_to_revive(folder)
    return Setup(workers, noted.database, noted.url)
