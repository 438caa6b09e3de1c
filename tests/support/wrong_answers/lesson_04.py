"""Wrong answers to the exercises of lesson 04."""

from __future__ import annotations

import hashlib
import json
import time

from dialtone_kit import b64url, read_unverified, thumbprint
from tests.support.wrong_answers import wrong


def _hashed(text):
    return b64url(hashlib.sha256(text.encode()).digest())


@wrong("04.thumbprint", "M12", "order")
def order_as_it_came(jwk):
    names = ("e", "kty", "n") if jwk["kty"] == "RSA" else ("kty", "crv", "x", "y")
    return _hashed(json.dumps({name: jwk[name] for name in names}, separators=(",", ":")))


@wrong("04.thumbprint", "M12", "All members went into")
def every_member(jwk):
    return _hashed(json.dumps(jwk, sort_keys=True, separators=(",", ":")))


@wrong("04.thumbprint", "M12", "spaces")
def with_spaces(jwk):
    names = ("e", "kty", "n") if jwk["kty"] == "RSA" else ("crv", "kty", "x", "y")
    return _hashed(json.dumps({name: jwk[name] for name in names}))


@wrong("04.thumbprint", "M12", "For an EC key the members are")
def without_kty(jwk):
    names = ("e", "n") if jwk["kty"] == "RSA" else ("crv", "x", "y")
    return _hashed(json.dumps({name: jwk[name] for name in names}, separators=(",", ":")))


@wrong("04.thumbprint", "", "raised KeyError: 'crv'")
def ec_only(jwk):
    names = ("crv", "kty", "x", "y")
    return _hashed(json.dumps({name: jwk[name] for name in names}, separators=(",", ":")))


@wrong("04.thumbprint", "", "digest in hex")
def in_hex(jwk):
    names = ("e", "kty", "n") if jwk["kty"] == "RSA" else ("crv", "kty", "x", "y")
    text = json.dumps({name: jwk[name] for name in names}, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@wrong("04.thumbprint", "", "without padding")
def padded(jwk):
    return thumbprint(jwk) + "="


@wrong("04.mine", "M07", "same sub")
def by_the_subject(tokens, my_jwk):
    for position, text in enumerate(tokens):
        if read_unverified(text).claims["sub"].startswith("cli_"):
            return position
    return None


@wrong("04.mine", "", "raised KeyError: 'cnf'")
def bearer_not_foreseen(tokens, my_jwk):
    for position, text in enumerate(tokens):
        if read_unverified(text).claims["cnf"]["jkt"] == thumbprint(my_jwk):
            return position
    return None


@wrong("04.mine", "", "instead of a position")
def the_token_itself(tokens, my_jwk):
    for text in tokens:
        if read_unverified(text).claims.get("cnf", {}).get("jkt") == thumbprint(my_jwk):
            return text
    return None


@wrong("04.mine", "M07", "does not make a token yours")
def last_one_for_want_of_better(tokens, my_jwk):
    for position, text in enumerate(tokens):
        if read_unverified(text).claims.get("cnf", {}).get("jkt") == thumbprint(my_jwk):
            return position
    return len(tokens) - 1


@wrong("04.forged", "M20", "Decoding shows|genuine")
def decoded_only(tokens, jwks, issuer):
    for position, text in enumerate(tokens):
        claims = read_unverified(text).claims
        if claims["iss"] != issuer or claims["exp"] < time.time():
            return position
    return None


@wrong("04.forged", "M20", "accused number 1")
def always_the_second(tokens, jwks, issuer):
    return 1


@wrong("04.forged", "", "Return the position")
def yes_there_is_one(tokens, jwks, issuer):
    return True
