"""The attack lab: private realms with one check off, and why some checks always stay on.

A rule that extracts what later rules read can't be left out: they would have nothing to read.
"""

from __future__ import annotations

from collections.abc import Mapping

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

# Checks beyond the proof's that can be off as well. Each asks `realm.refuses` where it is made.
GUARDS = (
    "scheme_fits_cnf",  # RFC 9449 §7.2
    "audience_is_ours",  # RFC 9068 §4
    "foreign_needs_leave",  # RFC 8693 §4.4
    "scope_narrows",  # RFC 8693 §2.1
    "refresh_is_new",  # RFC 9700 §4.14.2
    "codes_lock",  # the demo's limits
    "challenge_is_new",  # SPIFFE attestation, as is the next
    "made_for_challenge",
)


def use_first(proof: Proof) -> None:
    """What is left without `one_header`: the first of several proofs, or of a list, counts.

    Careless servers do the same. The size limit stays: it protects the service, not the token.
    """
    first = proof.headers[0].partition(",")[0].strip(" ")
    if len(first) > MAX_BYTES:
        raise ProofRefused(f"at most {MAX_BYTES} bytes", len(first), rule=one_header.__name__)
    proof.headers = [first]


ALWAYS_ON: Mapping[Rule, str] = {
    well_formed: "it splits the proof into the parts that every later rule reads",
    alg_is_listed: "it decides how key and signature are read. To see what `alg: none` would do, "
    "switch off signature_verifies",
    jwk_is_public: "it extracts the key that signature and binding are checked with",
}
BY_NAME = {rule.__name__: rule for rule in RULES}


def before_use(realm: Realm) -> tuple[Rule, ...]:
    """The realm's rules for a proof, but for the one that uses it up."""
    return rules_of(realm)[:-1]


def at_use(realm: Realm) -> tuple[Rule, ...]:
    """The realm's rule that uses a proof up, in the transaction of what the proof permits."""
    return rules_of(realm)[-1:]


def rules_of(realm: Realm) -> tuple[Rule, ...]:
    """The rules of a realm, in order. In an attack lab one of them only notes what it finds."""
    if realm.without not in BY_NAME:
        return RULES
    return tuple(
        _lenient(rule, realm) if rule.__name__ == realm.without else rule for rule in RULES
    )


def _lenient(rule: Rule, realm: Realm) -> Rule:
    def noted(proof: Proof, request: Request) -> None:
        try:
            rule(proof, request)
        except ProofRefused:
            if realm.refuses(rule.__name__):
                raise
            if rule is one_header:
                use_first(proof)

    return noted


def must_be_possible(name: str, like: Realm) -> None:
    """400 unless the check `name` can be switched off and matters in a realm like `like`."""
    if name in GUARDS:
        return
    if name not in BY_NAME:
        raise _impossible(f"choose one of {', '.join((*_possible(), *GUARDS))}")
    if BY_NAME[name] in ALWAYS_ON:
        raise _impossible(f"{name} can't be switched off: {ALWAYS_ON[BY_NAME[name]]}")
    if name == "nonce_is_ours" and not like.nonce_required:
        raise _impossible(f"{like.name} requires no nonce. Make the realm like strict")


def _possible() -> list[str]:
    return [name for name, rule in BY_NAME.items() if rule not in ALWAYS_ON]


def _impossible(why: str) -> Refusal:
    return Refusal(400, "invalid_request", f"without: {why}.")
