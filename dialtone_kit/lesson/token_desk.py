"""The token explorer of a lesson: tokens inspected, and verified as `client.verify` does it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Protocol

from dialtone_kit.base.errors import DialtoneError, TokenRefused
from dialtone_kit.base.masking import Secret
from dialtone_kit.client.identity import IdentityClient
from dialtone_kit.keys import ProofKey
from dialtone_kit.tokens import Token, read_unverified, text_of
from dialtone_kit.widgets import TokenExplorer
from dialtone_kit.widgets.token_explorer import TokenCase, TokenVerdict
from dialtone_kit.widgets.token_reading import sentence_of, shown


class ExploringLesson(Protocol):
    """What the explorer needs of the lesson. `clients`: its own first, then its private realms'."""

    @property
    def clients(self) -> list[IdentityClient]: ...
    @property
    def interactive(self) -> bool: ...


def token_explorer(
    lesson: ExploringLesson, tokens: Sequence[object], key: ProofKey | None
) -> TokenExplorer:
    """The explorer for one token or two; `key` is the reader's own, to compare with `cnf.jkt`."""
    return TokenExplorer([_case(lesson, token, key) for token in tokens], lesson.interactive)


def _case(lesson: ExploringLesson, token: object, key: ProofKey | None) -> TokenCase:
    if not isinstance(token, Token | Secret | str):
        return TokenCase(token)
    own = key or (token.key if isinstance(token, Token) else None)
    secret = Secret(text_of(token).strip())
    client = _client_for(lesson, secret)
    return TokenCase(
        secret,
        own.thumbprint if own is not None else "",
        partial(verified, client, secret),
        client.connection.now,
    )


def _client_for(lesson: ExploringLesson, token: Secret) -> IdentityClient:
    """The client whose issuer the token names; if none is, the lesson's own, which will refuse."""
    try:
        named = read_unverified(token.reveal()).claims.get("iss")
    except TokenRefused:
        named = None
    clients = lesson.clients
    return next((client for client in clients if client.issuer == named), clients[0])


def verified(client: IdentityClient, token: Secret) -> TokenVerdict:
    """What `client.verify` says of the token, for the audience that the token itself names."""
    try:
        decoded = read_unverified(token.reveal())
        audiences = _audiences(decoded.claims.get("aud"))
        client.verify(token, audiences[0] if audiences else None)
        keys_url = str(client.metadata["jwks_uri"])
    except TokenRefused as refusal:
        return TokenVerdict("refused", sentence_of(refusal), refusal.rule)
    except DialtoneError as problem:
        text = f"The keys of {client.issuer} could not be fetched. {problem}"
        return TokenVerdict("can't tell", shown(text))
    text = "Signed by a key of its issuer, and within its lifetime."
    if audiences:
        text += f" It is for {' and '.join(audiences)}: any other API must refuse it."
    return TokenVerdict(
        "verified", shown(text), kid=shown(decoded.header["kid"]), keys_url=shown(keys_url)
    )


def _audiences(aud: object) -> list[str]:
    named = aud if isinstance(aud, list) else [aud]
    return [one for one in named if isinstance(one, str)]
