"""Who is this client? `client_secret_basic` and `client_secret_post` (RFC 6749 §2.3.1)."""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote_plus

from sqlalchemy import Connection, bindparam, select
from starlette.requests import Request

from dialtone_kit.mock.answers import Headers, Refusal, log
from dialtone_kit.mock.enrollments import secret_hash
from dialtone_kit.mock.intake import header_values, one
from dialtone_kit.mock.service import service_of
from dialtone_kit.mock.settings import Realm
from dialtone_kit.mock.tables import clients

CLIENT_ID = re.compile(r"cli_[a-z0-9_]{1,64}")
CHALLENGE: Headers = (("WWW-Authenticate", 'Basic realm="dialtone"'),)
_BY_ID = select(clients).where(clients.c.client_id == bindparam("wanted"))  # built once: it is hot
NOBODY = bytes(32)  # stands in for an unknown client: it takes as long as a known one


@dataclass(frozen=True)
class Client:
    """A registered client, as stored."""

    client_id: str
    realm: str
    client_name: str
    scopes: tuple[str, ...]
    sponsor: str


async def authenticate_client(
    request: Request, form: Mapping[str, list[str]], realm: Realm | None
) -> Client:
    """The client that this request comes from, of `realm` where the path names one.

    400 for two ways at once, 401 otherwise: one text for an unknown client and a wrong secret.
    """
    client_id, secret = _presented(request, form)
    service = service_of(request)
    found = await service.store.read(lambda tx: find_client(tx, client_id))
    client, stored = found if found is not None else (None, NOBODY)
    right = hmac.compare_digest(secret_hash(secret), stored)
    if client is None or not right or (realm is not None and client.realm != realm.name):
        log.warning("client authentication failed for %r", client_id[:80])
        raise invalid_client("No client of this realm has this id and this secret.")
    return client


def find_client(tx: Connection, client_id: str) -> tuple[Client, bytes] | None:
    """A client and the hash of its secret."""
    if not CLIENT_ID.fullmatch(client_id):
        return None
    row = tx.execute(_BY_ID, {"wanted": client_id}).first()
    if row is None:
        return None
    scopes = tuple(row.scopes.split())
    found = Client(row.client_id, row.realm, row.client_name, scopes, row.sponsor)
    return found, bytes(row.secret_hash)


def invalid_client(description: str) -> Refusal:
    """401 as RFC 6749 §5.2 has it."""
    return Refusal(401, "invalid_client", description, CHALLENGE)


def _presented(request: Request, form: Mapping[str, list[str]]) -> tuple[str, str]:
    """The id and secret that came, by exactly one of the two ways."""
    headers = header_values(request, "authorization")
    if len(headers) > 1:
        raise Refusal(400, "invalid_request", "Two Authorization headers came; send one.")
    posted_id, posted_secret = one(form, "client_id"), one(form, "client_secret")
    if not headers:
        if posted_id is None or posted_secret is None:
            raise invalid_client(
                "Authenticate with your client_id and client_secret, by HTTP Basic or in the form."
            )
        return posted_id, posted_secret
    if posted_secret is not None:
        raise Refusal(400, "invalid_request", "Authenticate once: by HTTP Basic or in the form.")
    basic_id, basic_secret = _basic(headers[0])
    if posted_id not in (None, basic_id):
        raise Refusal(400, "invalid_request", "The client_id in the form is not that of Basic.")
    return basic_id, basic_secret


def _basic(header: str) -> tuple[str, str]:
    """Id and secret of an `Authorization: Basic` header; both are form-encoded in it."""
    scheme, _, encoded = header.partition(" ")
    try:
        if scheme.lower() != "basic":
            raise ValueError(scheme)
        plain = base64.b64decode(encoded.strip(" "), validate=True).decode("utf-8")
        name, colon, secret = plain.partition(":")
        if not colon:
            raise ValueError(colon)
        return unquote_plus(name, errors="strict"), unquote_plus(secret, errors="strict")
    except (ValueError, binascii.Error):
        raise invalid_client(
            "The Authorization header is not Basic with base64 of client_id:client_secret."
        ) from None
