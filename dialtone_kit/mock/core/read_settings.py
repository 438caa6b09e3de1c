"""Where the settings come from: service.json, the environment, and the command line."""

from __future__ import annotations

import json
import os
import re
import stat
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dialtone_kit.base import platform
from dialtone_kit.base.errors import UnsafeUrl
from dialtone_kit.base.masking import POSTGRES_URL
from dialtone_kit.base.private_files import shown
from dialtone_kit.base.reason import sentence
from dialtone_kit.base.urls import normalize
from dialtone_kit.mock.core.mail_route import MailRoute, mail_route
from dialtone_kit.mock.core.settings import AUDIT_ROWS, LOOPBACK, BadSettings, Settings

# The database URL may hold a password: unlike the command line, `ps` doesn't show the environment.
DATABASE_ENVIRONMENT = "DIALTONE_DATABASE_URL"
ENVIRONMENT = "DIALTONE_MOCK_SETTINGS"  # passes the command line's settings to worker processes


def load(
    state_dir: Path,
    port: int | None = None,
    base_url: str | None = None,
    workers: int = 1,
    database: str | None = None,
    seats: Path | None = None,
) -> Settings:
    """Settings from service.json, the environment and the command line, which takes precedence.

    Raises BadSettings.
    """
    stored = _service_file(state_dir / "service.json")
    chosen = port or stored.get("port") or 8787
    base = base_url or stored.get("base_url") or f"http://127.0.0.1:{chosen}"
    return Settings(
        state_dir=state_dir,
        base_url=_checked_base(base),
        port=int(chosen),
        secret=stored.get("secret") or None,
        workers=workers,
        pid=os.getpid(),
        store_wait=_seconds_from_environment("DIALTONE_STORE_WAIT", 5.0),
        keys_fresh=_seconds_from_environment("DIALTONE_KEYS_FRESH", 60.0),
        patience=_seconds_from_environment("DIALTONE_PATIENCE", 20.0),
        audit_rows=_audit_rows_from_environment(),
        mail=_mail_from_environment(),
        seats=seats,
        database_url=_checked_database(database or os.environ.get(DATABASE_ENVIRONMENT)),
    )


def to_environment(chosen: Settings) -> None:
    """Pass the settings to worker processes, except the secret: they read it from the file."""
    if chosen.database_url is not None:
        os.environ[DATABASE_ENVIRONMENT] = chosen.database_url
    os.environ[ENVIRONMENT] = json.dumps(
        {
            "state_dir": str(chosen.state_dir),
            "base_url": chosen.base_url,
            "port": chosen.port,
            "workers": chosen.workers,
            "pid": chosen.pid,
            "seats": str(chosen.seats) if chosen.seats else None,
        }
    )


def from_environment() -> Settings:
    """Settings in a worker process, from what its parent left in the environment."""
    stored = json.loads(os.environ[ENVIRONMENT])
    seats = Path(stored["seats"]) if stored["seats"] else None
    settings = load(
        Path(stored["state_dir"]),
        stored["port"],
        stored["base_url"],
        int(stored["workers"]),
        seats=seats,
    )
    return Settings(**{**vars(settings), "pid": int(stored["pid"])})


def _service_file(path: Path) -> dict[str, Any]:
    """The content of service.json, which must be private: it holds a secret."""
    try:
        handle = os.open(path, platform.READ)
    except FileNotFoundError:
        return {}
    except OSError as problem:
        raise BadSettings(sentence(f"{shown(path)} can't be read: {problem.strerror}")) from None
    with os.fdopen(handle, encoding="utf-8") as file:
        status = os.fstat(file.fileno())
        private = stat.S_ISREG(status.st_mode) and not platform.open_to_others(status)
        if not private or status.st_uid != platform.user_id():
            raise BadSettings(
                f"{shown(path)} must belong to you alone: chmod 600 it, or remove it."
            )
        try:
            stored = json.load(file)
        except ValueError:
            raise BadSettings(f"{shown(path)} is not JSON: remove it and start again.") from None
    if not isinstance(stored, dict):
        raise BadSettings(f"{shown(path)} is not a JSON object: remove it and start again.")
    return stored


def _checked_base(base: str) -> str:
    """`base`, normalized. Over http it must be on loopback; elsewhere a TLS proxy goes in front."""
    try:
        normal = normalize(base).rstrip("/")
    except UnsafeUrl as problem:
        raise BadSettings(f"The base URL can't be used: {problem}") from None
    parts = urlsplit(normal)
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise BadSettings(
            f"The base URL {normal} would carry secrets in clear text. Put a proxy with TLS in "
            f"front, and name its URL: https://{parts.hostname}"
        )
    return normal


def _checked_database(url: str | None) -> str | None:
    """`url`, if it is for PostgreSQL and the driver is installed. Errors never show it."""
    if not url:
        return None
    try:
        valid = POSTGRES_URL.fullmatch(url) is not None and urlsplit(url).port != 0
    except ValueError:
        valid = False
    if not valid:
        raise BadSettings(
            "Give the database as postgresql://USER@HOST:PORT/DATABASE; in a password, write "
            "@ / ? # as %40 %2F %3F %23."
        )
    if find_spec("psycopg") is None:
        raise BadSettings("PostgreSQL needs its driver: pip install 'psycopg[binary]'")
    return url


def _mail_from_environment() -> MailRoute | None:
    try:
        return mail_route(os.environ.get("DIALTONE_SMTP_URL"), os.environ.get("DIALTONE_MAIL_FROM"))
    except ValueError as problem:
        raise BadSettings(f"DIALTONE_SMTP_URL: {problem}") from None


def _audit_rows_from_environment() -> int:
    name = "DIALTONE_AUDIT_ROWS"
    text = os.environ.get(name, str(AUDIT_ROWS))
    if not re.fullmatch("[1-9][0-9]{0,8}", text):
        raise BadSettings(f"{name} is not a number of events (1 to 999999999).")
    return int(text)


def _seconds_from_environment(name: str, default: float) -> float:
    try:
        return float(os.environ.get(name, default))
    except ValueError:
        raise BadSettings(f"{name} is not a number of seconds.") from None
