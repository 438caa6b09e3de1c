"""Building and checking a DPoP proof, beside the bare signature and beside other libraries.

.venv/bin/pip install -r benchmarks/requirements.txt && .venv/bin/python -m benchmarks.proofs

`--against TREE` measures this tree beside another one instead, a git worktree, in turn.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import time
import uuid
from pathlib import Path

import jwt as pyjwt
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from benchmarks.harness import (
    ROUNDS_AGAINST,
    THIS_TREE,
    Contender,
    comparison,
    interleaved,
    machine,
    of_tree,
    table,
)

# public names and those of the front modules alone: older trees have them in the same place
from dialtone_kit import ProofKey, Request, access_token_hash, b64url, build_proof, check_proof
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
    key = ProofKey.generate()
    return {
        "bare P-256 signature (floor)": lambda: PRIVATE.sign(MESSAGE, ECDSA),
        "dialtone_kit": lambda: build_proof(key, "GET", URL, access_token=TOKEN),
    }


def other_builders() -> dict[str, Contender]:
    """The same by other libraries."""
    from joserfc import jws as joserfc_jws
    from joserfc.jwk import ECKey
    from jwcrypto import jwk as jwcrypto_jwk
    from jwcrypto import jws as jwcrypto_jws
    from requests_oauth2client import DPoPKey

    private_jwk = json.loads(pyjwt.algorithms.ECAlgorithm.to_jwk(PRIVATE))
    jose_key = ECKey.import_key(private_jwk)
    crypto_key = jwcrypto_jwk.JWK(**private_jwk)
    header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": JWK}
    oauth_key = DPoPKey(private_jwk, alg="ES256")

    def with_jwcrypto() -> str:
        made = jwcrypto_jws.JWS(json.dumps(claims()))
        made.add_signature(crypto_key, alg="ES256", protected=json.dumps(header))
        return str(made.serialize(compact=True))

    return {
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


def beside_others() -> None:
    """The two tables of README.md."""
    print(machine("cryptography", "PyJWT", "joserfc", "jwcrypto", "requests-oauth2client"), "\n")
    build = interleaved(builders() | other_builders())
    print(table("Build a proof", build, "bare P-256 signature (floor)"), "\n")
    print(table("Check a proof", interleaved(checkers()), "bare P-256 verification (floor)"))


def once() -> dict[str, float]:
    """What this process can do in a second, the floors included."""
    contenders = builders() | checkers()
    return {name: 1e6 / micro for name, micro in interleaved(contenders, rounds=5).items()}


def against(tree: Path, rounds: int) -> None:
    """This tree and `tree`, in turn, each round in a fresh process of its own."""
    command = [sys.executable, "-m", "benchmarks.proofs", "--once"]
    seen: list[list[dict[str, float]]] = [[], []]
    with of_tree(THIS_TREE) as ours, of_tree(tree) as theirs:
        for turn in range(rounds):
            for side in (0, 1) if turn % 2 else (1, 0):
                environment = (ours, theirs)[side]
                output = subprocess.check_output(command, env=environment, text=True)
                seen[side].append(json.loads(output))
    names = seen[0][0]
    rows = {name: tuple([one[name] for one in side] for side in seen) for name in names}
    print(machine("cryptography"), "\n")
    print(comparison(f"Proofs beside {tree}, {rounds} rounds", "a second", rows))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--against", type=Path, metavar="TREE", help="another tree of the kit")
    parser.add_argument("--rounds", type=int, default=ROUNDS_AGAINST, help="with --against")
    parser.add_argument("--once", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.once:
        print(json.dumps(once()))
    elif options.against:
        against(options.against, options.rounds)
    else:
        beside_others()


if __name__ == "__main__":
    main()
