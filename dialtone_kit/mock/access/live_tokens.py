"""The service's own access tokens: signed by it, for this realm, and still valid."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection

from dialtone_kit.base.errors import TokenRefused
from dialtone_kit.mock.access import lineage
from dialtone_kit.mock.access.clients import find_client
from dialtone_kit.mock.core import clock
from dialtone_kit.mock.core.client import Client
from dialtone_kit.mock.core.service import Service
from dialtone_kit.mock.core.settings import Realm
from dialtone_kit.tokens import Decoded, read_unverified, verify_decoded

REMEMBERED = 4096  # characters; decoded, a token takes many times that, and anyone can send one


def decoded(token: str) -> Decoded:
    """The token decoded but not verified; shared, so don't change it. Raises TokenRefused."""
    return _remembered(token) if len(token) <= REMEMBERED else read_unverified(token)


@lru_cache(maxsize=512)  # the same token comes with many calls
def _remembered(token: str) -> Decoded:
    return read_unverified(token)


async def live_token(service: Service, realm: Realm, token: str) -> tuple[dict[str, Any], Client]:
    """Claims and client of an access token that is valid now, for any audience.

    Raises TokenRefused, which names the check: forged, expired, another realm's, revoked.
    """
    unverified = decoded(token)
    named = unverified.claims.get("aud")
    audience = named[0] if isinstance(named, list) and named else named
    jwks, issuer = await service.keys.jwks(), service.settings.issuer(realm.name)
    claims = verify_decoded(
        token,
        unverified,
        jwks,
        issuer,
        now=clock.now(realm),
        audience=audience if isinstance(audience, str) else None,
    )
    return claims, await live_client(service, realm, claims)


async def live_client(service: Service, realm: Realm, claims: Mapping[str, Any]) -> Client:
    """The client of a verified token. Raises TokenRefused, see `must_be_alive`."""
    return await service.store.read(lambda tx: must_be_alive(tx, realm, claims))


def must_be_alive(tx: Connection, realm: Realm, claims: Mapping[str, Any]) -> Client:
    """The client of a verified token. Raises TokenRefused if client or token is revoked or gone."""
    client, _ = find_client(tx, str(claims["client_id"])) or (None, b"")
    if client is None or client.realm != realm.name:
        raise TokenRefused("client", "the client of this token no longer exists.")
    if client.locked:
        raise TokenRefused("client", "the client of this token is locked.")
    if lineage.is_dead(tx, claims):
        raise TokenRefused("revoked", "this token, or one that it was derived from, was revoked.")
    return client
