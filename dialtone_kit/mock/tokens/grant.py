"""What every grant works with: the order as it came in, and what was decided about it."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection

from dialtone_kit import rules
from dialtone_kit.mock.core.client import Client
from dialtone_kit.mock.core.refusal import Refusal
from dialtone_kit.mock.core.service import Service
from dialtone_kit.mock.core.settings import Realm
from dialtone_kit.mock.policy.decisions import Decision
from dialtone_kit.mock.schemas.formats import is_visible
from dialtone_kit.mock.schemas.tokens import TargetsForm, TokenForm

# What else happens when the token goes out, in the same transaction; it gets the token's claims.
# A refusal that it raises rolls everything back; one that it returns keeps what was written.
Effect = Callable[[Connection, Mapping[str, Any]], Refusal | None]


def nothing_else(_tx: Connection, _claims: Mapping[str, Any]) -> None:
    """The token goes out, with no other effect."""


@dataclass(frozen=True)
class Order:
    """What a grant is decided from: the authenticated request."""

    service: Service
    realm: Realm
    client: Client
    form: TokenForm
    wanted: rules.Request
    proof: rules.Proof | None


@dataclass(frozen=True)
class Grant:
    """What a grant decided: whose token, with which scope, for whom, and until when at most.

    `claims` and `answer` are further members of the token and of the answer that brings it;
    `audited` is recorded in the audit trail with it, and so is what the policies `decided` about
    its scopes. `ends_at` is in Unix seconds of the realm.
    """

    subject: str
    scope: str
    audience: tuple[str, ...] = ()
    ends_at: int | None = None
    claims: Mapping[str, Any] = field(default_factory=dict)
    answer: Mapping[str, Any] = field(default_factory=dict)
    audited: Mapping[str, Any] = field(default_factory=dict)
    effect: Effect = nothing_else
    decided: Mapping[str, Decision] = field(default_factory=dict)


def asked_scope(scope: str, granted: Collection[str], who: str = "This client was") -> str:
    """The scope asked for; all that was granted if none is named. Never more, never less."""
    if not scope:
        return " ".join(granted)
    asked = tuple(dict.fromkeys(name for name in scope.split(" ") if name))
    if not asked or any(name not in granted for name in asked):
        allowed = " ".join(granted) or "nothing"
        raise Refusal(400, "invalid_scope", f"{who} granted {allowed} and nothing more.")
    return " ".join(asked)


def asked_audience(form: TargetsForm) -> tuple[str, ...]:
    """`audience` and `resource` values together (RFC 8707, RFC 8693). 400 invalid_target."""
    if not all(map(_is_absolute_uri, form.resource)):
        raise Refusal(
            400, "invalid_target", "resource is an absolute URI without a fragment (RFC 8707)."
        )
    named = tuple(dict.fromkeys([*form.audience, *form.resource]))
    if len(named) > 10 or any(not is_visible(value) or len(value) > 500 for value in named):
        raise Refusal(400, "invalid_target", "Name at most 10 audiences of at most 500 characters.")
    return named


def approved_audience(form: TargetsForm, stored: str | None) -> tuple[str, ...]:
    """What is asked for of an approval's `stored` audience; all of it if none is named.

    Only what the person saw (RFC 8707 §2.2): otherwise 400 invalid_target, also if the approval
    named no audience at all.
    """
    approved, named = read_audience(stored), asked_audience(form)
    if set(named) <= set(approved):
        return named or approved
    if approved:
        text = f"The approval is for {', '.join(approved)} and nothing else."
    else:
        text = (
            "The approval named no audience or resource, so a token from it names none either. "
            "Name it in the device_authorization request, so that the person sees it."
        )
    raise Refusal(400, "invalid_target", text)


def stored_audience(audience: tuple[str, ...]) -> str | None:
    """An approval's audience as a column holds it; None where none was named."""
    return json.dumps(audience) if audience else None


def read_audience(stored: str | None) -> tuple[str, ...]:
    """The audience that `stored_audience` wrote."""
    return tuple(json.loads(stored)) if stored else ()


def _is_absolute_uri(value: str) -> bool:
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    plain = value.isascii() and value.isprintable() and " " not in value
    return plain and bool(parts.scheme and (parts.netloc or parts.path)) and "#" not in value
