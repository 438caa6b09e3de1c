"""The demo's steps 3 to 5 as one program, with PyJWT and the standard library.

    python demo_script.py path/to/client.json "the text of a note"

It has no part in the kit: it imports nothing from it, and knows the service only by its documents.
"""

import base64
import hashlib
import json
import pathlib
import sys
import time
import urllib.request
import uuid
from typing import Any

import jwt as pyjwt
from cryptography.hazmat.primitives.asymmetric import ec


def b64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


private_key = ec.generate_private_key(ec.SECP256R1())  # never leaves this process
point = private_key.public_key().public_numbers()
jwk = {
    "kty": "EC",
    "crv": "P-256",
    "x": b64url(point.x.to_bytes(32, "big")),
    "y": b64url(point.y.to_bytes(32, "big")),
}


def proof(method: str, url: str, **more: str) -> str:
    claims = {"htm": method, "htu": url, "iat": int(time.time()), "jti": str(uuid.uuid4())}
    header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk}
    return pyjwt.encode(claims | more, private_key, algorithm="ES256", headers=header)


def post(url: str, body: str, headers: dict[str, str]) -> dict[str, Any]:
    request = urllib.request.Request(url, body.encode(), headers, method="POST")  # noqa: S310
    with urllib.request.urlopen(request, timeout=20) as response:  # noqa: S310
        answer: dict[str, Any] = json.load(response)
    return answer


def get_token(credentials: dict[str, str], scope: str) -> str:
    url, pair = credentials["token_endpoint"], "{client_id}:{client_secret}".format(**credentials)
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}",
        "DPoP": proof("POST", url),
    }
    answer = post(url, f"grant_type=client_credentials&scope={scope}", headers)
    print("token_type:", answer["token_type"])
    return str(answer["access_token"])


def write_note(url: str, token: str, text: str) -> dict[str, Any]:
    headers = {
        "Content-Type": "application/json",
        "Authorization": f"DPoP {token}",
        "DPoP": proof("POST", url, ath=b64url(hashlib.sha256(token.encode()).digest())),
    }
    return post(url, json.dumps({"text": text}), headers)


if __name__ == "__main__":
    credentials = json.loads(pathlib.Path(sys.argv[1]).read_text("utf-8"))
    token = get_token(credentials, "notes:write")
    claims = pyjwt.decode(token, options={"verify_signature": False})
    print("sub is my client_id:", claims["sub"] == credentials["client_id"])
    note = write_note(f"{credentials['issuer']}/api/notes", token, sys.argv[2])
    print("written:", note["text"])
