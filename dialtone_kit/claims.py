"""Claims with their meanings: an access token explained line by line (the demo's step 4)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from dialtone_kit.base.display import BORDER, CODE, FAINT, INK, SHADE, WIDTH, Shown
from dialtone_kit.base.masking import Secret, escaped, mask_members, masked
from dialtone_kit.base.times import is_numeric_date
from dialtone_kit.tokens import Decoded, Token, read_unverified, text_of

MEANINGS = {
    "token_type": "what this JWT is for: an access token, not some other signed statement",
    "iss": "who issued it: the realm whose keys must verify the signature",
    "sub": "who it speaks for: your client, or the person who approved",
    "client_id": "the client that it was issued to",
    "realm": "the realm inside the service",
    "scope": "what may be done with it, and nothing more",
    "aud": "who should accept it; others must refuse it",
    "iat": "issued at",
    "nbf": "not valid before",
    "exp": "expires at: from then on it must be refused",
    "jti": "the token's unique ID, for the audit trail",
    "cnf.jkt": "the thumbprint of the key it is bound to: useless without that private key",
    "act": "who acts here on behalf of sub, the latest first",
    "act.sub": "who acts here on behalf of sub",
    "may_act": "who may be given a token to act for sub",
    "may_act.sub": "the agent that may be given a token to act for sub",
    "htm": "the HTTP method that this proof is for",
    "htu": "the URL that this proof is for, without its query",
    "ath": "the hash of the access token that goes with this proof",
    "nonce": "a value from the service that shows the proof is fresh",
}
HEADER_MEANINGS = {
    "alg": "the algorithm of the signature; the verifier decides which ones it accepts",
    "typ": "what kind of JWT this is",
    "kid": "the name of the key, in the issuer's key set, that signed it",
    "jwk": "a public key; in a proof, the one that signed it",
    "crit": "extensions that a verifier must understand, or else refuse the token",
    "cty": "what kind of content the payload is",
}
UNKNOWN = "no meaning known to the kit"
DEEPEST = 6  # levels of members that get their own rows
TIMES = frozenset({"iat", "nbf", "exp"})


def show_claims(token_or_claims: Token | Decoded | Secret | str | Mapping[str, Any]) -> Shown:
    """A table of claim, value and meaning. Decoded only: `client.verify(token)` checks (M20)."""
    rows = list(_rows(mask_members(dict(_claims_of(token_or_claims)))))
    return Shown(_html(rows), _plain(rows))


def _claims_of(given: Token | Decoded | Secret | str | Mapping[str, Any]) -> Mapping[str, Any]:
    if isinstance(given, Token | Secret | str):
        return read_unverified(text_of(given)).claims
    return given.claims if isinstance(given, Decoded) else given


def _rows(claims: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for name, value in flat_members(claims):
        text, moment = text_of_value(value), utc(value) if name in TIMES else ""
        yield name, f"{text} = {moment}" if moment else text, meaning_of(name)


def flat_members(members: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """Each member with its path: `cnf.jkt`. A name that contains a dot is in quotes."""
    for name, value in members.items():
        full = path + (json.dumps(name, ensure_ascii=False) if "." in name else name)
        if isinstance(value, dict) and value and path.count(".") < DEEPEST:
            yield from flat_members(value, f"{full}.")
        else:
            yield full, value


def meaning_of(path: str, meanings: Mapping[str, str] = MEANINGS) -> str:
    """What the member at `path` says, for a reader."""
    if path.startswith("act.") and path.endswith(".sub") and path != "act.sub":
        return "who acted one step before"
    return meanings.get(path, UNKNOWN)


def text_of_value(value: object) -> str:
    """A string as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def utc(value: object) -> str:
    """Unix seconds as a date and time in UTC, "" if it isn't a time or is beyond the calendar."""
    if not is_numeric_date(value):
        return ""
    try:
        return f"{datetime.fromtimestamp(value, UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (ValueError, OverflowError, OSError):
        return ""


def _html(rows: list[tuple[str, str, str]]) -> str:
    cell = "padding: 4px 12px; text-align: left; vertical-align: top; overflow-wrap: anywhere"
    head = "".join(
        f'<th scope="col" style="{cell}">{title}</th>' for title in ("claim", "value", "meaning")
    )
    body = "".join(
        f'<tr style="border-top: {BORDER}">'
        f'<th scope="row" style="{cell}; {CODE}; font-weight: bold; white-space: nowrap">'
        f"{escaped(name)}</th>"
        f'<td style="{cell}; {CODE}">{escaped(value)}</td>'
        f'<td style="{cell}; color: {FAINT}">{escaped(meaning)}</td></tr>'
        for name, value, meaning in rows
    )
    return (
        f'<table aria-label="Claims" style="border: {BORDER}; border-collapse: collapse; '
        f"width: 100%; table-layout: auto; {WIDTH}; font-size: var(--jp-ui-font-size1, 13px); "
        f'color: {INK}">'
        f'<thead style="background: {SHADE}"><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table>"
    )


def _plain(rows: list[tuple[str, str, str]]) -> str:
    shown = [(masked(name), masked(value), meaning) for name, value, meaning in rows]
    first = max((len(name) for name, _, _ in shown), default=0)
    return "\n".join(
        f"{name:<{first}}  {value}\n{'':<{first}}  ({meaning})" for name, value, meaning in shown
    )
