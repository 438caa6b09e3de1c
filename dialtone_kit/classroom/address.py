"""Where the service of a class is: how it was asked for, and the address that it keeps."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.masking import Secret
from dialtone_kit.base.private_files import PrivateFolder, shown
from dialtone_kit.base.reason import cause, sentence
from dialtone_kit.base.urls import LOOPBACK, require_https_or_loopback
from dialtone_kit.classroom.certificates import addresses
from dialtone_kit.classroom.seats import TRAINER_FILE
from dialtone_kit.classroom.session import NoSession, Session
from dialtone_kit.local.record import Record, free_port
from dialtone_kit.local.seat import parse

PORT, EVERYONE = 8788, "0.0.0.0"  # noqa: S104  (only when it is asked for, and then with TLS)
Say = Callable[[str], object]


@dataclass(frozen=True)
class Wanted:
    """How to serve; a port, a name or a database that is None stays as it was last time."""

    host: str = "127.0.0.1"
    port: int | None = None
    name: str | None = None
    certificate: Path | None = None
    key: Path | None = None
    ca: Path | None = None
    workers: int = 1
    database: str | None = None

    @property
    def tls(self) -> bool:
        """Whether it serves https: wherever others can reach it, and with a certificate."""
        return self.host not in LOOPBACK or self.certificate is not None

    @property
    def anywhere(self) -> bool:
        """Whether it listens on every address of this machine."""
        return self.host in (EVERYONE, "::")


def trainer_of(session: Session) -> Record:
    """The trainer's own place at the service. Raises NoSession when it has never run."""
    try:
        content = PrivateFolder(session.folder, error=NoSession).read(TRAINER_FILE)
        return parse(content, session.folder / TRAINER_FILE)
    except FileNotFoundError:
        raise NoSession(
            f"The service of {shown(session.folder)} has never run. Start it with `dialtone class "
            "serve`."
        ) from None


def place_of(session: Session, wanted: Wanted, say: Say) -> Record:
    """Where the service is to be: where it was last time, unless it was asked to move."""
    try:
        before: Record | None = trainer_of(session)
    except NoSession:
        before = None
    as_before = _name_as_before(before, wanted) if before and not wanted.name else ""
    name = wanted.name or as_before or _usual_name(wanted)
    port = wanted.port or (before.port if before else free_port(PORT))
    host = f"[{name}]" if ":" in name else name
    url = f"{'https' if wanted.tls else 'http'}://{host}:{port}"
    require_https_or_loopback(url)
    if before is not None and before.base_url != url:
        say(
            f"The service moves from {before.base_url} to {url}: each learner needs their new "
            "session file, and registers again there."
        )
    secret = before.secret if before else Secret(secrets.token_urlsafe(32))
    return Record(url, port, secret, None, "", session.name)


def _usual_name(wanted: Wanted) -> str:
    """The address by which others reach this machine; on loopback nobody does."""
    if not wanted.tls or wanted.host in LOOPBACK:
        return "127.0.0.1"
    if not wanted.anywhere:
        return wanted.host
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, suppress(OSError):
        probe.connect(("192.0.2.1", 9))  # nothing is sent: the system only picks a way out
        return str(probe.getsockname()[0])
    raise DialtoneError("This machine has no address in a network. Name it: --name HOST.")


def _name_as_before(before: Record, wanted: Wanted) -> str:
    """The name it had last time, "" if it can't serve now: others don't reach 127.0.0.1."""
    parts = urlsplit(before.base_url)
    name = parts.hostname or ""
    for_us_alone = name in LOOPBACK and wanted.host not in LOOPBACK
    if for_us_alone or (parts.scheme == "https") != wanted.tls:
        return ""
    literal = ":" in name or name.replace(".", "").isdigit()
    if literal and not wanted.anywhere and name != wanted.host:
        return ""  # it doesn't listen there any more
    if literal and ":" not in name and name not in addresses() and name not in LOOPBACK:
        raise DialtoneError(
            f"The service was at {name}, which is no longer an address of this machine. Name it "
            "with --name: each learner then needs their new session file, and registers again "
            "there."
        )
    return name


def must_be_free(host: str, port: int) -> None:
    """Raise DialtoneError, before anything is written, if the service can't listen there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as problem:
        said = sentence(f"The service can't listen on {host}, port {port}: {cause(problem)}")
        raise DialtoneError(
            f"{said} Stop whatever uses the port, or choose another address with --host or port "
            "with --port."
        ) from None
