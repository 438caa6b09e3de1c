"""A proof as a learner edits it: a few fields, signed again by a key in the kernel."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from dialtone_kit.base.errors import TokenRefused
from dialtone_kit.base.jws import b64url, to_segment
from dialtone_kit.keys import ProofKey
from dialtone_kit.rules import access_token_hash
from dialtone_kit.tokens import read_unverified

Signer = Literal["key", "another key", "tampered"]
FIELDS = ("typ", "alg", "htm", "htu", "jti", "ath", "nonce")  # besides `iat`, which is an age
_HEADER = ("typ", "alg")
_MOST = 2000  # characters of one field


@dataclass(frozen=True)
class Draft:
    """What the proof should say. An empty field is left out; `age` is `iat` in seconds ago.

    `signer` is the learner's own key, another one, or their own with a claim changed afterwards.
    `leaked` puts a private member in `jwk` (an invented one). `twice` sends two headers.
    """

    fields: Mapping[str, str] = field(default_factory=dict)
    age: str = "0"
    signer: Signer = "key"
    leaked: bool = False
    twice: bool = False

    def changed(self, message: Mapping[str, Any]) -> Draft:
        """This draft with what a view sent. What is unknown, or of the wrong type, is ignored.

        A `jti` that the learner left alone is replaced by a fresh one, as for every new proof.
        """
        sent = message.get("fields")
        texts = sent if isinstance(sent, dict) else {}
        fields = {
            name: str(texts[name])[:_MOST] if isinstance(texts.get(name), str) else value
            for name, value in self.fields.items()
        }
        if fields.get("jti") == self.fields.get("jti") != "":
            fields["jti"] = secrets.token_urlsafe(16)
        signer = message.get("signer")
        return replace(
            self,
            fields=fields,
            age=str(message.get("age", self.age))[:40],
            signer=signer if signer in ("key", "another key", "tampered") else self.signer,
            leaked=message.get("leaked") is True,
            twice=message.get("twice") is True,
        )

    def headers(self, key: ProofKey, now: float) -> list[str]:
        """The proof's header fields: one, or the same one twice. `now` is in Unix seconds."""
        proof = self._signed(key if self.signer != "another key" else ProofKey.generate(), now)
        return [proof, proof] if self.twice else [proof]

    def _signed(self, key: ProofKey, now: float) -> str:
        jwk = {**key.public_jwk, **({"d": secrets.token_urlsafe(32)} if self.leaked else {})}
        members = {name: _value(text) for name, text in self.fields.items() if text.strip()}
        header = {name: members.pop(name) for name in _HEADER if name in members} | {"jwk": jwk}
        claims = members | {"iat": _iat(self.age, now)}
        signed = f"{to_segment(header)}.{to_segment(claims)}"
        signature = b64url(key.sign(signed.encode()))
        if self.signer == "tampered":
            claims["jti"] = secrets.token_urlsafe(16)  # after the signature was made
            signed = f"{to_segment(header)}.{to_segment(claims)}"
        return f"{signed}.{signature}"


def draft_of(proof: str, method: str, url: str, now: float, access_token: str | None) -> Draft:
    """The draft that says what `proof` says; for junk, that of a good proof for the request."""
    try:
        came = read_unverified(proof)
        header, claims = dict(came.header), dict(came.claims)
    except (TokenRefused, RecursionError):
        header, claims = {"typ": "dpop+jwt"}, {"htm": method, "htu": url.partition("?")[0]}
        claims |= {"jti": secrets.token_urlsafe(16), "iat": int(now)}
        if access_token is not None:
            claims["ath"] = access_token_hash(access_token)
    members = claims | {name: header.get(name) for name in _HEADER}
    fields = {name: _text(members.get(name)) for name in FIELDS}
    return Draft(fields, _age(claims.get("iat"), now))


def _age(iat: object, now: float) -> str:
    plain = isinstance(iat, int | float) and not isinstance(iat, bool) and abs(iat) < 2**53
    return str(int(now) - int(iat)) if plain else json.dumps(iat)  # type: ignore[call-overload]


def _iat(age: str, now: float) -> Any:
    """`age` in seconds as an `iat`. Text that isn't a number goes in as it is."""
    try:
        return int(now) - int(age)
    except ValueError:
        return _value(age)


def _text(value: object) -> str:
    if value is None:
        return ""
    plain = isinstance(value, str) and _value(value) == value
    return str(value) if plain else json.dumps(value)


def _value(text: str) -> Any:
    """A number, `true`, or something in JSON's quotes or brackets as JSON; else the text itself."""
    try:
        value = json.loads(text)
        to_segment({"value": value})  # what can't be written stays text
    except (ValueError, TypeError, RecursionError):
        return text
    return value
