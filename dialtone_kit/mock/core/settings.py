"""Settings: the service's addresses and files, its realms, and the demo's limits and lifetimes.

read_settings.py reads them.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from dialtone_kit.base.masking import without_password
from dialtone_kit.mock.core.mail_route import MailRoute

# From the demo's tables: lifetimes in seconds, limits as counts.
HOUR = 3600
ENROLLMENT_LIFETIME = HOUR
TOKEN_LIFETIME = HOUR
REQUESTS_PER_EMAIL = 3  # an hour
REQUESTS_PER_ADDRESS = 10  # an hour, per IP address
WRONG_CODES = 5  # the fifth locks the enrollment
DEVICE_LIFETIME = 15 * 60
DEVICE_INTERVAL = 5  # seconds between polls; each slow_down adds the same again, permanently
WRONG_USER_CODES = 20  # an hour, per IP address, out of 32^8 possible codes
DEVICE_MAILS_PER_EMAIL = 5  # an hour
DEVICE_MAILS = 5  # for one device code
REFRESH_LIFETIME = 30 * 24 * HOUR  # from the person's approval, however often it is refreshed
NONCE_PERIOD = 120  # seconds; a nonce is valid in its own period and the next
MAX_BODY = 64 * 1024  # bytes
MAX_HEAD = 64 * 1024  # bytes, names and values of all headers together
PRIVATE_KEPT = 7 * 24 * HOUR  # seconds until a private realm that no one removed is deleted
AUDIT_ROWS = 50_000  # the newest of each realm's audit trail that are kept, for at most 30 days

PRIVATE_REALM = re.compile(r"lab-[0-9a-f]{12}")
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class BadSettings(Exception):
    """The service can't start with these settings: one line that says why and what to do."""


@dataclass(frozen=True)
class Realm:
    """A realm at the time of a request. `offset`: seconds that its clock is ahead of the machine's.

    A private realm is `like` a built-in one. It may have policies of its own instead of that
    realm's file, and for the attack lab it may be `without` one named check.
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
    seat: int | None = None  # whose it is, in a class; None: the owner's
    own_policies: str | None = field(default=None, repr=False)
    # What this request was spared, for its audit event. Each request reads its private realm again.
    let_through: list[str] = field(default_factory=list, init=False, repr=False, compare=False)

    @property
    def private(self) -> bool:
        """Made for one lesson while the service runs: only here can time move and things break."""
        return bool(self.like)

    def refuses(self, check: str) -> bool:
        """Whether the named `check`, which has found something wrong, refuses the request here.

        It does, unless this is an attack lab without it; the audit trail then says so.
        """
        if not self.private or self.without != check:
            return True
        self.let_through.append(check)
        return False


@dataclass(frozen=True)
class Settings:
    """How the service runs. `secret` guards /mock/…; without it there is no /mock."""

    state_dir: Path
    base_url: str
    port: int
    secret: str | None = field(default=None, repr=False)
    workers: int = 1
    pid: int = 0
    store_wait: float = 5.0  # seconds to wait for a locked database before answering 503
    keys_fresh: float = 60.0  # seconds for which a reader of the key set may cache it
    patience: float = 20.0  # seconds allowed for a head, and then for a body
    audit_rows: int = AUDIT_ROWS
    mail: MailRoute | None = None
    seats: Path | None = None  # the file of a class's seats; None: the service of one person
    database_url: str | None = field(default=None, repr=False)  # it may hold a password

    @property
    def database(self) -> Path | str:
        """The SQLite file in the state folder, or the URL of a PostgreSQL database."""
        return self.database_url or self.state_dir / "mock.sqlite3"

    @property
    def database_name(self) -> str:
        """The database as shown to people: without its password."""
        if self.database_url is None:
            return str(self.database)
        return without_password(self.database_url)

    @property
    def of_one_person(self) -> bool:
        """Whether only the owner of the control token calls: on loopback, with its own file."""
        local = urlsplit(self.base_url).hostname in LOOPBACK
        alone = self.database_url is None and self.seats is None
        return local and self.secret is not None and alone

    @property
    def policies(self) -> Path:
        """The folder with the policy files, which the user may edit at any time."""
        return self.state_dir / "policies"

    def issuer(self, realm: str | None) -> str:
        """The issuer of a realm, or of the root when `realm` is None."""
        return self.base_url if realm is None else f"{self.base_url}/realms/{realm}"

    def audiences(self, realm: str) -> tuple[str, ...]:
        """The audience values that mean this service's own resources in a realm."""
        issuer = self.issuer(realm)
        return issuer, self.base_url, self.api(realm), f"{issuer}/userinfo"

    def api(self, realm: str) -> str:
        """The demo API of a realm, as a token's audience names it."""
        return f"{self.issuer(realm)}/api"

    @property
    def hosts(self) -> frozenset[str]:
        """The host names by which this service may be addressed: prevents DNS rebinding."""
        own = (urlsplit(self.base_url).hostname or "").lower()
        return LOOPBACK | {own}


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
