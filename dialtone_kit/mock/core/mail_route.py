"""Which mail server to use, from DIALTONE_SMTP_URL and DIALTONE_MAIL_FROM."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

PORTS = {"smtp": 25, "smtps": 465, "starttls": 587}


@dataclass(frozen=True)
class MailRoute:
    """How to reach a mail server. `scheme`: smtp, smtps (TLS from the start) or starttls."""

    scheme: str
    host: str
    port: int
    sender: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)


def mail_route(url: str | None, sender: str | None) -> MailRoute | None:
    """The mail server at `url`, None when there is no URL. Raises ValueError."""
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
