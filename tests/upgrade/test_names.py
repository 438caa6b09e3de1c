"""Public names of 0.1 still import from the top: SPIFFE's with a warning, the others silently."""

import warnings
from importlib import import_module

import pytest

import dialtone_kit

NAMES = [
    "CredentialProblem",
    "Credentials",
    "DPoPAuth",
    "DialtoneError",
    "Enrollment",
    "IdentityClient",
    "IssuerMismatch",
    "MockOnly",
    "NonceRequired",
    "ProofKey",
    "ProofRefused",
    "RULES",
    "RateLimited",
    "Request",
    "Secret",
    "SeenProofs",
    "ServiceError",
    "Token",
    "TokenRefused",
    "UnsafeUrl",
    "access_token_hash",
    "b64url",
    "b64url_decode",
    "build_proof",
    "check_proof",
    "is_bound_to",
    "load_credentials",
    "path_for",
    "read_unverified",
    "save_credentials",
    "show_claims",
    "start",
    "thumbprint",
    "verify_token",
]
SPIFFE_NAMES = [
    "BadSpiffeId",
    "JwtSvid",
    "SpiffeId",
    "SvidRefused",
    "TrustBundle",
    "Workload",
    "WorkloadKey",
    "X509Svid",
    "jwt_svid_for",
    "verify_jwt_svid",
    "verify_x509_svid",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_where_it_was(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert getattr(dialtone_kit, name) is not None
    assert name in dialtone_kit.__all__


@pytest.mark.parametrize("name", SPIFFE_NAMES)
def test_a_name_of_spiffe_still_works_and_says_where_it_went(name: str) -> None:
    with pytest.warns(DeprecationWarning, match=r"from dialtone_kit\.spiffe"):
        old = getattr(dialtone_kit, name)
    assert old is getattr(import_module("dialtone_kit.spiffe"), name)
