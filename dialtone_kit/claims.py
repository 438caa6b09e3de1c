"""Claims with their meanings: an access token explained line by line (the demo's step 4)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from dialtone_kit.base.display import BORDER, CODE, FAINT, INK, SHADE, Shown
from dialtone_kit.base.masking import Secret, escaped, mask_members, masked
from dialtone_kit.base.times import is_numeric_date
from dialtone_kit.tokens import Decoded, Token, read_unverified, text_of

MEANINGS = {
    "token_type": "what this JWT is for: an access token, not some other signed statement",
    "iss": "who issued it: the realm whose keys must verify the signature",
    "sub": "whom it speaks for: your client, or the person who approved",
    "client_id": "the client that it was issued to",
    "realm": "the realm inside the service",
    "scope": "what may be done with it, and nothing more",
    "aud": "who should accept it; others must refuse it",
    "iat": "issued at",
    "nbf": "not valid before",
    "exp": "expires at: after this it is refused everywhere",
    "jti": "the token's unique ID, for the audit trail",
    "cnf.jkt": "the thumbprint of the key it is bound to: useless without that private key",
    "act": "who acts here on behalf of sub, the latest first",
    "act.sub": "who acts here on behalf of sub",
    "may_act": "who may be given a token to act for sub",
    "htm": "the HTTP method that this proof is for",
    "htu": "the URL that this proof is for, without its query",
    "ath": "the hash of the access token that goes with this proof",
    "nonce": "a value from the service that shows the proof is fresh",
}
UNKNOWN = "no meaning known to the kit"
_TIMES = frozenset({"iat", "nbf", "exp"})


def show_claims(token_or_claims: Token | Decoded | Secret | str | Mapping[str, Any]) -> Shown:
    """A table of claim, value and meaning. Decoded only: `client.verify(token)` checks (M20)."""
    rows = list(_rows(mask_members(dict(_claims_of(token_or_claims)))))
    return Shown(_html(rows), _plain(rows))


def _claims_of(given: Token | Decoded | Secret | str | Mapping[str, Any]) -> Mapping[str, Any]:
    if isinstance(given, Token | Secret | str):
        return read_unverified(text_of(given)).claims
    return given.claims if isinstance(given, Decoded) else given


def _rows(claims: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str, str]]:
    for name, value in claims.items():
        full = f"{path}{name}"
        if isinstance(value, dict) and value and path.count(".") < 6:
            yield from _rows(value, f"{full}.")
        else:
            yield full, _value(full, value), _meaning(full)


def _meaning(name: str) -> str:
    if name.startswith("act.") and name.endswith(".sub") and name != "act.sub":
        return "who acted one step before"
    return MEANINGS.get(name, UNKNOWN)


def _value(name: str, value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if name in _TIMES and is_numeric_date(value):
        try:
            return f"{text} = {datetime.fromtimestamp(value, UTC):%Y-%m-%d %H:%M:%S} UTC"
        except (ValueError, OverflowError, OSError):
            return text
    return text


def _html(rows: list[tuple[str, str, str]]) -> str:
    cell = "padding: 4px 12px; text-align: left; vertical-align: top; overflow-wrap: anywhere"
    head = "".join(f'<th style="{cell}">{title}</th>' for title in ("claim", "value", "meaning"))
    body = "".join(
        f'<tr style="border-top: {BORDER}">'
        f'<td style="{cell}; {CODE}; font-weight: bold; white-space: nowrap">{escaped(name)}</td>'
        f'<td style="{cell}; {CODE}">{escaped(value)}</td>'
        f'<td style="{cell}; color: {FAINT}">{escaped(meaning)}</td></tr>'
        for name, value, meaning in rows
    )
    return (
        f'<table style="border: {BORDER}; border-collapse: collapse; max-width: 1040px; '
        f'font-size: var(--jp-ui-font-size1, 13px); color: {INK}">'
        f'<thead style="background: {SHADE}"><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table>"
    )


def _plain(rows: list[tuple[str, str, str]]) -> str:
    shown = [(masked(name), masked(value), meaning) for name, value, meaning in rows]
    first = max((len(name) for name, _, _ in shown), default=0)
    return "\n".join(
        f"{name:<{first}}  {value}\n{'':<{first}}  ({meaning})" for name, value, meaning in shown
    )
