"""The attacks on a verifier, by the numbers of lesson 11: each is stopped by one rule, or by none.

An attack has one or more ways in, the plainest first. A sound verifier turns all of them away.
"""

from __future__ import annotations

from dataclasses import dataclass

from dialtone_kit.attacks import other_tokens, ways
from dialtone_kit.attacks.other_tokens import of_kind
from dialtone_kit.attacks.other_urls import OTHER_URLS
from dialtone_kit.attacks.ways import Way

# OWASP's Top 10 for Agentic Applications (ASI, 2026) and MCP Top 10 (MCP, 2025).
RISKS = {
    "ASI03": "Identity and Privilege Abuse",
    "ASI07": "Insecure Inter-Agent Communication",
    "MCP01": "Token Mismanagement and Secret Exposure",
    "MCP07": "Insufficient Authentication and Authorization",
}


@dataclass(frozen=True)
class Attack:
    """Calls that must be turned away, the rule that does it, and what to tell whoever doesn't."""

    number: int
    name: str
    rule: str
    section: str
    owasp: tuple[str, ...]
    sentence: str
    code: str
    ways: tuple[Way, ...]


ATTACKS = (
    Attack(
        1,
        "A proof by another key",
        "key_is_bound",
        "RFC 9449 §4.3, check 12",
        ("ASI03", "MCP07"),
        "A thief's own key made the proof, and it served: compare the thumbprint of the proof's "
        "`jwk` with `cnf.jkt` in the token. A token without one is bound to nothing.",
        "",
        (
            ways.by_my_own_key,
            of_kind("unbound", "A token that is bound to no key, with a proof by any."),
        ),
    ),
    Attack(
        2,
        "A used proof again",
        "jti_is_new",
        "RFC 9449 §11.1",
        ("ASI07", "MCP07"),
        "A copy of a request was let in after the original, or nobody could have told: demand a "
        "`jti`, and remember it until its proof is too old anyway.",
        "M01",
        (ways.used_again, ways.used_with_more, ways.used_respelled, ways.no_jti),
    ),
    Attack(
        3,
        "A proof that nobody signed",
        "signature_verifies",
        "RFC 9449 §4.3, check 6",
        ("ASI03", "MCP07"),
        "Anyone can write a proof's header and claims: verify the signature with the key in `jwk`.",
        "M20",
        (ways.any_signature, ways.no_signature),
    ),
    Attack(
        4,
        "A proof for another method",
        "htm_matches",
        "RFC 9449 §4.3, check 8",
        ("ASI07", "MCP07"),
        "A proof for another method was let in: compare `htm` with the method of the request.",
        "",
        (ways.other_method, ways.no_method),
    ),
    Attack(
        5,
        "A proof for another URL",
        "htu_matches",
        "RFC 9449 §4.3, check 9",
        ("ASI07", "MCP07"),
        "A proof made for another URL was let in, so whoever gets one there can pass it on: "
        "compare the whole `htu` with your own public URL, never with a header of the request.",
        "M03",
        (ways.other_url, ways.forged_host, ways.forged_forwarding, *OTHER_URLS, ways.no_url),
    ),
    Attack(
        6,
        "A proof for another token",
        "ath_matches",
        "RFC 9449 §4.3, check 12",
        ("ASI03", "MCP01"),
        "A proof that was made for another token, or for none, was let in: `ath` has to be there, "
        "and to be the hash of the token that came.",
        "M05",
        (ways.moved_proof, ways.proof_for_no_token, ways.half_a_hash),
    ),
    Attack(
        7,
        "A proof of another day",
        "iat_is_fresh",
        "RFC 9449 §4.3, check 11",
        ("ASI07", "MCP07"),
        "An old proof was let in, or one from the future, or without any time: take `iat` within a "
        "minute or so of now.",
        "M06",
        (
            ways.old_proof,
            ways.proof_of_tomorrow,
            ways.stale_proof,
            ways.early_proof,
            ways.no_time,
        ),
    ),
    Attack(
        8,
        "A proof made in advance",
        "nonce_is_ours",
        "RFC 9449 §11.2",
        ("ASI07", "MCP07"),
        "A proof without the nonce was let in, although you hand nonces out: demand it.",
        "M02",
        (ways.minted_ahead,),
    ),
    Attack(
        9,
        "A JWT that is no proof",
        "typ_is_dpop",
        "RFC 9449 §11.5",
        ("ASI03", "MCP07"),
        "A JWT that the key signed for something else was let in: `typ` has to be dpop+jwt.",
        "",
        (ways.another_typ, ways.registered_typ, ways.no_typ),
    ),
    Attack(
        10,
        "Two proofs at once",
        "one_header",
        "RFC 9449 §4.3, check 1",
        ("ASI07", "MCP07"),
        "Two proofs came, and one of them was never looked at. A gateway in front of you may read "
        "the other: count them first.",
        "",
        (ways.second_proof_behind, ways.second_proof_before, ways.two_in_one_field),
    ),
    Attack(
        11,
        "An algorithm that proves nothing",
        "alg_is_listed",
        "RFC 9449 §11.6",
        ("ASI03", "MCP07"),
        "The proof chose its algorithm: take asymmetric ones from a list of your own, never none "
        "or HMAC.",
        "",
        (ways.alg_none, ways.hmac_by_public_key),
    ),
    Attack(
        12,
        "A key that everybody has",
        "jwk_is_public",
        "RFC 9449 §4.3, check 7",
        ("ASI03", "MCP01"),
        "The private key was in the proof's `jwk`, and it served all the same: refuse a `jwk` with "
        "private members.",
        "M14",
        (ways.private_jwk,),
    ),
    Attack(
        13,
        "The token without a proof",
        "scheme",
        "RFC 9449 §7.2",
        ("ASI03", "MCP01"),
        "The token alone was enough, so whoever finds it can use it: a token with `cnf` needs the "
        "scheme DPoP and a proof.",
        "M08",
        (ways.as_bearer, ways.without_proof),
    ),
    Attack(
        14,
        "A token for another API",
        "aud",
        "RFC 9068 §4",
        ("ASI03", "MCP07"),
        "A token for another API was let in: your own name, and all of it, has to be in its `aud`.",
        "M29",
        (
            of_kind("foreign", "A token for another API, with a good proof."),
            of_kind("longer", "A token for an API whose name only begins like yours."),
            of_kind("shorter", "A token for an API whose name is the beginning of yours."),
            of_kind("slashed", "A token for an API whose name is yours and a slash."),
            of_kind("unnamed", "A token that names no API at all."),
        ),
    ),
    Attack(  # 15 to 23 are other lists: BEYOND, and what no rule stops
        24,
        "A token that nobody issued",
        "verify_token",
        "RFC 9068 §4",
        ("ASI03", "MCP07"),
        "Anyone can write a token: verify its signature with a key that the issuer publishes, by "
        "an algorithm of your own list, and compare `iss` with the issuer that you trust.",
        "M20",
        (
            other_tokens.changed_token,
            other_tokens.token_by_my_own_key,
            other_tokens.token_with_its_key,
            other_tokens.token_of_alg_none,
            of_kind("strange", "A token of another issuer."),
        ),
    ),
    Attack(
        25,
        "A token that has expired",
        "exp",
        "RFC 9068 §4",
        ("ASI03", "MCP01"),
        "An expired token was let in, so a stolen one never dies: compare `exp` with now.",
        "",
        (of_kind("expired", "A token that expired ten minutes ago, with a good proof."),),
    ),
)
