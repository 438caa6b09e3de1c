"""The thirteen rules as tiles: which a proof passes, which stops it, and which it never reached.

The rules are those of rules.py, one at a time and in their order: what a tile says is what the
service would say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from dialtone_kit.base.errors import ProofRefused, brief
from dialtone_kit.base.masking import masked
from dialtone_kit.rules import RULES, Proof, Request, Rule

Outcome = Literal["passed", "nothing to check", "refused", "not reached"]

TITLES = {
    "one_header": "Exactly one proof",
    "well_formed": "A well-formed JWS",
    "typ_is_dpop": "Typed as a proof",
    "alg_is_listed": "An algorithm on the list",
    "jwk_is_public": "A public key inside",
    "signature_verifies": "Signed by that key",
    "htm_matches": "For this method",
    "htu_matches": "For this URL",
    "iat_is_fresh": "Made just now",
    "nonce_is_ours": "With the service's nonce",
    "ath_matches": "For this token",
    "key_is_bound": "By the token's key",
    "jti_is_new": "Never used before",
}


@dataclass(frozen=True)
class Tile:
    """One rule and its verdict on the proof. `code` is the misconception's, such as M04."""

    rule: str
    outcome: Outcome
    expected: str = ""
    got: str = ""
    hint: str = ""
    code: str = ""

    @property
    def title(self) -> str:
        """The rule in words."""
        return TITLES[self.rule]


def judged(headers: Sequence[str], request: Request) -> list[Tile]:
    """A tile for each rule, in order, for the `DPoP` header fields of `request`.

    Never raises for a bad proof: junk, nothing at all or too much simply stops at the first tiles.
    `request.first_use` must be set: the last rule calls it.
    """
    proof = Proof(headers)
    tiles: list[Tile] = []
    for rule in RULES:
        tiles.append(_tile(rule, proof, request, stopped=_stopped(tiles)))
    return tiles


def stopped_at(tiles: Sequence[Tile]) -> Tile | None:
    """The tile that refused, or None when the proof passed them all."""
    return next((tile for tile in tiles if tile.outcome == "refused"), None)


def _stopped(tiles: Sequence[Tile]) -> bool:
    return bool(tiles) and tiles[-1].outcome in ("refused", "not reached")


def _tile(rule: Rule, proof: Proof, request: Request, *, stopped: bool) -> Tile:
    name = rule.__name__
    if stopped:
        return Tile(name, "not reached")
    try:
        rule(proof, request)
    except ProofRefused as no:
        expected, got = masked(str(no.expected)), masked(brief(no.got))
        return Tile(name, "refused", expected, got, masked(no.hint), no.code)
    return Tile(name, "nothing to check" if _is_idle(name, request) else "passed")


def _is_idle(name: str, request: Request) -> bool:
    """Whether this request gives the rule nothing to check: no nonce demanded, no token sent."""
    return (name == "nonce_is_ours" and request.nonces is None) or (
        (name == "ath_matches" and request.access_token is None)
        or (name == "key_is_bound" and request.bound_to is None)
    )
