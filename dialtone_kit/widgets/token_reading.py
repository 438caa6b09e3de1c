"""What a token says, for a reader: its members with meanings, and who acts for whom.

Nothing here is verified, and nothing here raises for a bad token: decoding is not believing (M20).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dialtone_kit.base.errors import TokenRefused
from dialtone_kit.base.masking import Secret, masked
from dialtone_kit.base.times import is_numeric_date
from dialtone_kit.claims import (
    HEADER_MEANINGS,
    MEANINGS,
    TIMES,
    flat_members,
    meaning_of,
    text_of_value,
    utc,
)
from dialtone_kit.tokens import (
    Decoded,
    Token,
    bound_thumbprint,
    read_unverified,
    text_of,
    wrong_date,
)
from dialtone_kit.widgets.token_cover import covered, without_secrets

LONGEST = 64 * 1024  # characters of a token; a longer one is not read
MOST_ROWS = 100
MOST_TAGS = 8  # the service nests `act` at most five deep
_LONGEST_VALUE = 2000
_DEEPEST = 40  # levels of JSON; the kit's own tokens have six


@dataclass(frozen=True)
class Row:
    """One member. `moment` is its time in Unix seconds, or None; `note` says what is odd."""

    name: str
    value: str
    meaning: str
    moment: float | None = None
    utc: str = ""
    note: str = ""


@dataclass(frozen=True)
class NameTag:
    """Someone in a delegation: `who`, the `role`, and the `kind` (person, client, workload)."""

    who: str
    role: str
    kind: str = ""


@dataclass(frozen=True, repr=False)
class Reading:
    """A token read: the parts as sent but without the signature, and its members.

    `problem` says in one line why there is nothing to read. `letters` is the signature's length.
    """

    problem: str = ""
    wire: tuple[str, str] = ("", "")
    letters: int = 0
    header: Mapping[str, Any] = field(default_factory=dict)
    claims: Mapping[str, Any] = field(default_factory=dict)

    def header_rows(self, now: float) -> list[Row]:
        """The header's members; `now` is in Unix seconds."""
        return _rows(self.header, HEADER_MEANINGS, now)

    def claim_rows(self, now: float) -> list[Row]:
        """The claims; `now` is in Unix seconds."""
        return _rows(self.claims, MEANINGS, now)

    @property
    def lifetime(self) -> float | None:
        """Seconds from `iat` to `exp`, None unless both are times in this order."""
        issued, expires = self.claims.get("iat"), self.claims.get("exp")
        if not is_numeric_date(issued) or not is_numeric_date(expires) or expires <= issued:
            return None
        return expires - issued


def read(token: object) -> Reading:
    """`token` read: a Token, a Secret or a compact JWS. For anything else, why it can't be read."""
    if not isinstance(token, Token | Secret | str):
        got = "nothing" if token is None else f"a value of type {type(token).__name__}"
        return Reading(f"This is {got}. Pass a Token, or a compact JWS as a string.")
    text = text_of(token).strip()
    if problem := _unreadable(text):
        return Reading(problem)
    try:
        decoded = read_unverified(text)
    except TokenRefused as refusal:
        return Reading(sentence_of(refusal))
    if _is_deep([decoded.header, decoded.claims]):
        return Reading("This is not a token: its JSON is nested too deeply.")
    return _reading(text, decoded)


def _unreadable(text: str) -> str:
    if not text:
        return "There is no token here: the string is empty."
    if len(text) > LONGEST:
        return f"This has {len(text):,} characters; a token of more than {LONGEST:,} is not read."
    if text.lower().startswith(("bearer ", "dpop ")):
        return "This starts with an authentication scheme. Pass only the token that follows it."
    if text.count(".") == 4:
        return "This has five parts: an encrypted JWT (JWE), which only its recipient can read."
    return ""


def _is_deep(level: list[Any]) -> bool:
    for _ in range(_DEEPEST):
        inner = [one.values() if isinstance(one, Mapping) else one for one in level]
        level = [v for values in inner for v in values if isinstance(v, Mapping | list)]
    return bool(level)


def _reading(text: str, decoded: Decoded) -> Reading:
    header, payload, signature = text.split(".")
    wire = covered(header, decoded.header), covered(payload, decoded.claims)
    return Reading("", wire, len(signature), decoded.header, decoded.claims)


def _rows(members: Mapping[str, Any], meanings: Mapping[str, str], now: float) -> list[Row]:
    flat = list(flat_members(without_secrets(dict(members))))
    rows = [_row(name, value, meanings, now) for name, value in flat[:MOST_ROWS]]
    if len(flat) > MOST_ROWS:
        rows.append(Row("…", f"{len(flat) - MOST_ROWS} more", "not shown here"))
    return rows


def _row(name: str, value: Any, meanings: Mapping[str, str], now: float) -> Row:
    text, meaning = shown(value), meaning_of(name, meanings)
    if name not in TIMES or meanings is not MEANINGS:
        return Row(name_of(name), text, meaning)
    if wrong := wrong_date(name, value, now):
        return Row(name, text, meaning, note=shown(wrong))
    return Row(name, text, f"{meaning} (Unix seconds)", value, utc(value))


def binding(claims: Mapping[str, Any]) -> tuple[str | None, str]:
    """The `cnf.jkt` of `claims`, None for a bearer token, and what is wrong with it, if anything.

    RFC 9449 §6.1.
    """
    try:
        return bound_thumbprint(claims), ""
    except TokenRefused as refusal:
        return None, sentence_of(refusal)


def name_tags(claims: Mapping[str, Any]) -> list[NameTag]:
    """Who acts on whose behalf (RFC 8693 §4.1): the latest actor first, the subject last.

    Empty without `act`: then nobody acts for someone else.
    """
    tags: list[NameTag] = []
    holder: Any = without_secrets(dict(claims))
    subject = holder.get("sub")
    while isinstance(holder, dict) and "act" in holder:
        if len(tags) == MOST_TAGS:
            tags.append(NameTag("…", "and more before that"))
            break
        holder = holder["act"]
        named = holder.get("sub") if isinstance(holder, dict) else None
        tags.append(_tag(named, "acted before that" if tags else "acts now"))
    return [*tags, _tag(subject, "on behalf of")] if tags else []


def _tag(who: Any, role: str) -> NameTag:
    if not isinstance(who, str) or not who:
        return NameTag("no name", role)
    kinds = {"usr_": "person", "cli_": "client", "spiffe://": "workload"}
    return NameTag(shown(who), role, next((k for p, k in kinds.items() if who.startswith(p)), ""))


def name_of(path: str) -> str:
    """The path of a member as it may be shown."""
    return _cut(masked(_plain(path)), 120)


def shown(value: object) -> str:
    """A member's value as it may be shown."""
    return _cut(masked(_plain(text_of_value(value))), _LONGEST_VALUE)


def sentence_of(refusal: TokenRefused) -> str:
    """What a refusal says, without the check's name in front and short enough to read."""
    text = shown(str(refusal).removeprefix(f"{refusal.rule}: "))
    return _cut(text[:1].upper() + text[1:], 300)


def _plain(text: str) -> str:
    cleaned: str = without_secrets(text)
    return cleaned


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text):,} characters)"
