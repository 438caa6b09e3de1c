"""Wrong answers to the exercises of lesson 04."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from functools import partial

import jwt

from dialtone_kit import (
    TokenRefused,
    b64url,
    b64url_decode,
    read_unverified,
    thumbprint,
    verify_token,
)
from dialtone_kit.tokens import verify_signature
from tests.support.wrong_answers import ChameleonText, right, value, wrong


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


@wrong("04.mine", "", "instead of a position")
def counts_from_the_end(tokens, my_jwk):
    place = mine_by_index(tokens, my_jwk)
    return None if place is None else place - len(tokens)


value("04.mine", "no-function", "without calling it", lambda lesson: 2)


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


def first_refused(refused, tokens):
    return next((place for place, text in enumerate(tokens) if refused(text)), None)


def is_unsigned(text, jwks):
    """Whether no key of the issuer signed `text`: the half of the work that most answers do."""
    try:
        verify_signature(text, read_unverified(text).header, jwks)
    except TokenRefused:
        return True
    return False


@wrong("04.forged", "M20", "which is genuine: signed by the key that its kid names")
def first_key_of_the_set(tokens, jwks, issuer):
    def refused(text):
        jwk = {**jwks["keys"][0], "kid": read_unverified(text).header["kid"]}
        return is_unsigned(text, {"keys": [jwk]})

    return first_refused(refused, tokens)


@wrong("04.forged", "M20", "alg none, and you found nothing")
def the_header_chooses(tokens, jwks, issuer):
    def refused(text):
        return read_unverified(text).header["alg"] != "none" and is_unsigned(text, jwks)

    return first_refused(refused, tokens)


@wrong("04.forged", "M20", "by HMAC, with the public key .* is for ES256")
def hmac_not_foreseen(tokens, jwks, issuer):
    def refused(text):
        return read_unverified(text).header["alg"] != "HS256" and is_unsigned(text, jwks)

    return first_refused(refused, tokens)


@wrong("04.forged", "M20", "under the same kid, .* Anyone can write that kid")
def good_when_the_kid_is_known(tokens, jwks, issuer):
    known = {jwk["kid"] for jwk in jwks["keys"]}

    def refused(text):
        decoded = read_unverified(text)
        return decoded.header["kid"] not in known or decoded.claims["sub"] == "cli_admin"

    return first_refused(refused, tokens)


@wrong("04.forged", "M19", "from another issuer, .* whose is it")
def believes_the_issuer_in_the_token(tokens, jwks, issuer):
    for place, text in enumerate(tokens):
        try:
            verify_token(text, jwks, read_unverified(text).claims["iss"], now=time.time())
        except TokenRefused:
            return place
    return None


@wrong("04.forged", "M19", "only begins like yours, .* the whole name")
def issuer_by_its_beginning(tokens, jwks, issuer):
    def refused(text):
        iss = read_unverified(text).claims["iss"]
        return is_unsigned(text, jwks) or not iss.startswith(issuer)

    return first_refused(refused, tokens)


@wrong("04.forged", "M19", "you trust one of its realms, .* the whole name")
def issuer_in_one_another(tokens, jwks, issuer):
    def refused(text):
        return is_unsigned(text, jwks) or read_unverified(text).claims["iss"] not in issuer

    return first_refused(refused, tokens)


@wrong("04.forged", "M20", "expired, .* didn't look at the time")
def no_look_at_the_clock(tokens, jwks, issuer):
    def refused(text):
        return is_unsigned(text, jwks) or read_unverified(text).claims["iss"] != issuer

    return first_refused(refused, tokens)


@wrong("04.forged", "M20", "without any exp, .* would never expire")
def exp_only_if_there_is_one(tokens, jwks, issuer):
    def refused(text):
        claims = read_unverified(text).claims
        ended = claims.get("exp", float("inf")) < time.time()
        return is_unsigned(text, jwks) or claims["iss"] != issuer or ended

    return first_refused(refused, tokens)


@wrong("04.forged", "M20", "an ID token, .* isn't the kind")
def any_kind_of_token(tokens, jwks, issuer):
    def refused(text):
        claims = read_unverified(text).claims
        ended = claims.get("exp", 0) < time.time()
        return is_unsigned(text, jwks) or claims["iss"] != issuer or ended

    return first_refused(refused, tokens)


@wrong("04.forged", "", "Return the position")
def forged_from_the_end(tokens, jwks, issuer):
    place = forged_by_recursion(tokens, jwks, issuer)
    return None if place is None else place - len(tokens)


value("04.forged", "no-function", "without calling it", lambda lesson: 2)


@wrong("04.forged", "", "Return the position")
def all_the_forged_ones(tokens, jwks, issuer):
    return [n for n, text in enumerate(tokens) if forged_by_recursion([text], jwks, issuer) == 0]


def forged_by_recursion(tokens, jwks, issuer, place=0):
    if place == len(tokens):
        return None
    try:
        verify_token(tokens[place], jwks, issuer, now=time.time())
    except TokenRefused:
        return place
    return forged_by_recursion(tokens, jwks, issuer, place + 1)


def forged_by_every_key(tokens, jwks, issuer):
    """Tries each key of the set on its own instead of going by kid."""

    def good(text):
        kid = read_unverified(text).header["kid"]
        sets = [{"keys": [{**jwk, "kid": kid}]} for jwk in jwks["keys"]]
        return any(forged_by_recursion([text], one, issuer) is None for one in sets)

    return first_refused(lambda text: not good(text), tokens)


class FindForged:
    def __call__(self, tokens, jwks, issuer):
        places = range(len(tokens))
        bad = {n for n in places if forged_by_recursion(tokens[n : n + 1], jwks, issuer) == 0}
        return bad.pop() if bad else None


right("04.forged", "recursion", forged_by_recursion)
right("04.forged", "every-key-of-the-set", forged_by_every_key)
right("04.forged", "callable-object-with-a-set", FindForged())


class ChameleonPlace(int):
    """A position that claims to equal every other."""

    __hash__ = int.__hash__

    def __eq__(self, other):
        return True

    def __ne__(self, other):
        return False


@wrong("04.thumbprint", "M12", "members are")
def a_thumbprint_that_equals_everything(jwk):
    return ChameleonText("x")


@wrong("04.mine", "M07", "does not make a token yours|you chose \\d")
def a_place_that_equals_every_other(tokens, my_jwk):
    return ChameleonPlace(mine_by_index(tokens, my_jwk) is None)


@wrong("04.forged", "M20", "you accused number 9")
def an_accusation_that_equals_every_other(tokens, jwks, issuer):
    return ChameleonPlace(9)


def forged_by_pyjwt(tokens, jwks, issuer):
    """As the lesson verifies by hand, with another library than the kit."""
    keys = jwt.PyJWKSet.from_dict(jwks)
    need = {"require": ["iss", "sub", "iat", "exp"], "verify_aud": False}
    for place, text in enumerate(tokens):
        try:
            kid = jwt.get_unverified_header(text)["kid"]
            claims = jwt.decode(text, keys[kid], ["ES256"], need, issuer=issuer)
        except (jwt.PyJWTError, KeyError):
            return place
        if claims["token_type"] != "access_token":
            return place
    return None


right("04.forged", "pyjwt", forged_by_pyjwt)


@wrong("04.thumbprint", "M12", "members are")
def thumbprint_of_another_key_written_over_it(jwk):
    jwk.update({"kty": "EC", "crv": "P-256", "x": "x", "y": "y"})
    return thumbprint({"kty": "EC", "crv": "P-256", "x": "x", "y": "y"})


def mine_by_taking_one_after_the_other(tokens, my_jwk):
    taken = 0
    while tokens:
        if is_mine(tokens.pop(0), thumbprint(my_jwk)):
            return taken
        taken += 1
    return None


def forged_by_taking_them_from_the_end(tokens, jwks, issuer):
    while tokens:
        if forged_by_recursion([tokens.pop()], jwks, issuer) == 0:
            return len(tokens)
    return None


right("04.mine", "takes-the-list-apart", mine_by_taking_one_after_the_other)
right("04.forged", "takes-the-list-apart", forged_by_taking_them_from_the_end)


def looks(text):
    decoded = read_unverified(text)
    kind = [decoded.claims.get(name) for name in ("iss", "sub", "scope", "token_type")]
    return [len(text), decoded.header, *kind]


@wrong("04.forged", "M20", "under the same kid")
def the_one_that_looks_different(tokens, jwks, issuer):
    """Verifies nothing: goes by the one that is unlike the others, else by the first."""
    seen = [looks(text) for text in tokens]
    odd = [n for n, one in enumerate(seen) if seen.count(one) == 1]
    return odd[0] if len(odd) == 1 else 0
