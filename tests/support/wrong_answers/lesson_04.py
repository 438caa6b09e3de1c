"""Wrong answers to the exercises of lesson 04."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from functools import partial

from dialtone_kit import b64url, b64url_decode, read_unverified, thumbprint
from tests.support.wrong_answers import right, value, wrong


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


@wrong("04.thumbprint", "M12", "key_ops, ext, .* instead of dropping")
def drops_what_it_knows(jwk):
    left = {name: jwk[name] for name in sorted(jwk) if name not in ("alg", "kid", "use")}
    return _hashed(json.dumps(left, separators=(",", ":")))


@wrong("04.thumbprint", "M12", "^[0-9a-f]{6} went into your hash")
def drops_every_registered_member(jwk):
    known = {"alg", "kid", "use", "key_ops", "ext", "x5c", "x5t", "x5u", "x5t#S256"}
    left = {name: jwk[name] for name in sorted(jwk.keys() - known)}
    return _hashed(json.dumps(left, separators=(",", ":")))


@wrong("04.thumbprint", "", "You encoded the hex digits")
def hex_digits_encoded(jwk):
    digest = b64url_decode(thumbprint(jwk))
    return b64url(digest.hex().encode())


@wrong("04.thumbprint", "", "digest in hex")
def in_upper_case_hex(jwk):
    return b64url_decode(thumbprint(jwk)).hex().upper()


@wrong("04.thumbprint", "", "came as bytes")
def thumbprint_as_bytes(jwk):
    return thumbprint(jwk).encode()


@wrong("04.thumbprint", "M12", "For an EC key the members are")
def sixty_four_characters_but_no_hex(jwk):
    return "g" * 64


value("04.thumbprint", "no-function", "without calling it", lambda lesson: "NzbLsXh8uDCcd-6M")


def thumbprint_by_f_string(jwk):
    names = ["e", "kty", "n"] if jwk["kty"] == "RSA" else ["crv", "kty", "x", "y"]
    return _hashed("{" + ",".join(f'"{name}":"{jwk[name]}"' for name in names) + "}")


def thumbprint_of(members, jwk):
    chosen = {name: jwk[name] for name in members[jwk["kty"]]}
    text = json.dumps(chosen, sort_keys=True, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(hashlib.sha256(text).digest()).decode().rstrip("=")


class Thumbprint:
    def __call__(self, jwk):
        return thumbprint_by_f_string(jwk)


MEMBERS = {"RSA": {"n", "e", "kty"}, "EC": {"kty", "crv", "x", "y"}}
right("04.thumbprint", "f-string", thumbprint_by_f_string)
right("04.thumbprint", "partial-of-sets", partial(thumbprint_of, MEMBERS))
right("04.thumbprint", "callable-object", Thumbprint())
right("04.thumbprint", "the-kit-s-own", thumbprint)


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


@wrong("04.mine", "M07", "outside cnf")
def somewhere_in_the_claims(tokens, my_jwk):
    for position, text in enumerate(tokens):
        claims = read_unverified(text).claims
        if "x5t#S256" not in str(claims) and thumbprint(my_jwk) in str(claims):
            return position
    return None


@wrong("04.mine", "M07", "bound to a certificate")
def somewhere_in_cnf(tokens, my_jwk):
    for position, text in enumerate(tokens):
        if thumbprint(my_jwk) in str(read_unverified(text).claims.get("cnf")):
            return position
    return None


@wrong("04.mine", "M07", "that of the actor")
def every_jkt_at_any_depth(tokens, my_jwk):
    for position, text in enumerate(tokens):
        if f"'cnf': {{'jkt': '{thumbprint(my_jwk)}'" in str(read_unverified(text).claims):
            return position
    return None


@wrong("04.mine", "M07", "upper and lower case differ")
def blind_to_case(tokens, my_jwk):
    for position, text in enumerate(tokens):
        jkt = read_unverified(text).claims.get("cnf", {}).get("jkt", "")
        if jkt.lower() == thumbprint(my_jwk).lower():
            return position
    return None


@wrong("04.mine", "M07", "the last character differs")
def first_characters_only(tokens, my_jwk):
    for position, text in enumerate(tokens):
        jkt = read_unverified(text).claims.get("cnf", {}).get("jkt", "")
        if jkt[:8] == thumbprint(my_jwk)[:8]:
            return position
    return None


@wrong("04.mine", "M07", "only begins with")
def begins_alike(tokens, my_jwk):
    for position, text in enumerate(tokens):
        jkt = read_unverified(text).claims.get("cnf", {}).get("jkt", "")
        if jkt.startswith(thumbprint(my_jwk)):
            return position
    return None


@wrong("04.mine", "", "raised KeyError: 'jkt'")
def cnf_without_jkt_not_foreseen(tokens, my_jwk):
    for position, text in enumerate(tokens):
        claims = read_unverified(text).claims
        if "cnf" in claims and claims["cnf"]["jkt"] == thumbprint(my_jwk):
            return position
    return None


@wrong("04.mine", "", "instead of a position")
def whether_there_is_one(tokens, my_jwk):
    jkts = [read_unverified(text).claims.get("cnf", {}).get("jkt") for text in tokens]
    return thumbprint(my_jwk) in jkts


def jkts_of(tokens):
    return [read_unverified(text).claims.get("cnf", {}).get("jkt") for text in tokens]


def mine_by_index(tokens, my_jwk):
    try:
        return jkts_of(tokens).index(thumbprint(my_jwk))
    except ValueError:
        return None


def is_mine(text, jkt):
    middle = text.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
    return claims.get("cnf", {}).get("jkt") == jkt


class FindMine:
    def __call__(self, tokens, my_jwk):
        by_jkt = {jkt: position for position, jkt in enumerate(jkts_of(tokens))}
        return by_jkt.get(thumbprint(my_jwk))


right("04.mine", "index-of-a-list", mine_by_index)
right(
    "04.mine",
    "lambda-that-decodes-by-hand",
    lambda ts, jwk: next((n for n, text in enumerate(ts) if is_mine(text, thumbprint(jwk))), None),
)
right("04.mine", "callable-object-with-a-dict", FindMine())


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
