"""`service.json`: the port, the URL and the secret of the local service, remembered for good.

Tokens and credentials name the URL as their issuer, so it is chosen once and kept over restarts.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import stat
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from dialtone_kit.base.masking import Secret
from dialtone_kit.base.urls import LOOPBACK
from dialtone_kit.local.state_folder import state_dir, write_private

FILE = "service.json"
DEFAULT_PORT = 8787


@dataclass(frozen=True)
class Record:
    """Where the local service is to be, and the secret by which it and its user know each other."""

    base_url: str
    port: int
    secret: Secret


class Unusable(Exception):
    """`service.json` is there but must not be used; the text says why."""


def path() -> Path:
    """Where the record is kept."""
    return state_dir() / FILE


def read() -> Record | None:
    """The record, None when there is none yet; `Unusable` when others could have read it."""
    try:
        handle = os.open(path(), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    except OSError as failed:
        raise Unusable(f"can't be opened ({failed.strerror})") from None
    with os.fdopen(handle, "rb") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.getuid():
            raise Unusable("is not a file of your own")
        record = _parse(file.read(64 * 1024))
    if found.st_mode & 0o077:
        raise LooseMode(record)
    return record


class LooseMode(Unusable):
    """Others could read the secret. Port and URL still hold; the secret needs a new one."""

    def __init__(self, record: Record) -> None:
        super().__init__("could be read by others")
        self.record = record


def remember(port: int, base_url: str | None = None) -> Record:
    """Write a record for `port` with a new secret of 256 random bits."""
    secret = secrets.token_urlsafe(32)
    url = base_url or f"http://127.0.0.1:{port}"
    text = json.dumps({"base_url": url, "port": port, "secret": secret}, indent=1)
    write_private(path(), text + "\n")
    return Record(url, port, Secret(secret))


def free_port(preferred: int | None = None) -> int:
    """`preferred` (8787) when nobody has it, else one that the system picks (so with 0)."""
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


def _parse(data: bytes) -> Record:
    try:
        members = json.loads(data)
        url, port, secret = members["base_url"], members["port"], members["secret"]
        parts = urlsplit(url)
        fits = parts.hostname in LOOPBACK and parts.port == port and parts.scheme == "http"
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Unusable("is damaged") from None
    if not fits or not isinstance(secret, str) or len(secret) < 32:
        raise Unusable("is damaged")
    return Record(url, port, Secret(secret))
