"""Lesson 04: the forged token, a thumbprint by hand, and my token among others."""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import Any

from dialtone_kit.base.jws import b64url
from dialtone_kit.keys import THUMBPRINT_MEMBERS, ProofKey, thumbprint
from dialtone_kit.lesson.content.lesson_04.forgeries import (
    DECODED,
    FORGERIES,
    Issuer,
    with_claims,
)
from dialtone_kit.lesson.content.lesson_04.lookalikes import LOOKALIKES
from dialtone_kit.lesson.exercises import LiveLesson, Wrong, exercise
from dialtone_kit.lesson.exercises.asking import ask, expect_text, function_of, same, show, word

RFC_7638 = {  # the example of RFC 7638 §3.1
    "kty": "RSA",
    "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_B"
    "JECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_F"
    "DW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4"
    "vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
    "e": "AQAB",
    "alg": "RS256",
    "kid": "2011-04-29",
}


@exercise(
    "04.forged",
    "Spot the forged one",
    level="stretch",
    hints=[
        "Reading is not enough: a forged token reads exactly as the forger likes.",
        "`verify_token(token, jwks, issuer, now=time.time())` returns the claims or raises "
        "TokenRefused.",
        "Go through the tokens with their positions; return the position of the one that raises.",
    ],
    praise="Altered, foreign key, `none`, HMAC with the public key, another issuer, expired, no "
    "expiry, an ID token: the signature and the strict checks caught them all.",
)
def forged(answer: object, lesson: LiveLesson) -> None:
    find_forged = function_of(answer, "find_forged")
    issuer = Issuer()
    for forgery in FORGERIES:
        for place in random.sample(range(4), 2):  # two places: one guess finds one at most
            tokens = [issuer.token() for _ in range(3)]
            tokens.insert(place, forgery.make(issuer))
            got = ask(find_forged, tokens, issuer.jwks, issuer.url)
            _judge_forged(got, place, forgery.how, forgery.missed, forgery.code)
    _live_forged(find_forged, lesson)


def _live_forged(find_forged: Callable[..., Any], lesson: LiveLesson) -> None:
    """The same with tokens of the service, one of them altered."""
    real = [lesson.client.get_token(key=ProofKey.generate()) for _ in range(3)]
    tokens = [token.access_token.reveal() for token in real]
    place = random.randrange(3)  # noqa: S311
    tokens[place] = with_claims(tokens[place], scope="openid admin")
    issued_by = str(real[0].claims["iss"])
    _judge_forged(
        ask(find_forged, tokens, lesson.client.jwks(), issued_by),
        place,
        "a token of this service with a scope written in afterwards",
        DECODED,
    )


def _judge_forged(got: object, place: int, how: str, missed: str, code: str = "M20") -> None:
    if got is None or (isinstance(got, Sequence) and not got):
        raise Wrong(
            f"Number {place} (the first is 0) was {how}, and you found nothing wrong. {missed}",
            code,
        )
    if isinstance(got, bool) or not isinstance(got, int) or got < 0:
        raise Wrong(f"Return the position of the forged token (the first is 0); got {show(got)}.")
    if not same(got, place):
        raise Wrong(
            f"Number {place} (the first is 0) was {how}; you accused number {got}, which is "
            "genuine: signed by the key that its kid names, one of several in the JWKS.",
            "M20",
        )


@exercise(
    "04.thumbprint",
    "A thumbprint by hand",
    hints=[
        "Keep only the members that the key needs: crv, kty, x, y for an EC key; e, kty, n for "
        "an RSA key. No alg, no kid, no use.",
        "Sort the names, and write the JSON without any space: separators=(',', ':').",
        "SHA-256 over that text as bytes, `.digest()` and not `.hexdigest()`, then b64url.",
    ],
    praise="It fits your key, RFC 7638's own example, and the cnf.jkt that the service wrote into "
    "a token a moment ago.",
)
def thumbprint_by_hand(answer: object, lesson: LiveLesson) -> None:
    function = function_of(answer, "my_thumbprint")
    plain = ProofKey.generate().public_jwk
    more = {"kid": word(), "use": "sig", "key_ops": ["verify"], "ext": True, word(): word()}
    mixed = dict(sorted(plain.items(), reverse=True)) | more
    for jwk in (plain, mixed, RFC_7638):
        _judge_thumbprint(ask(function, jwk), jwk)
    key = ProofKey.generate()
    bound_to = lesson.client.get_token(key=key).claims["cnf"]["jkt"]
    if not same(ask(function, key.public_jwk), bound_to):
        raise Wrong(
            "The service bound a token to this key, and its cnf.jkt differs from your thumbprint."
        )


def _judge_thumbprint(got: object, jwk: Mapping[str, Any]) -> None:
    text = expect_text(got, "The thumbprint")
    if text == thumbprint(jwk):
        return
    for name, wrong in _other_thumbprints(jwk):
        if text == wrong:
            raise Wrong(name, "M12")
    if text.endswith("=") or "+" in text or "/" in text:
        raise Wrong("base64url without padding: - and _ instead of + and /, no = at the end.")
    if re.fullmatch(r"[0-9A-Fa-f]{64}", text):
        raise Wrong("64 characters: that is the digest in hex. A thumbprint has 43, in base64url.")
    if len(text) == 86:  # 64 hex digits in base64url
        raise Wrong("You encoded the hex digits. Use .digest(), the 32 bytes themselves.")
    too_many = _not_dropped(text, jwk)
    if too_many:
        raise Wrong(
            f"{', '.join(too_many)} went into your hash as well. A key may have any members: "
            "choose those that make the key, instead of dropping some that you know.",
            "M12",
        )
    kind = "an RSA" if jwk["kty"] == "RSA" else "an EC"
    names = ", ".join(THUMBPRINT_MEMBERS[jwk["kty"]])
    raise Wrong(
        f"For {kind} key the members are {names}, in this order; something else went into "
        f"your hash. You returned {show(text)}.",
        "M12",
    )


def _other_thumbprints(jwk: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The thumbprints that the usual slips make, each with the sentence about it."""
    required = {name: jwk[name] for name in THUMBPRINT_MEMBERS[jwk["kty"]]}
    unsorted = {name: jwk[name] for name in jwk if name in required}
    return [
        (
            "All members went into your hash, alg, kid and use too. Only those that make the key "
            "belong there.",
            _hash(jwk, sort=True),
        ),
        (
            "The members are in the order in which they came. The order is fixed: by name.",
            _hash(unsorted),
        ),
        (
            "The members are right, but the JSON has spaces in it: separators=(',', ':').",
            _hash(required, separators=(", ", ": ")),
        ),
        (
            "All members, in the order they came: leave out what is not the key, then sort.",
            _hash(jwk),
        ),
    ]


def _not_dropped(text: str, jwk: Mapping[str, Any]) -> tuple[str, ...]:
    """The members besides the required ones that a thumbprint was made of, () for none."""
    required = THUMBPRINT_MEMBERS[jwk["kty"]]
    more = [name for name in jwk if name not in required]
    for count in range(1, len(more)):
        for names in combinations(more, count):
            if text == _hash({name: jwk[name] for name in (*required, *names)}, sort=True):
                return names
    return ()


def _hash(
    members: Mapping[str, Any], *, sort: bool = False, separators: tuple[str, str] = (",", ":")
) -> str:
    text = json.dumps(members, sort_keys=sort, separators=separators)
    return b64url(hashlib.sha256(text.encode()).digest())


@exercise(
    "04.mine",
    "Find your token",
    hints=[
        "`read_unverified(token).claims` gives you the claims of each token.",
        "sub is the same in all of them. What tells the tokens apart is cnf, and in it jkt.",
        "A bearer token has no cnf; claims.get('cnf', {}).get('jkt') gives None for it.",
        "Compare jkt with thumbprint(jwk); return the position, or None when no token fits.",
    ],
    praise="You went by cnf.jkt alone: same client, same scope, another key, so not mine.",
)
def mine(answer: object, lesson: LiveLesson) -> None:
    find_mine = function_of(answer, "find_mine")
    issuer, key = Issuer(), ProofKey.generate()
    others = [
        issuer.token(cnf={"jkt": ProofKey.generate().thumbprint}),
        issuer.token(),
        issuer.token(cnf={"jkt": ProofKey.generate().thumbprint}),
    ]
    for place in random.sample(range(4), 3):
        tokens = [*others[:place], issuer.token(cnf={"jkt": key.thumbprint}), *others[place:]]
        _judge_place(ask(find_mine, tokens, key.public_jwk), place)
    got = ask(find_mine, others, key.public_jwk)
    if got is not None:
        raise Wrong(
            f"None of three tokens was bound to the key; you returned {show(got)}. "
            "The same sub does not make a token yours.",
            "M07",
        )
    for content, how in LOOKALIKES:
        got = ask(
            find_mine, [issuer.token(None, **content(key.thumbprint)), *others], key.public_jwk
        )
        if got is not None:
            raise Wrong(f"None of them was bound to the key. Number 0 is {how}.", "M07")
    keys = [ProofKey.generate() for _ in range(4)]
    tokens = [lesson.client.get_token(key=k).access_token.reveal() for k in keys]
    place = random.randrange(4)  # noqa: S311
    _judge_place(ask(find_mine, tokens, keys[place].public_jwk), place)


def _judge_place(got: object, place: int) -> None:
    if isinstance(got, bool) or not isinstance(got, int) or got < 0:
        raise Wrong(
            f"The token at position {place} is bound to the key; you returned {show(got)} instead "
            "of a position (the first is 0)."
        )
    if not same(got, place):
        raise Wrong(
            f"The token at position {place} is bound to the key; you chose {got}. All four "
            "have the same sub and scope: only cnf.jkt differs.",
            "M07",
        )
