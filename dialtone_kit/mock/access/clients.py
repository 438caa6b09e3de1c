"""Who is this client? `client_secret_basic` and `client_secret_post` (RFC 6749 §2.3.1).

A public client (`token_endpoint_auth_method: none`) has no secret and only names itself. A workload
(`spiffe_jwt`) shows its JWT-SVID instead of a secret (draft-ietf-oauth-spiffe-client-auth §3.1).
"""

from __future__ import annotations

import base64
import binascii
import hmac
from urllib.parse import unquote_plus

from sqlalchemy import Connection, bindparam, exists, select
from starlette.requests import Request

from dialtone_kit.base.errors import TokenRefused
from dialtone_kit.base.masking import mask_text
from dialtone_kit.mock.access import lineage
from dialtone_kit.mock.access.svid_check import ASSERTION_TYPE, SvidCheck
from dialtone_kit.mock.core.client import CLIENT_ID, Client
from dialtone_kit.mock.core.codes import secret_hash
from dialtone_kit.mock.core.refusal import Headers, Refusal, log
from dialtone_kit.mock.core.service import Service
from dialtone_kit.mock.core.settings import Realm
from dialtone_kit.mock.schemas.sent import ClientForm
from dialtone_kit.mock.store.statements import Prepared
from dialtone_kit.mock.store.tables import clients, revocations
from dialtone_kit.mock.web.context import service_of
from dialtone_kit.mock.web.requests import header_values

CHALLENGE: Headers = (("WWW-Authenticate", 'Basic realm="dialtone"'),)
_C = clients.c
_LOCKED = exists().where(revocations.c.node == bindparam("node"))
_BY_ID = Prepared(
    select(
        *(_C.realm, _C.client_name, _C.scopes, _C.sponsor, _C.secret_hash, _C.spiffe_id, _LOCKED)
    ).where(_C.client_id == bindparam("wanted"))
)
NOBODY = bytes(32)  # compared for an unknown client, so that it takes as long as a known one


async def authenticate_client(
    request: Request, form: ClientForm, realm: Realm | None, *, public: bool = False
) -> Client:
    """The client that sent this request; it must belong to `realm` if the path names one.

    `public`: whether clients without a secret are admitted. 400 for two methods at once, else 401:
    the same message for an unknown client and a wrong secret.
    """
    client_id, secret = _presented(request, form)
    service = service_of(request)
    entry = await service.store.read(lambda tx: find_client(tx, client_id))
    client, stored = entry if entry is not None else (None, NOBODY)
    if form.client_assertion or form.client_assertion_type:
        if secret is not None:
            raise Refusal(400, "invalid_request", "Authenticate once: by secret or by SVID.")
        return await _by_svid(service, form, client, realm)
    if secret is None and not (public and client is not None and client.public):
        raise invalid_client(
            "Authenticate with your client_id and client_secret, by HTTP Basic or in the form."
        )
    right = secret is None or hmac.compare_digest(secret_hash(secret), stored)
    if client is None or not right or (realm is not None and client.realm != realm.name):
        log.warning("client authentication failed for %r", mask_text(client_id)[:80])
        raise invalid_client("No client of this realm has this id and this secret.")
    return client


def find_client(tx: Connection, client_id: str) -> tuple[Client, bytes] | None:
    """A client and the hash of its secret; empty, and so equal to no hash, if it is public."""
    if not CLIENT_ID.fullmatch(client_id):
        return None
    row = _BY_ID.run(tx, wanted=client_id, node=lineage.client_node(client_id)).fetchone()
    if row is None:
        return None
    realm, name, scopes, sponsor, stored, spiffe_id, locked = row
    client = Client(
        client_id=client_id,
        realm=realm,
        client_name=name,
        scopes=tuple(scopes.split()),
        sponsor=sponsor,
        public=not stored and spiffe_id is None,
        locked=bool(locked),
        spiffe_id=spiffe_id,
    )
    return client, stored


async def _by_svid(
    service: Service, form: ClientForm, client: Client | None, realm: Realm | None
) -> Client:
    """The workload that a JWT-SVID names, if it is this client. 401 if not."""
    if form.client_assertion_type != ASSERTION_TYPE:
        raise invalid_client(f"client_assertion_type: the only one known here is {ASSERTION_TYPE}.")
    elsewhere = client is not None and realm is not None and client.realm != realm.name
    if client is None or client.spiffe_id is None or elsewhere:
        raise invalid_client("No client of this realm has this id and a SPIFFE ID.")
    issuer = service.settings.issuer(client.realm)
    try:
        shown = await service.part(SvidCheck).who(service, form.client_assertion, issuer)
    except TokenRefused as problem:
        log.warning("the SVID of %s was refused: %s", client.client_id, problem.rule)
        raise invalid_client(f"client_assertion {problem}") from None
    if shown != client.spiffe_id:
        raise invalid_client(f"client_assertion sub: this client is not {shown}.")
    return client


async def realm_of_client(service: Service, client: Client) -> Realm:
    """The client's realm, for requests at the root. 404 if it no longer exists."""
    realm = await service.find_realm(client.realm)
    if realm is None:  # removed between the two reads
        raise Refusal(404, "not_found", "This client's realm no longer exists.")
    return realm


def invalid_client(description: str) -> Refusal:
    """401 as in RFC 6749 §5.2."""
    return Refusal(401, "invalid_client", description, CHALLENGE)


def _presented(request: Request, form: ClientForm) -> tuple[str, str | None]:
    """Id and secret, sent by exactly one of the two methods; or the id alone, in the form."""
    headers = header_values(request, "authorization")
    if len(headers) > 1:
        raise Refusal(400, "invalid_request", "Two Authorization headers were sent; send one.")
    if not headers:
        return form.client_id, form.client_secret or None
    if form.client_secret:
        raise Refusal(400, "invalid_request", "Authenticate once: by HTTP Basic or in the form.")
    basic_id, basic_secret = _basic(headers[0])
    if form.client_id not in ("", basic_id):
        raise Refusal(400, "invalid_request", "The client_id in the form differs from Basic's.")
    return basic_id, basic_secret


def _basic(header: str) -> tuple[str, str]:
    """Id and secret from an `Authorization: Basic` header, where both are form-encoded."""
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
