"""SPIFFE IDs: the name of a workload, `spiffe://<trust domain>/<path>`, read strictly.

If one ID had two spellings, one reader would see two workloads and another would see one. So there
is one spelling only: no escapes, no upper case in the trust domain, nothing to normalise.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from dialtone_kit.base.errors import BadSpiffeId as BadSpiffeId

SCHEME = "spiffe://"
MAX_LENGTH, MAX_TRUST_DOMAIN = 2048, 255  # bytes (SPIFFE-ID §2.3)
_TRUST_DOMAIN = re.compile(r"[a-z0-9._-]+")
_SEGMENT = re.compile(r"[A-Za-z0-9._-]+")


@dataclass(frozen=True)
class SpiffeId:
    """A workload's name, checked. Without a path it names the trust domain itself."""

    trust_domain: str
    path: str = ""

    @classmethod
    def parse(cls, text: str) -> SpiffeId:
        """`text` as an ID. Raises BadSpiffeId naming the rule that it breaks."""
        for rule in RULES:
            rule(text)
        trust_domain, slash, rest = text.removeprefix(SCHEME).partition("/")
        return cls(trust_domain, slash + rest)

    @classmethod
    def of(cls, trust_domain: str, path: str) -> SpiffeId:
        """The ID for `path` (with its leading slash) in `trust_domain`, by the same rules."""
        return cls.parse(f"{SCHEME}{trust_domain}{path}")

    def __str__(self) -> str:
        return f"{SCHEME}{self.trust_domain}{self.path}"


def check_trust_domain(name: str) -> str:
    """`name`, if it can be a trust domain: `dialtone.test`. Raises BadSpiffeId."""
    parsed = SpiffeId.parse(f"{SCHEME}{name}")
    if parsed.path:
        raise BadSpiffeId("trust_domain", "a trust domain is a name without a path.")
    return parsed.trust_domain


def scheme_is_spiffe(text: str) -> None:
    """It begins with `spiffe://`, in lower case."""
    if not text.startswith(SCHEME):
        raise BadSpiffeId("scheme", "a SPIFFE ID begins with spiffe:// in lower case.")


def not_too_long(text: str) -> None:
    """2048 bytes at most (SPIFFE-ID §2.3)."""
    if len(text.encode(errors="replace")) > MAX_LENGTH:
        raise BadSpiffeId("length", f"a SPIFFE ID has at most {MAX_LENGTH} bytes.")


def no_query_or_fragment(text: str) -> None:
    """Neither `?` nor `#`: an ID is not an address (SPIFFE-ID §2)."""
    if "?" in text or "#" in text:
        raise BadSpiffeId("query", "a SPIFFE ID has no query and no fragment.")


def no_user_or_port(text: str) -> None:
    """The authority is a trust domain alone: no user information, no port (SPIFFE-ID §2.1)."""
    if "@" in _authority(text) or ":" in _authority(text):
        raise BadSpiffeId("authority", "a trust domain has no port and no user name.")


def trust_domain_is_plain(text: str) -> None:
    """Lower-case letters, digits, `.`, `-` and `_`, 255 bytes at most (SPIFFE-ID §2.1)."""
    if not _TRUST_DOMAIN.fullmatch(_authority(text)):
        raise BadSpiffeId(
            "trust_domain", "a trust domain consists of a-z, 0-9, dot, dash and underscore."
        )
    if len(_authority(text)) > MAX_TRUST_DOMAIN:
        raise BadSpiffeId("length", f"a trust domain has at most {MAX_TRUST_DOMAIN} bytes.")


def path_is_plain(text: str) -> None:
    """Segments of letters, digits, `.`, `-`, `_`; none empty, `.` or `..` (SPIFFE-ID §2.2)."""
    _, slash, path = text.removeprefix(SCHEME).partition("/")
    for segment in path.split("/") if slash else []:
        if segment in ("", ".", ".."):
            raise BadSpiffeId("path", "no empty segment, trailing slash, . or .. is allowed.")
        if not _SEGMENT.fullmatch(segment):
            raise BadSpiffeId(
                "path", "a segment consists of A-Z, a-z, 0-9, dot, dash and underscore: no escapes."
            )


RULES: tuple[Callable[[str], None], ...] = (
    not_too_long,
    scheme_is_spiffe,
    no_query_or_fragment,
    no_user_or_port,
    trust_domain_is_plain,
    path_is_plain,
)


def _authority(text: str) -> str:
    return text.removeprefix(SCHEME).partition("/")[0]
