"""`service.json`: the port, the URL and the secret of the local service, remembered for good.

Tokens and credentials name the URL as their issuer, so it is chosen once and kept over restarts.
"""

from __future__ import annotations

import json
import secrets
import socket
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from dialtone_kit.base import platform
from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.masking import Secret
from dialtone_kit.base.private_files import PrivateFolder
from dialtone_kit.base.urls import LOOPBACK
from dialtone_kit.local.state_folder import state_dir

FILE = "service.json"
DEFAULT_PORT = 8787


@dataclass(frozen=True)
class Record:
    """Where the local service belongs, and the secret by which it and its user know each other.

    In a class it is the trainer's service: a learner's `secret` is the token of their `seat`, and
    `authority` is the certificate (PEM) that vouches for the service, "" for the usual ones.
    """

    base_url: str
    port: int
    secret: Secret
    seat: int | None = None
    authority: str = field(default="", repr=False)
    class_name: str = ""


class UnusableRecord(Exception):
    """`service.json` is there but must not be used; the text completes "service.json …"."""


class LooseMode(UnusableRecord):
    """Others could read the secret. Port and URL still hold; the secret needs replacing."""

    def __init__(self, record: Record) -> None:
        super().__init__("could be read by others")
        self.record = record


def record_path() -> Path:
    """Where the record is kept."""
    return state_dir() / FILE


def read_record() -> Record | None:
    """The record, None when there is none yet. Raises UnusableRecord if it can't be trusted."""
    try:
        data = _folder().read(FILE, forbidden=0)
        record, status = _parse(data), record_path().stat()
    except FileNotFoundError:
        return None
    except DialtoneError:
        raise UnusableRecord("is not a file of your own, or can't be read") from None
    if platform.open_to_others(status):
        raise LooseMode(record)
    return record


def new_record(port: int, base_url: str | None = None) -> Record:
    """Write a record for `port` with a new secret of 256 random bits."""
    secret = secrets.token_urlsafe(32)
    url = base_url or f"http://127.0.0.1:{port}"
    members = {"base_url": url, "port": port, "secret": secret}
    if record_path().is_symlink():  # refused when read; nothing is written through it either
        _folder().remove(FILE)
    _folder().write(FILE, json.dumps(members, indent=1) + "\n")
    return Record(url, port, Secret(secret))


def free_port(preferred: int | None = None) -> int:
    """`preferred` (8787) if nobody has it, else one that the system picks, as it does for 0."""
    for candidate in (DEFAULT_PORT if preferred is None else preferred, 0):
        with socket.socket() as probe:
            # As the server does it: a port in TIME_WAIT is free, one that is listened on is not.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", candidate))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError("no free port on 127.0.0.1")


def _folder() -> PrivateFolder:
    return PrivateFolder(state_dir())


def _parse(data: bytes) -> Record:
    try:
        members = json.loads(data)
        url, port, secret = members["base_url"], members["port"], members["secret"]
        parts = urlsplit(url)
        fits = parts.hostname in LOOPBACK and parts.port == port and parts.scheme == "http"
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise UnusableRecord("is damaged") from None
    if not fits or not isinstance(secret, str) or len(secret) < 32:
        raise UnusableRecord("is damaged")
    return Record(url, port, Secret(secret))
