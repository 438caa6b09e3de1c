"""SPIFFE (Pathway C): challenge, SVIDs by attestation or with an access token, trust bundle.

At /v1/svid/… a platform vouches for the workload; at {p}/svid/jwt a registered client asks with
its token. Both end in an identity that lasts an hour at most and needs no stored secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError
from starlette.requests import Request
from starlette.responses import Response

from dialtone_kit.keys import thumbprint
from dialtone_kit.mock.access.callers import REFUSALS, authorize
from dialtone_kit.mock.core import audit, clock
from dialtone_kit.mock.core.refusal import NO_STORE, PUBLIC, Headers, Refusal, log
from dialtone_kit.mock.core.service import Service
from dialtone_kit.mock.core.settings import PRIVATE_REALM, Realm
from dialtone_kit.mock.schemas.spiffe import (
    Attempt,
    Challenge,
    JwtForToken,
    JwtRequest,
    JwtSvid,
    TrustBundle,
    X509Request,
    X509Svid,
)
from dialtone_kit.mock.spiffe import attestation, authority, challenges
from dialtone_kit.mock.spiffe.attestation import Attested, Shown
from dialtone_kit.mock.spiffe.authority import Signer, Svid, Use
from dialtone_kit.mock.spiffe.certificate_requests import read_request
from dialtone_kit.mock.spiffe.platform_keys import trusted_keys
from dialtone_kit.mock.spiffe.settings import (
    CHALLENGE_LIFETIME,
    REFRESH_HINT,
    Platform,
    SpiffeSettings,
    cluster_of,
)
from dialtone_kit.mock.store.tables import attested_instances
from dialtone_kit.mock.web.context import realm_of, service_of
from dialtone_kit.mock.web.describe import describe
from dialtone_kit.mock.web.requests import read_json
from dialtone_kit.mock.web.responses import json_answer
from dialtone_kit.spiffe.spiffe_id import SpiffeId

ATTEMPT = (400, 401, 403, 409, 410, 413, 415, 503)
BUNDLE_PATH = "/.well-known/spiffe-trust-bundle"


@describe("A single-use challenge for attestation", answers=Challenge)
async def attestation_challenge(request: Request) -> Response:
    """Valid for five minutes and one attempt. Ask your platform for evidence made for it."""
    now = clock.machine_now()
    answer = {
        "nonce": challenges.issue(service_of(request).key, now),
        "expires_at": clock.rfc3339(now + CHALLENGE_LIFETIME),
        "expires_in": CHALLENGE_LIFETIME,
    }
    return json_answer(answer, headers=NO_STORE)


@describe(
    "An X.509-SVID for the key of a certificate request",
    answers=X509Svid,
    body=X509Request,
    refusals=ATTEMPT,
)
async def x509_svid(request: Request) -> Response:
    """The request names the SPIFFE ID that your platform's evidence is for, and nothing else."""
    service = service_of(request)
    sent = await read_json(request, X509Request)
    platform, realm = await _trusted(service, sent)
    await _use_up(service, realm, sent.nonce)
    asked = read_request(sent.csr)
    attested = await _attested(service, realm, platform, sent, asked.jwk)
    _must_be_own(asked.spiffe_id, attested.spiffe_id)
    now = clock.machine_now()  # one trust domain, one time, whatever a realm's clock says
    by = await _signer(service, "x509")
    svid = authority.sign_x509(by, asked.public_key, asked.spiffe_id, now, sent.ttl)
    await _record(service, realm, sent, svid, attested, thumbprint(asked.jwk))
    url = f"{service.settings.base_url}{BUNDLE_PATH}"
    return json_answer({**_shown(svid), "trust_bundle_url": url}, headers=NO_STORE)


@describe("A JWT-SVID, by attestation", answers=JwtSvid, body=JwtRequest, refusals=ATTEMPT)
async def jwt_svid(request: Request) -> Response:
    """For the audience that you name. Only it should accept the SVID, which is a bearer token."""
    service = service_of(request)
    sent = await read_json(request, JwtRequest)
    platform, realm = await _trusted(service, sent)
    await _use_up(service, realm, sent.nonce)
    key = attestation.checked_key(sent.key)
    attested = await _attested(service, realm, platform, sent, key)
    now = clock.machine_now()
    by = await _signer(service, "jwt")
    svid = authority.sign_jwt(by, attested.spiffe_id, sent.audience, now, sent.ttl)
    await _record(service, realm, sent, svid, attested, thumbprint(key))
    return json_answer(_shown(svid), headers=NO_STORE)


@describe(
    "A JWT-SVID, with an access token",
    answers=JwtSvid,
    body=JwtForToken,
    refusals=(*REFUSALS, 415),
    security=("dpop", "bearer"),
)
async def jwt_svid_for_token(request: Request) -> Response:
    """For a registered client: spiffe://…/workload/<client_id>, no longer than the token lives."""
    caller = await authorize(request)
    sent = await read_json(request, JwtForToken)
    service, realm = caller.service, caller.realm
    ttl = min(sent.ttl, int(caller.claims["exp"] - clock.now(realm)))
    spiffe_id = SpiffeId.of(_settings(service).trust_domain, f"/workload/{caller.client.client_id}")
    by = await _signer(service, "jwt")
    svid = authority.sign_jwt(by, spiffe_id, sent.audience, clock.machine_now(), ttl)

    def record(tx: Connection) -> None:
        details = {"spiffe_id": str(spiffe_id), "by": "access_token"}
        audit.record(tx, realm, "svid_issued", caller.client.client_id, **details)

    await caller.finish(record, writes=True)
    return json_answer(_shown(svid), headers=NO_STORE + caller.nonce)


@describe("The keys that verify SVIDs", answers=TrustBundle, refusals=(503,), cached=True)
async def trust_bundle(request: Request) -> Response:
    """One for the trust domain, the same in every realm. Fetch it again after the hinted time."""
    service = service_of(request)
    await realm_of(request)
    bundle = await service.store.read(
        lambda tx: authority.bundle(tx, _settings(service).trust_domain, clock.machine_now())
    )
    cached: Headers = (("Cache-Control", f"public, max-age={REFRESH_HINT // 5}"), *PUBLIC)
    return json_answer(bundle, headers=cached)


def _settings(service: Service) -> SpiffeSettings:
    return service.part(SpiffeSettings)


async def _trusted(service: Service, sent: Attempt) -> tuple[Platform, Realm]:
    """The configuration that the evidence names, and its realm; still nothing is verified.

    By its issuer, evidence of the local Kubernetes may be from the cluster of a private realm.
    """
    platform = _settings(service).platforms[sent.platform]
    if platform.name == "kubernetes" and platform.keys is None:
        named = attestation.issuer_named(sent.evidence_shown()).rpartition("/")[2]
        cluster = PRIVATE_REALM.fullmatch(named) and await service.find_realm(named)
        if cluster:
            return cluster_of(platform, cluster.name), cluster
    realm = await service.find_realm(platform.realm)
    assert realm is not None  # noqa: S101  (checked when the settings were read)
    return platform, realm


async def _use_up(service: Service, realm: Realm, nonce: str) -> None:
    """Use up the challenge, whether or not the attempt succeeds."""
    now = clock.machine_now()
    try:
        await service.store.write(lambda tx: challenges.use_up(tx, realm, service.key, nonce, now))
    except Refusal as problem:
        log.warning("an attestation was refused: %s", problem.description)
        raise


async def _attested(
    service: Service, realm: Realm, platform: Platform, sent: Attempt, key: Mapping[str, Any]
) -> Attested:
    """The identity of the workload that the evidence is about."""
    shown = Shown(platform, sent.evidence_shown(), sent.nonce, key, sent.binding)
    keys = await trusted_keys(service, platform)
    try:
        return attestation.attest(shown, keys, _settings(service).trust_domain, realm)
    except Refusal as problem:
        log.warning("evidence of %s refused: %s", platform.name, problem.description)
        raise


def _must_be_own(asked: SpiffeId, attested: SpiffeId) -> None:
    """403 for another workload's name, and for a name in another trust domain."""
    if asked.trust_domain != attested.trust_domain:
        raise Refusal(
            403,
            "access_denied",
            f"trust_domain: this service speaks for {attested.trust_domain}, not for "
            f"{asked.trust_domain}.",
        )
    if asked != attested:
        raise Refusal(
            403, "access_denied", f"spiffe_id: your platform vouches for {attested}, not {asked}."
        )


async def _signer(service: Service, use: Use) -> Signer:
    return await service.store.read(
        lambda tx: authority.signer(tx, _settings(service).trust_domain, use, clock.machine_now())
    )


async def _record(
    service: Service, realm: Realm, sent: Attempt, svid: Svid, attested: Attested, jkt: str
) -> None:
    """Write the event, and the machine's first key, before anything is sent."""

    def work(tx: Connection) -> None:
        if attested.instance is not None:
            _first_key_only(tx, realm, attested.instance, jkt)
        audit.record(
            tx,
            realm,
            "svid_issued",
            spiffe_id=str(svid.spiffe_id),
            by=sent.platform,
            jkt=jkt,
            expires_at=svid.expires_at,
        )

    await service.store.write(work)


def _first_key_only(tx: Connection, realm: Realm, instance: str, jkt: str) -> None:
    """401 if this machine used another key before: anyone can copy its evidence."""
    table = attested_instances
    digest = sha256(f"{realm.name}|{instance}".encode()).digest()
    known = tx.execute(select(table.c.thumbprint).where(table.c.digest == digest)).scalar()
    if known is None:
        row = {"digest": digest, "realm": realm.name, "thumbprint": jkt}
        try:
            tx.execute(insert(table), {**row, "first_at": clock.now(realm)})
        except IntegrityError:  # another worker was faster, with a key that is now the first
            known = ""
    if known not in (None, jkt):
        raise attestation.refused(
            "first_key",
            "this instance used another key before. Anyone who gets hold of its document can send "
            "it, so only the first key counts: use that one.",
        )


def _shown(svid: Svid) -> dict[str, str]:
    return {
        "svid": svid.text,
        "spiffe_id": str(svid.spiffe_id),
        "expires_at": clock.rfc3339(svid.expires_at),
    }
