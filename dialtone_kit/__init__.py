"""Dialtone Kit: agent identity and DPoP, learned by doing. Start with `start()` in a notebook.

Names load when they are used, so that `import dialtone_kit` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dialtone_kit.claims import show_claims as show_claims
    from dialtone_kit.client import Enrollment as Enrollment
    from dialtone_kit.client import IdentityClient as IdentityClient
    from dialtone_kit.client import Token as Token
    from dialtone_kit.credentials import Credentials as Credentials
    from dialtone_kit.credentials import load as load_credentials
    from dialtone_kit.credentials import path_for as path_for
    from dialtone_kit.credentials import save as save_credentials
    from dialtone_kit.dpop_auth import DPoPAuth as DPoPAuth
    from dialtone_kit.errors import BadSpiffeId as BadSpiffeId
    from dialtone_kit.errors import CredentialProblem as CredentialProblem
    from dialtone_kit.errors import DialtoneError as DialtoneError
    from dialtone_kit.errors import IssuerMismatch as IssuerMismatch
    from dialtone_kit.errors import MockOnly as MockOnly
    from dialtone_kit.errors import NonceRequired as NonceRequired
    from dialtone_kit.errors import ProofRefused as ProofRefused
    from dialtone_kit.errors import RateLimited as RateLimited
    from dialtone_kit.errors import ServiceError as ServiceError
    from dialtone_kit.errors import SvidRefused as SvidRefused
    from dialtone_kit.errors import TokenRefused as TokenRefused
    from dialtone_kit.errors import UnsafeUrl as UnsafeUrl
    from dialtone_kit.keys import ProofKey as ProofKey
    from dialtone_kit.keys import b64url as b64url
    from dialtone_kit.keys import b64url_decode as b64url_decode
    from dialtone_kit.keys import thumbprint as thumbprint
    from dialtone_kit.lesson import start as start
    from dialtone_kit.masking import Secret as Secret
    from dialtone_kit.proofs import SeenProofs as SeenProofs
    from dialtone_kit.proofs import build_proof as build_proof
    from dialtone_kit.proofs import check_proof as check_proof
    from dialtone_kit.rules import RULES as RULES
    from dialtone_kit.rules import Request as Request
    from dialtone_kit.rules import access_token_hash as access_token_hash
    from dialtone_kit.spiffe_id import SpiffeId as SpiffeId
    from dialtone_kit.svids import JwtSvid as JwtSvid
    from dialtone_kit.svids import WorkloadKey as WorkloadKey
    from dialtone_kit.svids import X509Svid as X509Svid
    from dialtone_kit.tokens import is_bound_to as is_bound_to
    from dialtone_kit.tokens import read_unverified as read_unverified
    from dialtone_kit.tokens import verify_token as verify_token
    from dialtone_kit.trust_bundle import TrustBundle as TrustBundle
    from dialtone_kit.trust_bundle import verify_jwt_svid as verify_jwt_svid
    from dialtone_kit.trust_bundle import verify_x509_svid as verify_x509_svid
    from dialtone_kit.workload import Workload as Workload
    from dialtone_kit.workload import jwt_svid_for as jwt_svid_for

__version__ = "0.1.0"

_HOMES = {
    "claims": ("show_claims",),
    "client": ("Enrollment", "IdentityClient", "Token"),
    "credentials": ("Credentials",),
    "dpop_auth": ("DPoPAuth",),
    "errors": (
        "BadSpiffeId", "CredentialProblem", "DialtoneError", "IssuerMismatch", "MockOnly",
        "NonceRequired", "ProofRefused", "RateLimited", "ServiceError", "SvidRefused",
        "TokenRefused", "UnsafeUrl",
    ),
    "keys": ("ProofKey", "b64url", "b64url_decode", "thumbprint"),
    "lesson": ("start",),
    "masking": ("Secret",),
    "proofs": ("SeenProofs", "build_proof", "check_proof"),
    "rules": ("RULES", "Request", "access_token_hash"),
    "spiffe_id": ("SpiffeId",),
    "svids": ("JwtSvid", "WorkloadKey", "X509Svid"),
    "trust_bundle": ("TrustBundle", "verify_jwt_svid", "verify_x509_svid"),
    "workload": ("Workload", "jwt_svid_for"),
    "tokens": ("is_bound_to", "read_unverified", "verify_token"),
}  # fmt: skip
_NAMES = {name: (home, name) for home, names in _HOMES.items() for name in names} | {
    "load_credentials": ("credentials", "load"),
    "path_for": ("credentials", "path_for"),
    "save_credentials": ("credentials", "save"),
}
__all__ = sorted(_NAMES)  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    if name not in _NAMES:
        raise AttributeError(f"module 'dialtone_kit' has no attribute {name!r}")
    home, attribute = _NAMES[name]
    value = getattr(import_module(f"dialtone_kit.{home}"), attribute)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_NAMES})
