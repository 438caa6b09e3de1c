"""A use of each public name, and the type that comes out. mypy checks it, nothing runs it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, assert_type

import httpx
import httpx2
from cryptography import x509
from mcp.client import Client
from mcp.server import MCPServer
from starlette.types import ASGIApp

from dialtone_kit import (
    RULES,
    CredentialProblem,
    Credentials,
    DialtoneError,
    DPoPAuth,
    Enrollment,
    IdentityClient,
    IssuerMismatch,
    MockOnly,
    NonceRequired,
    ProofKey,
    ProofRefused,
    RateLimited,
    Request,
    Secret,
    SeenProofs,
    ServiceError,
    Token,
    TokenRefused,
    UnsafeUrl,
    __version__,
    access_token_hash,
    b64url,
    b64url_decode,
    build_proof,
    check_proof,
    is_bound_to,
    load_credentials,
    path_for,
    read_unverified,
    save_credentials,
    show_claims,
    start,
    thumbprint,
    verify_token,
)
from dialtone_kit.mcp import (
    Caller,
    DPoPGate,
    McpDPoP,
    caller,
    connected,
    http_client,
    metadata_url,
)
from dialtone_kit.spiffe import (
    BadSpiffeId,
    Evidence,
    JwtSvid,
    SpiffeId,
    SvidRefused,
    TrustBundle,
    Workload,
    WorkloadKey,
    X509Svid,
    jwt_svid_for,
    verify_jwt_svid,
    verify_x509_svid,
)

URL = "https://id.example/token"


def a_lesson() -> None:
    lesson = start("03", globals())
    assert_type(lesson.client, IdentityClient)
    assert_type(lesson.issuer, str)
    assert_type(lesson.is_mock, bool)
    assert_type(__version__, str)


def keys_and_proofs() -> None:
    key = ProofKey.generate("ES256")
    assert_type(key, ProofKey)
    assert_type(key.public_jwk, dict[str, str])
    assert_type(key.thumbprint, str)
    assert_type(key.sign(b""), bytes)
    assert_type(thumbprint({"kty": "OKP"}), str)
    assert_type(b64url(b""), str)
    assert_type(b64url_decode(""), bytes)
    assert_type(build_proof(key, "POST", URL, access_token="", nonce="", now=0.0), str)
    assert_type(access_token_hash(""), str)


def the_rules(key: ProofKey) -> None:
    request = Request("POST", URL, 0.0, first_use=SeenProofs(limit=10).first_use)
    proof = check_proof([build_proof(key, "POST", URL)], request, RULES[:-1])
    assert_type(proof.header, Mapping[str, Any])
    assert_type(proof.claims, Mapping[str, Any])
    assert_type(proof.jti, str)
    assert_type(proof.iat, int)
    for rule in RULES:
        assert_type(rule(proof, request), None)


def tokens(token: Token, key: ProofKey) -> None:
    assert_type(token.access_token, Secret)
    assert_type(token.access_token.reveal(), str)
    assert_type(token.expires_at, datetime)
    assert_type(token.key, ProofKey | None)
    assert_type(read_unverified("").claims, Mapping[str, Any])
    claims = verify_token("", {"keys": []}, URL, now=0.0, audience=None)
    assert_type(claims, dict[str, Any])
    assert_type(is_bound_to(claims, key), bool)
    assert_type(show_claims(token).text, str)


def a_client(enrollment: Enrollment) -> None:
    client = IdentityClient("https://id.example", "default", timeout=5.0, max_wait=0.0)
    credentials = client.confirm_enrollment(enrollment, "ABCD-2345")
    assert_type(credentials, Credentials)
    assert_type(enrollment.poll_token, Secret)
    assert_type(client.discover(), dict[str, Any])
    token = client.get_token("openid", key=ProofKey.generate())
    assert_type(token, Token)
    assert_type(client.verify(token), dict[str, Any])
    assert_type(client.call("GET", URL, token), httpx.Response)
    assert_type(client.userinfo(token), dict[str, Any])


def stored_credentials(credentials: Credentials) -> None:
    assert_type(path_for("cli_a"), Path)
    assert_type(save_credentials(credentials, overwrite=True), Path)
    assert_type(load_credentials("cli_a"), Credentials)
    assert_type(credentials.client_secret, Secret | None)


def your_own_httpx_client(key: ProofKey, token: Token) -> None:
    assert_type(httpx.Client(auth=DPoPAuth(key, token)), httpx.Client)


def errors() -> None:
    try:
        start(0)
    except (NonceRequired, ProofRefused) as refused:
        assert_type(refused.rule, str)
        assert_type(refused.error, str)
    except TokenRefused as refused:
        assert_type(refused.rule, str)
    except RateLimited as limited:
        assert_type(limited.retry_after, float)
    except ServiceError as error:
        assert_type(error.status, int)
    except (CredentialProblem, IssuerMismatch, MockOnly, UnsafeUrl) as problem:
        assert_type(problem.args, tuple[Any, ...])
    except DialtoneError as other:
        assert_type(str(other), str)


def a_workload(evidence: Evidence, client: IdentityClient, token: Token) -> None:
    workload = Workload(URL, SpiffeId.parse("spiffe://dialtone.test/a"), lambda audience: evidence)
    assert_type(workload.key, WorkloadKey)
    assert_type(workload.x509_svid(), X509Svid)
    assert_type(workload.jwt_svid("https://api.example"), JwtSvid)
    assert_type(workload.trust_bundle(), TrustBundle)
    assert_type(jwt_svid_for(client, token, "https://api.example"), JwtSvid)


def svids(svid: JwtSvid, chain: Sequence[x509.Certificate], bundle: TrustBundle) -> None:
    try:
        assert_type(verify_jwt_svid(svid, bundle, "https://api.example", 0.0), JwtSvid)
        assert_type(verify_x509_svid(chain, bundle, 0.0), SpiffeId)
    except (BadSpiffeId, SvidRefused) as refused:
        assert_type(refused.rule, str)


def a_gate(client: IdentityClient, server: MCPServer[Any]) -> None:
    gate = DPoPGate(
        server.streamable_http_app(),
        URL,
        client,
        scopes=["openid"],
        nonce_key=b"",
        first_use=SeenProofs().first_use,
    )
    app: ASGIApp = gate
    assert_type(gate.resource, str)
    assert_type(gate.scopes, tuple[str, ...])
    assert_type(metadata_url(URL), str)
    assert_type(caller(), Caller)
    assert_type(client.exchange(caller().token, resource=URL, key=ProofKey.generate()), Token)
    del app


async def through_a_gate(key: ProofKey, token: Token) -> None:
    auth = McpDPoP(key, token)
    assert_type(auth.refusal, ServiceError | None)
    assert_type(http_client(auth), httpx2.AsyncClient)
    assert_type(httpx2.AsyncClient(auth=auth), httpx2.AsyncClient)
    async with connected(URL, auth, mode="legacy") as client:
        assert_type(client, Client)
