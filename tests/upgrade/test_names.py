"""The public names of 0.1 are still there. (SPIFFE's moved: tests/project/test_public_names.py.)"""

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


def test_no_public_name_was_lost() -> None:
    assert set(NAMES) - set(dialtone_kit.__all__) == set()
    assert [name for name in NAMES if getattr(dialtone_kit, name) is None] == []
