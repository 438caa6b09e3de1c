"""Building and checking a DPoP proof, beside the bare signature and beside other libraries.

.venv/bin/pip install -r benchmarks/requirements.txt && .venv/bin/python -m benchmarks.proofs
"""

from __future__ import annotations

import hashlib
import json
import time
import uuid

import jwt as pyjwt
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jws as joserfc_jws
from joserfc.jwk import ECKey
from jwcrypto import jwk as jwcrypto_jwk
from jwcrypto import jws as jwcrypto_jws
from requests_oauth2client import DPoPKey

from benchmarks.harness import Contender, interleaved, machine, table
from dialtone_kit import ProofKey, Request, access_token_hash, build_proof, check_proof
from dialtone_kit.base.jws import b64url
from dialtone_kit.keys import jwk_of

URL = "https://id.example.com/realms/default/userinfo"
TOKEN = "e" * 900
PRIVATE = ec.generate_private_key(ec.SECP256R1())
JWK = jwk_of(PRIVATE.public_key())
ECDSA = ec.ECDSA(hashes.SHA256())
MESSAGE = b"m" * 450  # as long as the signing input of such a proof


def claims() -> dict[str, object]:
    """The claims of the demo's step 5, made the demo's way."""
    return {
        "htm": "GET",
        "htu": URL,
        "iat": int(time.time()),
        "jti": str(uuid.uuid4()),
        "ath": b64url(hashlib.sha256(TOKEN.encode()).digest()),
    }


def builders() -> dict[str, Contender]:
    """One proof each: ES256, with the `ath` of a 900-byte token, the key reused."""
    private_jwk = json.loads(pyjwt.algorithms.ECAlgorithm.to_jwk(PRIVATE))
    kit_key = ProofKey.generate()
    jose_key = ECKey.import_key(private_jwk)
    crypto_key = jwcrypto_jwk.JWK(**private_jwk)
    header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": JWK}
    oauth_key = DPoPKey(private_jwk, alg="ES256")

    def with_jwcrypto() -> str:
        made = jwcrypto_jws.JWS(json.dumps(claims()))
        made.add_signature(crypto_key, alg="ES256", protected=json.dumps(header))
        return str(made.serialize(compact=True))

    return {
        "bare P-256 signature (floor)": lambda: PRIVATE.sign(MESSAGE, ECDSA),
        "dialtone_kit": lambda: build_proof(kit_key, "GET", URL, access_token=TOKEN),
        "the demo's lines, PyJWT": lambda: pyjwt.encode(claims(), PRIVATE, "ES256", header),
        "joserfc": lambda: joserfc_jws.serialize_compact(header, json.dumps(claims()), jose_key),
        "jwcrypto": with_jwcrypto,
        "requests_oauth2client": lambda: oauth_key.proof("GET", URL, access_token_hash(TOKEN)),
    }


def checkers() -> dict[str, Contender]:
    """One verdict each: every rule but the store's, beside a bare verification."""
    key = ProofKey.generate()
    proof = build_proof(key, "GET", URL, access_token=TOKEN)
    request = Request("GET", URL, time.time(), access_token=TOKEN, bound_to=key.thumbprint)
    public, signature = PRIVATE.public_key(), PRIVATE.sign(MESSAGE, ECDSA)
    return {
        "bare P-256 verification (floor)": lambda: public.verify(signature, MESSAGE, ECDSA),
        "dialtone_kit, rules 1 to 12": lambda: check_proof([proof], request),
    }


if __name__ == "__main__":
    print(machine("cryptography", "PyJWT", "joserfc", "jwcrypto", "requests-oauth2client"), "\n")
    print(table("Build a proof", interleaved(builders()), "bare P-256 signature (floor)"), "\n")
    print(table("Check a proof", interleaved(checkers()), "bare P-256 verification (floor)"))
