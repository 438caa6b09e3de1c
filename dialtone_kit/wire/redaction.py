"""What a recorded message may show: secrets are taken out by their place, before anything is kept.

`hide` makes what takes their place: the mask in a view, a shell variable in a curl line.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl, quote_plus, urlencode

import httpx

from dialtone_kit.base.email import IN_TEXT, masked_address
from dialtone_kit.base.masking import SECRET_MEMBERS, mask_member, mask_members, mask_text

Hide = Callable[[str, str], str]  # name, value → stand-in
# The same members in JSON that is broken or cut off.
_MEMBER = re.compile(rf'("({"|".join(sorted(SECRET_MEMBERS))})"\s*:\s*")([^"]*)')
_SECRET_HEADERS = frozenset(
    {"authorization", "proxy-authorization", "cookie", "set-cookie", "mcp-session-id"}
)
_NAMES = {"dpop": "DPoP", "dpop-nonce": "DPoP-Nonce", "www-authenticate": "WWW-Authenticate"}
_NAMES |= {"mcp-protocol-version": "MCP-Protocol-Version"}
MAX_TEXT = 20_000  # characters of a body that are kept


def as_mask(name: str, value: str) -> str:
    """What a view shows instead: the length, and whatever isn't secret."""
    if name == "email":
        return masked_address(value)
    if name == "basic":
        return f"•••••• (base64 of {_user_of(value)}:••••••)"
    return mask_member(name, value)


class Redactor:
    """Takes one message apart. `hidden` lists the name and value of each secret."""

    def __init__(self, hide: Hide = as_mask) -> None:
        self._hide_as = hide
        self.hidden: list[tuple[str, str]] = []

    def url(self, url: httpx.URL) -> str:
        """The URL without fragment and secrets. Approval links and codes travel in queries."""
        bare = self.text(str(url.copy_with(query=None, fragment=None)))
        pairs = [self._pair(name, value) for name, value in form_pairs(url.query)]
        return f"{bare}?{'&'.join(pairs)}" if pairs else bare

    def headers(self, headers: httpx.Headers) -> list[tuple[str, str]]:
        """The header fields in their order; a scheme such as `DPoP` stays."""
        fields = ((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers.raw)
        return [(_spelled(name), self._header(name.lower(), value)) for name, value in fields]

    def body(self, headers: httpx.Headers, content: bytes) -> str:
        """The body as text: JSON indented, a form one pair a line."""
        kind = headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if kind == "application/x-www-form-urlencoded":
            return "\n".join(self._pair(name, value) for name, value in form_pairs(content))
        if "json" in kind:
            with suppress(ValueError, RecursionError):
                value = self.json(json.loads(content))
                return json.dumps(value, indent=2, ensure_ascii=False)[:MAX_TEXT]
        text = content.decode("utf-8", "replace").replace("\r\n", "\n")
        return self.text(mask_text(self.members(text)))[:MAX_TEXT]

    def json(self, value: Any) -> Any:
        """`value` without secret members, private halves of keys and email addresses."""
        return self._without_addresses(mask_members(value, self._hide))

    def members(self, text: str) -> str:
        """JSON that is broken or cut off, without its secret members."""
        return _MEMBER.sub(lambda match: match[1] + self._hide(match[2], match[3]), text)

    def text(self, text: str) -> str:
        """`text` with each email address in it hidden: personal, though no secret."""
        return IN_TEXT.sub(lambda match: self._hide_as("email", match[0]), text)

    def _without_addresses(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {self.text(name): self._member(name, one) for name, one in value.items()}
        if isinstance(value, list):
            return [self._without_addresses(one) for one in value]
        return self.text(value) if isinstance(value, str) else value

    def _member(self, name: str, value: Any) -> Any:
        if name == "email" and isinstance(value, str) and value:
            return self._hide_as("email", value)  # also one that is not well-formed
        return self._without_addresses(value)

    def _header(self, name: str, value: str) -> str:
        if name == "dpop":
            return self._hide("dpop_proof", value)
        if name == "location":
            return self._link(value)
        if name not in _SECRET_HEADERS:
            return self.text(value)
        scheme, space, rest = value.partition(" ")
        if not name.endswith("authorization") or not space:
            return self._hide(name, value)
        secret = {"basic": "basic", "dpop": "access_token", "bearer": "access_token"}
        return f"{scheme} {self._hide(secret.get(scheme.lower(), 'authorization'), rest)}"

    def _link(self, value: str) -> str:
        try:
            return self.url(httpx.URL(value))
        except httpx.InvalidURL:
            return self.text(mask_text(value))

    def member(self, name: str, value: str) -> str:
        """The value of a pair of a form or query, hidden if it is secret or an address."""
        return self._hide(name, value) if name in SECRET_MEMBERS else self.text(value)

    def _pair(self, name: str, value: str) -> str:
        named, shown = self.text(name), self.member(name, value)
        if (named, shown) == (name, value):
            return urlencode([(name, value)])
        return f"{quote_plus(name) if named == name else named}={shown}"

    def _hide(self, name: str, value: str) -> str:
        self.hidden.append((name, value))
        return self._hide_as(name, value)


def _user_of(basic: str) -> str:
    """The client_id in Basic credentials, which isn't secret; anything else stays hidden."""
    try:
        user = b64decode(basic, validate=True).decode("ascii").partition(":")[0]
    except ValueError:
        return "••••••"
    return user if re.fullmatch(r"cli_[a-z0-9_]{1,64}", user) else "••••••"


def form_pairs(content: bytes) -> list[tuple[str, str]]:
    """The name and value pairs of a form, empty values included."""
    return parse_qsl(content.decode("utf-8", "replace"), keep_blank_values=True)


def without_noise(fields: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The header fields that teach something."""
    noise = {"accept", "accept-encoding", "connection", "content-length", "server", "user-agent"}
    return [(name, value) for name, value in fields if name.lower() not in noise]


def _spelled(name: str) -> str:
    """A field's name as its RFC writes it: servers send them in lower case."""
    return _NAMES.get(name.lower(), name.title() if name.islower() else name)
