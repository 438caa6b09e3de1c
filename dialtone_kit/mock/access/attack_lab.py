"""The attack lab: private realms with one proof rule off, and why some rules always stay on.

A rule that extracts what later rules read can't be left out: they would have nothing to read.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from dialtone_kit.base.errors import ProofRefused
from dialtone_kit.mock.core.refusal import Refusal
from dialtone_kit.mock.core.settings import Realm
from dialtone_kit.rules import (
    MAX_BYTES,
    RULES,
    Proof,
    Request,
    Rule,
    alg_is_listed,
    jwk_is_public,
    one_header,
    well_formed,
)


def first_header(proof: Proof, request: Request) -> None:
    """Stands in for `one_header`: uses the first of several proofs, or of a list.

    Careless servers do the same. The size limit stays: it protects the service, not the token.
    """
    del request
    first = proof.headers[0].partition(",")[0].strip(" ")
    if len(first) > MAX_BYTES:
        raise ProofRefused(f"at most {MAX_BYTES} bytes", len(first), rule=one_header.__name__)
    proof.headers = [first]


STAND_INS: Mapping[Rule, Rule] = {one_header: first_header}
ALWAYS_ON: Mapping[Rule, str] = {
    well_formed: "it splits the proof into the parts that every later rule reads",
    alg_is_listed: "it decides how key and signature are read. To see what `alg: none` would do, "
    "switch off signature_verifies",
    jwk_is_public: "it extracts the key that signature and binding are checked with",
}
BY_NAME = {rule.__name__: rule for rule in RULES}


@lru_cache(maxsize=len(RULES) + 1)
def rules_without(name: str | None) -> tuple[Rule, ...]:
    """The rules of a realm, in order: all of them, or all except `name`."""
    kept = (STAND_INS.get(rule) if rule.__name__ == name else rule for rule in RULES)
    return tuple(rule for rule in kept if rule is not None)


def must_be_possible(name: str, like: Realm) -> None:
    """400 unless the rule `name` can be switched off and matters in a realm like `like`."""
    if name not in BY_NAME:
        raise _impossible(f"choose one of {', '.join(_possible())}")
    if BY_NAME[name] in ALWAYS_ON:
        raise _impossible(f"{name} can't be switched off: {ALWAYS_ON[BY_NAME[name]]}")
    if name == "nonce_is_ours" and not like.nonce_required:
        raise _impossible(f"{like.name} requires no nonce. Make the realm like strict")


def _possible() -> list[str]:
    return [name for name, rule in BY_NAME.items() if rule not in ALWAYS_ON]


def _impossible(why: str) -> Refusal:
    return Refusal(400, "invalid_request", f"without: {why}.")
