"""What can be set: where the service stands, its realms, and the demo's limits and lifetimes."""

from __future__ import annotations

import json
import os
import re
import stat
import tomllib
from dataclasses import dataclass, field
from importlib.util import find_spec
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from dialtone_kit.base.errors import UnsafeUrl
from dialtone_kit.base.masking import POSTGRES_URL, without_password
from dialtone_kit.base.urls import normalize

if TYPE_CHECKING:
    pass

# The demo's tables, in seconds and pieces.
HOUR = 3600
ENROLLMENT_LIFETIME = HOUR
TOKEN_LIFETIME = HOUR
REQUESTS_PER_EMAIL = 3  # in an hour
REQUESTS_PER_ADDRESS = 10  # in an hour, per IP address
WRONG_CODES = 5  # the fifth one locks
DEVICE_LIFETIME = 15 * 60
DEVICE_INTERVAL = 5  # seconds between two polls; each slow_down adds as many, for good
WRONG_USER_CODES = 20  # in an hour, per IP address: of 32^8 possible ones
DEVICE_MAILS_PER_EMAIL = 5  # in an hour
DEVICE_MAILS = 5  # for one device code
REFRESH_LIFETIME = 30 * 24 * HOUR  # from the person's approval, however often it is renewed
NONCE_PERIOD = 120  # a nonce is good for its own period and for the next one
MAX_BODY = 64 * 1024  # bytes
MAX_HEAD = 64 * 1024  # bytes: names and values of all headers together
PRIVATE_KEPT = 7 * 24 * HOUR  # a private realm that nobody removed

PRIVATE_REALM = re.compile(r"lab-[0-9a-f]{12}")
# How a database is named where `ps` shows it to nobody, and how worker processes learn of it.
DATABASE_ENVIRONMENT = "DIALTONE_DATABASE_URL"
ENVIRONMENT = "DIALTONE_MOCK_SETTINGS"  # how worker processes learn what the command line said


class BadSettings(Exception):
    """The service can't start like this: one line that says why and what to do."""


@dataclass(frozen=True)
class Realm:
    """A realm as a request meets it. `offset`: seconds that its clock is ahead of the machine's.

    A private one is `like` a public one. It may have its own policies instead of that one's file,
    and be `without` one named proof rule: the attack lab's.
    """

    name: str
    description: str
    dpop_required: bool
    nonce_required: bool
    scopes: tuple[str, ...]
    policy_file: str
    like: str = ""
    offset: float = 0.0
    without: str | None = None
    own_policies: str | None = field(default=None, repr=False)

    @property
    def private(self) -> bool:
        """Made while the service runs, for one lesson: only there time moves and things break."""
        return bool(self.like)


@dataclass(frozen=True)
class Settings:
    """What the command line and service.json say. `secret` guards /mock/…; without it: no /mock."""

    state_dir: Path
    base_url: str
    port: int
    secret: str | None = field(default=None, repr=False)
    workers: int = 1
    pid: int = 0
    store_wait: float = 5.0  # seconds to wait for a locked database before answering 503
    keys_fresh: float = 60.0  # seconds that anybody may rely on the key set as they read it
    mail: MailRoute | None = None
    database_url: str | None = field(default=None, repr=False)  # it may hold a password

    @property
    def database(self) -> Path | str:
        """The SQLite file in the state folder, or the URL of a PostgreSQL."""
        return self.database_url or self.state_dir / "mock.sqlite3"

    @property
    def database_name(self) -> str:
        """The same for people: no password in it."""
        if self.database_url is None:
            return str(self.database)
        return without_password(self.database_url)

    @property
    def policies(self) -> Path:
        """The folder of the policy files, which the user may edit at any time."""
        return self.state_dir / "policies"

    def issuer(self, realm: str | None) -> str:
        """The issuer of a realm; of the root when `realm` is None."""
        return self.base_url if realm is None else f"{self.base_url}/realms/{realm}"

    def audiences(self, realm: str) -> tuple[str, ...]:
        """The names under which this service's own resources in a realm may be an audience."""
        issuer = self.issuer(realm)
        return issuer, self.base_url, f"{issuer}/api", f"{issuer}/userinfo"

    @property
    def hosts(self) -> frozenset[str]:
        """The names under which a browser may reach this service (no DNS rebinding)."""
        own = (urlsplit(self.base_url).hostname or "").lower()
        return frozenset({"localhost", "127.0.0.1", "::1", own})

    def to_environment(self) -> None:
        """Leave a note for the worker processes. The secret is not in it: they read the file."""
        if self.database_url is not None:
            os.environ[DATABASE_ENVIRONMENT] = self.database_url
        os.environ[ENVIRONMENT] = json.dumps(
            {
                "state_dir": str(self.state_dir),
                "base_url": self.base_url,
                "port": self.port,
                "workers": self.workers,
                "pid": self.pid,
            }
        )


def built_in_realms() -> dict[str, Realm]:
    """The realms of realms.toml, by name."""
    text = Path(__file__).with_name("realms.toml").read_text(encoding="utf-8")
    return {
        name: Realm(
            name=name,
            description=spec["description"],
            dpop_required=spec["dpop_required"],
            nonce_required=spec["nonce_required"],
            scopes=tuple(spec["scopes"]),
            policy_file=spec["policies"],
        )
        for name, spec in tomllib.loads(text).items()
    }


def load(
    state_dir: Path,
    port: int | None = None,
    base_url: str | None = None,
    workers: int = 1,
    database: str | None = None,
) -> Settings:
    """Settings from DIR/service.json, the environment and the command line, which wins.

    Raises BadSettings.
    """
    noted = _service_file(state_dir / "service.json")
    chosen = port or noted.get("port") or 8787
    base = base_url or noted.get("base_url") or f"http://127.0.0.1:{chosen}"
    return Settings(
        state_dir=state_dir,
        base_url=_checked_base(base),
        port=int(chosen),
        secret=noted.get("secret") or None,
        workers=workers,
        pid=os.getpid(),
        store_wait=_seconds_from_environment("DIALTONE_STORE_WAIT", 5.0),
        keys_fresh=_seconds_from_environment("DIALTONE_KEYS_FRESH", 60.0),
        mail=_mail_from_environment(),
        database_url=_checked_database(database or os.environ.get(DATABASE_ENVIRONMENT)),
    )


def from_environment() -> Settings:
    """Settings in a worker process, from the note that its parent left."""
    noted = json.loads(os.environ[ENVIRONMENT])
    settings = load(
        Path(noted["state_dir"]), noted["port"], noted["base_url"], int(noted["workers"])
    )
    return Settings(**{**vars(settings), "pid": int(noted["pid"])})


def _service_file(path: Path) -> dict[str, Any]:
    """service.json, read only if nobody else could have read or written it (it holds a secret)."""
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    except FileNotFoundError:
        return {}
    except OSError as problem:
        raise BadSettings(f"{path} can't be read: {problem.strerror}.") from None
    with os.fdopen(handle, encoding="utf-8") as file:
        status = os.fstat(file.fileno())
        if stat.S_IMODE(status.st_mode) & 0o077 or status.st_uid != os.getuid():
            raise BadSettings(f"{path} must belong to you alone: chmod 600 it, or remove it.")
        try:
            noted = json.load(file)
        except ValueError:
            raise BadSettings(f"{path} is not JSON: remove it and start again.") from None
    if not isinstance(noted, dict):
        raise BadSettings(f"{path} is not a JSON object: remove it and start again.")
    return noted


def _checked_base(base: str) -> str:
    try:
        return normalize(base).rstrip("/")
    except UnsafeUrl as problem:
        raise BadSettings(f"The base URL can't serve: {problem}") from None


def _checked_database(url: str | None) -> str | None:
    """`url`, if it is a PostgreSQL's and its driver is installed. Its password is in no message."""
    if not url:
        return None
    try:
        fits = POSTGRES_URL.fullmatch(url) is not None and urlsplit(url).port != 0
    except ValueError:
        fits = False
    if not fits:
        raise BadSettings(
            "The database is given as postgresql://USER@HOST:PORT/DATABASE; in a password @ / ? # "
            "are written as %40 %2F %3F %23."
        )
    if find_spec("psycopg") is None:
        raise BadSettings("PostgreSQL needs its driver: pip install 'dialtone-kit[postgres]'.")
    return url


def _mail_from_environment() -> MailRoute | None:
    try:
        return mail_route(os.environ.get("DIALTONE_SMTP_URL"), os.environ.get("DIALTONE_MAIL_FROM"))
    except ValueError as problem:
        raise BadSettings(f"DIALTONE_SMTP_URL: {problem}") from None


def _seconds_from_environment(name: str, default: float) -> float:
    try:
        return float(os.environ.get(name, default))
    except ValueError:
        raise BadSettings(f"{name} is not a number of seconds.") from None


PORTS = {"smtp": 25, "smtps": 465, "starttls": 587}


@dataclass(frozen=True)
class MailRoute:
    """A mail server to hand mails to. `scheme`: smtp, smtps (TLS from the start) or starttls."""

    scheme: str
    host: str
    port: int
    sender: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)


def mail_route(url: str | None, sender: str | None) -> MailRoute | None:
    """The server that DIALTONE_SMTP_URL names, None when it names none. Raises ValueError."""
    if not url:
        return None
    parts = urlsplit(url)
    if parts.scheme not in PORTS or not parts.hostname:
        raise ValueError("write smtp://host:25, smtps://user:password@host or starttls://…")
    if parts.password and parts.scheme == "smtp" and not _is_loopback(parts.hostname):
        raise ValueError("a password would travel in the clear; use smtps:// or starttls://")
    return MailRoute(
        scheme=parts.scheme,
        host=parts.hostname,
        port=parts.port or PORTS[parts.scheme],
        sender=sender or f"dialtone@{parts.hostname}",
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
    )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
