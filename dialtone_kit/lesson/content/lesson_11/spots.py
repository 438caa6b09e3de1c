"""The checks of the verifier in lesson 11, line by line: two right ways to write each, and a hole.

Every hole is a line that looks like a check and lets one attack of the catalogue in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Spot:
    """One check. `does` completes "Line 7 is right: it …"; `hole` is the line that is drawn."""

    right: tuple[str, str]
    hole: str
    does: str


SPOTS: Mapping[str, Spot] = {
    "one_header": Spot(
        ('need(len(sent) == 1, "one proof")', 'need(not sent[1:] and sent, "one proof")'),
        'need(sent, "a proof")',
        "counts the proofs, and one is what it takes",
    ),
    "typ_is_dpop": Spot(
        (
            'need(header.get("typ") == "dpop+jwt", "a DPoP proof")',
            'need("dpop+jwt" == header.get("typ", ""), "a DPoP proof")',
        ),
        'need(header.get("typ", "JWT").endswith(("jwt", "JWT")), "a DPoP proof")',
        "takes a JWT that says it is a DPoP proof, and no other",
    ),
    "jwk_is_public": Spot(
        (
            'need(not PRIVATE & jwk.keys(), "a public key")',
            'need(PRIVATE.isdisjoint(jwk), "a public key")',
        ),
        'need(PRIVATE - jwk.keys(), "a public key")',
        "refuses a key as soon as one private member is in it",
    ),
    "signature_verifies": Spot(
        (
            'LOOSE = {"verify_aud": False, "verify_iat": False}',
            'LOOSE = {"verify_iat": False, "verify_aud": False}',
        ),
        'LOOSE = {"verify_aud": False, "verify_signature": False}',
        "leaves out only what other lines compare better: audience and time",
    ),
    "htm_matches": Spot(
        (
            'need(proof["htm"] == method, "this method")',
            'need(method == proof.get("htm"), "this method")',
        ),
        'need(proof["htm"] in ("GET", "POST", "PUT", "DELETE"), "this method")',
        "compares the proof's method with the method of the request",
    ),
    "htu_matches": Spot(
        (
            'need(api.plain(proof["htu"]) == api.plain(api.url), "this URL")',
            'need(api.plain(api.url) == api.plain(proof["htu"]), "this URL")',
        ),
        'need(urlsplit(proof["htu"]).path == urlsplit(api.url).path, "this URL")',
        "compares the whole URL of the proof with the API's own",
    ),
    "iat_is_fresh": Spot(
        (
            'need(abs(api.now() - proof["iat"]) <= WINDOW, "a fresh proof")',
            'need(-WINDOW <= api.now() - proof["iat"] <= WINDOW, "a fresh proof")',
        ),
        'need(proof["iat"] <= api.now() + WINDOW, "a fresh proof")',
        "takes a proof within a minute of now, and neither an older nor a later one",
    ),
    "ath_matches": Spot(
        (
            'need(proof["ath"] == hash_of(token), "this token")',
            'need(hash_of(token) == proof.get("ath"), "this token")',
        ),
        'need(len(proof.get("ath", hash_of(token))) == 43, "this token")',
        "compares `ath` with the hash of the token that came",
    ),
    "key_is_bound": Spot(
        (
            'need(told["cnf"]["jkt"] == thumbprint(jwk), "the key of this token")',
            'need(thumbprint(jwk) == told["cnf"]["jkt"], "the key of this token")',
        ),
        'need(told["cnf"]["jkt"] and thumbprint(jwk), "the key of this token")',
        "compares the thumbprint of the proof's key with the one in the token",
    ),
    "scheme": Spot(
        (
            'need("cnf" not in told, "a proof for a bound token")',
            'need(not told.get("cnf"), "a proof for a bound token")',
        ),
        'need("sub" in told, "a proof for a bound token")',
        "lets a token pass without a proof only if it's bound to no key",
    ),
    "aud": Spot(
        (
            'need(api.url in listed(claims.get("aud")), "a token for this API")',
            'need(listed(claims.get("aud")).count(api.url), "a token for this API")',
        ),
        'need(listed(claims.get("aud")), "a token for this API")',
        "looks for the API's own name among the token's audiences",
    ),
}
