"""The forge: makes any proof, right or wrong, byte by byte and without the kit's own builder."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from itertools import count
from typing import Any

from dialtone_kit.keys import ProofKey

NOW = 1_700_000_000


class _Absent:
    def __repr__(self) -> str:
        return "absent"


ABSENT = _Absent()  # as the value of a member: leave it out
_numbers = count()


def b64(data: bytes | str) -> str:
    """Base64url without padding, written without the kit."""
    raw = data if isinstance(data, bytes) else data.encode()
    return urlsafe_b64encode(raw).decode().rstrip("=")


@cache
def key_of(alg: str, name: str = "") -> ProofKey:
    """A key that is made once: RSA keys cost time, and no case needs a fresh one."""
    return ProofKey.generate(alg)


@dataclass(frozen=True)
class Scene:
    """A request, and what a right proof for it looks like."""

    url: str = "https://id.example:8443/realms/default/token"
    method: str = "POST"
    now: int = NOW
    token: str | None = None
    nonce: str | None = None
    key: ProofKey = field(default_factory=lambda: key_of("ES256"))

    def with_key(self, key: ProofKey) -> "Scene":
        return Scene(self.url, self.method, self.now, self.token, self.nonce, key)

    def header(self) -> dict[str, Any]:
        return {"typ": "dpop+jwt", "alg": self.key.alg, "jwk": dict(self.key.public_jwk)}

    def claims(self) -> dict[str, Any]:
        claims = {"htm": self.method, "htu": self.url, "iat": self.now, "jti": new_jti()}
        if self.token is not None:
            claims["ath"] = b64(sha256(self.token.encode()).digest())
        if self.nonce is not None:
            claims["nonce"] = self.nonce
        return claims

    def proof(
        self,
        header: Mapping[str, Any] | bytes | None = None,
        claims: Mapping[str, Any] | bytes | None = None,
        *,
        sign: Callable[[bytes], bytes] | None = None,
    ) -> str:
        """A proof right in all but what is given: members to change, or bytes in their place."""
        signing_input = f"{_segment(self.header(), header)}.{_segment(self.claims(), claims)}"
        signature = (sign or self.key.sign)(signing_input.encode())
        return f"{signing_input}.{b64(signature)}"

    def jwk(self, **members: Any) -> str:
        """A proof whose `jwk` differs in `members`."""
        return self.proof(header={"jwk": _changed(self.key.public_jwk, members)})


@dataclass(frozen=True)
class Case:
    """One row of the catalogue, or one of its examples. `says` must be in the refusal."""

    row: str
    what: str
    make: Callable[[Scene], str | list[str]]
    rule: str = ""
    says: str = ""
    over_http: bool = True  # False: HTTP itself alters or refuses such a header field

    @property
    def accepted(self) -> bool:
        return not self.rule

    @property
    def rows(self) -> tuple[str, ...]:
        """What it holds of the catalogue, as `@pytest.mark.row` takes it."""
        return (f"{self.row}✓" if self.accepted else self.row,)

    @property
    def id(self) -> str:
        return f"{self.row}-{self.what}".replace(" ", "-")

    def headers(self, scene: Scene) -> list[str]:
        made = self.make(scene)
        return made if isinstance(made, list) else [made]


def new_jti() -> str:
    return f"jti-{next(_numbers)}-{id(_numbers)}"


def _segment(right: dict[str, Any], change: Mapping[str, Any] | bytes | None) -> str:
    return b64(change if isinstance(change, bytes) else json.dumps(_changed(right, change or {})))


def _changed(members: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in {**members, **change}.items() if v is not ABSENT}
