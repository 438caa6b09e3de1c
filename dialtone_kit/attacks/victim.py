"""The agent that is attacked: it holds the key, makes good calls, and signs what a scene needs."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from dialtone_kit.attacks.calls import Answer, Call, NotTried, Target
from dialtone_kit.base.jws import b64url, to_segment
from dialtone_kit.keys import ProofKey
from dialtone_kit.rules import access_token_hash

TokenFor = Callable[[ProofKey], str]
STALE = 10 * 60  # seconds: beyond what the RFC calls "seconds or minutes" (§11.1)
OTHERS = {
    "smaller": "a token with less in it",
    "several": "a token for several APIs",
    "foreign": "a token for another API",
    "longer": "a token for an API whose name only begins like this one's",
    "shorter": "a token for an API whose name is the beginning of this one's",
    "slashed": "a token for an API whose name has a slash more",
    "unnamed": "a token that names no audience",
    "unbound": "a token that is bound to no key",
    "expired": "an expired token",
    "strange": "a token of another issuer",
}


class Victim:
    """An agent with its key, and the tokens that `token_for` gives for a key. It shows neither.

    `others` gives tokens of the kinds in OTHERS, as far as there are any; without a smaller one, a
    second token is used. `key` is one for ES256. `now` gives Unix seconds, `algs` are those that
    the verifier says it takes. At an age of `stale` seconds, every verifier has to refuse a proof.
    The nonce that it hands out is in every later proof.
    """

    def __init__(
        self,
        token_for: TokenFor,
        others: Mapping[str, TokenFor] = MappingProxyType({}),
        *,
        key: ProofKey | None = None,
        now: Callable[[], float] = time.time,
        algs: Collection[str] = (),
        stale: int = STALE,
    ) -> None:
        self.key, self.now, self.stale = key or ProofKey.generate(), now, stale
        self.nonce, self.algs = "", frozenset(algs)
        self._makers = {"token": token_for, "smaller": token_for, **others}
        self._made: dict[tuple[str, str], str] = {}

    def token(self, kind: str = "token", key: ProofKey | None = None) -> str:
        """A token bound to `key`, by default the victim's; got once and kept.

        `kind` is token or one of OTHERS. Raises NotTried where there is none.
        """
        bound_to = key or self.key
        if kind not in self._makers:
            raise NotTried(f"there is no way to get {OTHERS[kind]}")
        at = kind, bound_to.thumbprint
        if at not in self._made:
            self._made[at] = self._makers[kind](bound_to)
        return self._made[at]

    def proof(self, target: Target, *, key: ProofKey | None = None, **changes: Any) -> str:
        """A good proof for `target`, but for the `changes`; they are those of `unsigned`."""
        text = self.unsigned(target, key=key, **changes)
        return f"{text}.{b64url((key or self.key).sign(text.encode()))}"

    def unsigned(
        self,
        target: Target,
        *,
        key: ProofKey | None = None,
        token: str | None = None,
        header: Mapping[str, Any] | None = None,
        **claims: Any,
    ) -> str:
        """Header and claims of a proof, which anyone can write.

        They are those of a good one, but for members of `header` and `claims` that are given; one
        given as None is left out.
        """
        shown = key or self.key
        head = {"typ": "dpop+jwt", "alg": shown.alg, "jwk": shown.public_jwk, **(header or {})}
        body = {
            "htm": target.method,
            "htu": target.url.partition("?")[0],
            "iat": int(self.now()),
            "jti": secrets.token_urlsafe(16),
            "ath": access_token_hash(token or self.token()),
            "nonce": self.nonce or None,
            **claims,
        }
        return ".".join(to_segment(_given(part)) for part in (head, body))

    def call(
        self,
        target: Target,
        proof: str = "",
        token: str = "",
        scheme: str = "DPoP",
        *,
        key: ProofKey | None = None,
    ) -> Call:
        """A good call, but for what is given; its own proof is for its token, and by `key`."""
        shown = token or self.token()
        proved = proof or self.proof(target, key=key, token=shown)
        return Call(
            target.method,
            target.url,
            (("Authorization", f"{scheme} {shown}"), ("DPoP", proved)),
        )

    def hear(self, answer: Answer) -> Answer:
        """Keep the nonce that came with `answer`, for the next proof (RFC 9449 §8.2)."""
        self.nonce = answer.nonce or self.nonce
        return answer

    def __repr__(self) -> str:
        return f"<Victim with the key {self.key.thumbprint}>"


def _given(members: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


class PublishedKey(ProofKey):
    """A key whose private half is known to everybody: it was found in a log."""

    __slots__ = ("private_jwk",)

    def __init__(self) -> None:
        private = ec.generate_private_key(ec.SECP256R1())
        super().__init__(private, "ES256")
        d = private.private_numbers().private_value.to_bytes(32, "big")
        self.private_jwk = self.public_jwk | {"d": b64url(d)}
