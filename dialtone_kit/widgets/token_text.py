"""The token explorer in plain lines: what is the same on every run, and nothing that is a secret.

Ids, times and thumbprints change from run to run, so they are named but not printed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from dialtone_kit.widgets.token_compared import Compared
from dialtone_kit.widgets.token_reading import Reading, Row, name_tags

_PRINTED = ("alg", "typ", "token_type", "scope")
_FRESH = ("iat", "nbf", "exp", "jti")  # differ between any two tokens
_ID = re.compile(r"((?:cli|usr)_(?:\w+_)?)\w+")


def lines_of_one(
    title: str, reading: Reading, verdict: Mapping[str, Any], binding: Mapping[str, Any]
) -> list[str]:
    """One token: its members and meanings, whether it is genuine, its key, who acts for whom."""
    start = [title] if title else []
    if reading.problem:
        return [*start, f"  {reading.problem}"]
    return [
        *start,
        f"  On the wire: header.payload.signature (signature: {reading.letters} characters)",
        "  Header",
        *_members(reading.header_rows(0)),
        "  Payload",
        *_members(reading.claim_rows(0)),
        f"  Lifetime: {_lifetime(reading.lifetime)}",
        f"  Signature: {_verdict(verdict)}",
        f"  Key: {_key(binding)}",
        *[f"  Name tag: {_who(tag.who)} ({tag.role})" for tag in name_tags(reading.claims)],
    ]


def lines_of_two(rows: Sequence[Compared]) -> list[str]:
    """What differs in the second token, except for the members that always do."""
    told = [row for row in rows if row.difference != "same" and row.name not in _FRESH]
    lines = [
        f"    {row.name}: {row.difference}{f' ({row.detail})' if row.detail else ''}"
        for row in told
    ]
    return [
        f"In the second token ({', '.join(_FRESH)} left out)",
        *(lines or ["    no difference"]),
    ]


def _members(rows: Sequence[Row]) -> list[str]:
    width = max((len(row.name) for row in rows), default=0)
    return [
        f"    {row.name:<{width}}  {row.value if row.name in _PRINTED else '…'} – {row.meaning}"
        for row in rows
    ]


def _lifetime(seconds: float | None) -> str:
    return "unknown" if seconds is None else f"about {max(1, round(seconds / 60)):,} min"


def _verdict(verdict: Mapping[str, Any]) -> str:
    if verdict["outcome"] == "verified":
        return "verified with the key that kid names in the issuer's key set"
    if verdict["outcome"] == "refused":
        return f"not verified: the check {verdict['rule']} refuses the token"
    return "can't tell: the issuer's keys could not be fetched"


def _key(binding: Mapping[str, Any]) -> str:
    if binding["kind"] == "another key":  # how many characters differ is chance
        return "Not equal: it is bound to another key."
    return str(binding["text"])


def _who(who: str) -> str:
    match = _ID.fullmatch(who)
    return f"{match[1]}…" if match else "…"
