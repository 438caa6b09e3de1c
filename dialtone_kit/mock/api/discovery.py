"""Where everything is (the demo's step 1): metadata, keys, and instructions for agents."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from dialtone_kit.base.algorithms import ALGORITHMS
from dialtone_kit.mock.core import settings as limits
from dialtone_kit.mock.core.refusal import PUBLIC, Headers
from dialtone_kit.mock.core.service import Service
from dialtone_kit.mock.core.settings import Realm
from dialtone_kit.mock.schemas.api import AgentMetadata, KeySet, Metadata, OpenApi
from dialtone_kit.mock.schemas.spiffe import SVID_LIFETIME
from dialtone_kit.mock.spiffe.settings import CHALLENGE_LIFETIME, SpiffeSettings
from dialtone_kit.mock.tokens.endpoint import GRANTS
from dialtone_kit.mock.web.context import realm_of, service_of
from dialtone_kit.mock.web.describe import describe
from dialtone_kit.mock.web.responses import content_answer, json_answer

CONFIDENTIAL = ("client_secret_basic", "client_secret_post", "spiffe_jwt")
CACHED: Headers = (("Cache-Control", "public, max-age=60"), *PUBLIC)


@describe("OpenID Connect and OAuth metadata", answers=Metadata, refusals=(503,), cached=True)
async def metadata(request: Request) -> Response:
    """Lists only what works. There is no authorization endpoint: agents have credentials."""
    service, realm = service_of(request), await realm_of(request)
    issuer = service.settings.issuer(request.path_params.get("realm"))
    return json_answer(_metadata(service, realm, issuer), headers=CACHED)


@describe("The public keys that verify access tokens", answers=KeySet, refusals=(503,), cached=True)
async def jwks(request: Request) -> Response:
    """RFC 7517; each key has a `kid`."""
    await realm_of(request)
    return json_answer(await service_of(request).keys.published(), headers=CACHED)


@describe("How an agent uses this service", answers="text/plain", cached=True)
async def agent_instructions(request: Request) -> Response:
    """For an agent, and for its human, to read."""
    text = _page("agent-instructions.txt", service_of(request))
    return content_answer(text, "text/plain; charset=utf-8", headers=CACHED)


@describe(
    "What agents do with an identity, with commands to run", answers="text/markdown", cached=True
)
async def agent_patterns(request: Request) -> Response:
    """The cookbook: DPoP, device login, refresh, exchange, workloads."""
    text = _page("agent-patterns.md", service_of(request))
    return content_answer(text, "text/markdown; charset=utf-8", headers=CACHED)


@describe("The same facts for programs", answers=AgentMetadata, cached=True)
async def agent_json(request: Request) -> Response:
    """Endpoints, grants, limits and lifetimes."""
    return json_answer(_agent_metadata(service_of(request)), headers=CACHED)


@describe("This document", answers=OpenApi, cached=True)
async def openapi_json(request: Request) -> Response:
    """Every operation, with its requests and responses (OpenAPI 3.1)."""
    return content_answer(request.app.openapi, "application/json", headers=CACHED)


def _metadata(service: Service, realm: Realm, issuer: str) -> dict[str, Any]:
    return {
        "issuer": issuer,
        "token_endpoint": f"{issuer}/token",
        "jwks_uri": f"{issuer}/jwks",
        "userinfo_endpoint": f"{issuer}/userinfo",
        "device_authorization_endpoint": f"{issuer}/device_authorization",
        "introspection_endpoint": f"{issuer}/introspect",
        "revocation_endpoint": f"{issuer}/revoke",
        "grant_types_supported": list(GRANTS),
        "response_types_supported": ["none"],  # required, and never empty (RFC 8414 §2, §3.2)
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "token_endpoint_auth_methods_supported": [*CONFIDENTIAL, "none"],
        "introspection_endpoint_auth_methods_supported": list(CONFIDENTIAL),
        "revocation_endpoint_auth_methods_supported": [*CONFIDENTIAL, "none"],
        "scopes_supported": list(realm.scopes),
        "claims_supported": ["sub", "iss", "client_id", "realm", "scope", "cnf", "act"],
        "dpop_signing_alg_values_supported": list(ALGORITHMS),
        "service_documentation": f"{service.settings.base_url}/.well-known/agent-instructions",
    }


def _agent_metadata(service: Service) -> dict[str, Any]:
    base = service.settings.base_url
    registration = f"{base}/realms/{{realm}}/register"
    return {
        "name": "StrongDM ID, local teaching service",
        "description": "Identity for agents: a person vouches by email; a key binds the tokens.",
        "base_url": base,
        "openapi": f"{base}/openapi.json",
        "instructions": f"{base}/.well-known/agent-instructions",
        "patterns": f"{base}/docs/agent-patterns/README.md",
        "realms": {name: realm.description for name, realm in service.realms.items()},
        "endpoints": {
            "discovery": f"{base}/realms/{{realm}}/.well-known/openid-configuration",
            "register_request": f"{registration}/request",
            "register_status": f"{registration}/status/{{enrollment_id}}",
            "register_approve": f"{registration}/approve",
            "register_confirm": f"{registration}/confirm",
            "token": f"{base}/realms/{{realm}}/token",
            "device_authorization": f"{base}/realms/{{realm}}/device_authorization",
            "device": f"{base}/realms/{{realm}}/device",
            "introspect": f"{base}/realms/{{realm}}/introspect",
            "revoke": f"{base}/realms/{{realm}}/revoke",
            "jwks": f"{base}/realms/{{realm}}/jwks",
            "userinfo": f"{base}/realms/{{realm}}/userinfo",
            "whoami": f"{base}/realms/{{realm}}/api/whoami",
            "notes": f"{base}/realms/{{realm}}/api/notes",
            "audit_events": f"{base}/realms/{{realm}}/audit/events",
            "attestation_challenge": f"{base}/v1/attest/challenge",
            "x509_svid": f"{base}/v1/svid/x509",
            "jwt_svid": f"{base}/v1/svid/jwt",
            "jwt_svid_for_token": f"{base}/realms/{{realm}}/svid/jwt",
            "spiffe_trust_bundle": f"{base}/.well-known/spiffe-trust-bundle",
        },
        "spiffe": {
            "trust_domain": service.part(SpiffeSettings).trust_domain,
            "platforms": list(service.part(SpiffeSettings).platforms),
        },
        "grant_types": list(GRANTS),
        "dpop_algorithms": list(ALGORITHMS),
        "limits": {
            "registrations_per_email_per_hour": limits.REQUESTS_PER_EMAIL,
            "registrations_per_ip_per_hour": limits.REQUESTS_PER_ADDRESS,
            "wrong_codes": limits.WRONG_CODES,
            "wrong_user_codes_per_ip_per_hour": limits.WRONG_USER_CODES,
            "device_mails_per_email_per_hour": limits.DEVICE_MAILS_PER_EMAIL,
            "device_poll_interval_seconds": limits.DEVICE_INTERVAL,
            "body_bytes": limits.MAX_BODY,
        },
        "lifetimes_seconds": {
            "enrollment": limits.ENROLLMENT_LIFETIME,
            "access_token": limits.TOKEN_LIFETIME,
            "device_code": limits.DEVICE_LIFETIME,
            "refresh_token_family": limits.REFRESH_LIFETIME,
            "attestation_challenge": CHALLENGE_LIFETIME,
            "svid": SVID_LIFETIME,
        },
        "errors": {"shape": {"error": "code", "error_description": "what to do"}},
    }


def _page(name: str, service: Service) -> bytes:
    return _text(name).replace("{base}", service.settings.base_url).encode()


@lru_cache
def _text(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")
