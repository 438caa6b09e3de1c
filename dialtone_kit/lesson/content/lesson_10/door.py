"""A door without a server, for 10.gate: tokens of an issuer of its own, good calls and attacks."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from starlette.datastructures import Headers

from dialtone_kit.keys import ProofKey
from dialtone_kit.lesson.content.lesson_04.forgeries import Issuer
from dialtone_kit.lesson.exercises.asking import word
from dialtone_kit.mcp.metadata import metadata_url
from dialtone_kit.proofs import SeenProofs, build_proof
from dialtone_kit.tokens import read_unverified, verify_token

Fields = list[tuple[str, str]]


@dataclass(frozen=True)
class Call:
    """What arrives at the door. `claims` are those of its token."""

    method: str
    fields: Fields
    claims: Mapping[str, Any]

    @property
    def headers(self) -> Headers:
        raw = [(name.lower().encode(), value.encode()) for name, value in self.fields]
        return Headers(raw=raw)


@dataclass
class Scene:
    """A server at `url`, and an agent with its `key`; both names are fresh."""

    host: str = field(default_factory=lambda: f"{word()}.example")
    key: ProofKey = field(default_factory=ProofKey.generate)

    def __post_init__(self) -> None:
        self.url, self.issuer = f"https://{self.host}/mcp", Issuer()

    def door(self) -> SimpleNamespace:
        """What `admit` is given, with a memory that has seen nothing."""
        seen = SeenProofs()
        return SimpleNamespace(
            url=self.url,
            metadata_url=metadata_url(self.url),
            now=time.time,
            first_use=lambda *used: seen.first_use(*used),
            verify=lambda token: self._verified(token),
        )

    def _verified(self, token: str) -> dict[str, Any]:
        keys, issuer = self.issuer.jwks, self.issuer.url
        return verify_token(token, keys, issuer, now=time.time(), audience=self.url)

    def claims(self, **other: Any) -> dict[str, Any]:
        """Those of a token of the agent for this server; one given as None is left out."""
        agent = f"cli_{word()}"
        ours = {"sub": agent, "client_id": agent, "aud": self.url}
        claims = self.issuer.claims(**(ours | {"cnf": {"jkt": self.key.thumbprint}} | other))
        return {name: value for name, value in claims.items() if value is not None}

    def call(
        self,
        method: str = "POST",
        *,
        scheme: str = "DPoP",
        host: str = "",
        proofs: int = 1,
        htu: str = "",
        key: ProofKey | None = None,
        about: str = "",
        given: str = "",
        **claims: Any,
    ) -> Call:
        """A good call, but for what is named: `about` is another token that the proof is for.

        `given` is a token of another issuer; otherwise `claims` differ from those of a good one.
        """
        held = self.claims(**claims)
        token = given or self.issuer.token(**held)
        fields = [("Host", host or self.host), ("Authorization", f"{scheme} {token}")]
        for _ in range(proofs):
            ath = about or token
            signer = key or self.key
            fields.append(("DPoP", build_proof(signer, method, htu or self.url, access_token=ath)))
        return Call(method, fields, read_unverified(given).claims if given else held)


@dataclass(frozen=True)
class Attack:
    """A call that must be turned away, and what to tell whoever lets it in."""

    make: Callable[[Scene], Call]
    sentence: str
    code: str = ""
    again: bool = False  # the same call came a moment before, and was good


def _for_another_token(scene: Scene) -> Call:
    return scene.call(about=scene.issuer.token(**scene.claims()))


ATTACKS = (
    Attack(
        lambda scene: scene.call(scheme="Bearer", proofs=0),
        "A thief sent the bound token as Bearer, without a proof: the tool answered.",
        "M08",
    ),
    Attack(
        lambda scene: scene.call(proofs=0),
        "A thief sent the token under DPoP and left the proof out: the tool answered.",
    ),
    Attack(
        lambda scene: scene.call(proofs=2),
        "Two proofs came, and one of them was never looked at. `getlist` returns all of them.",
    ),
    Attack(
        lambda scene: scene.call(key=ProofKey.generate()),
        "A thief's own key made the proof: the tool answered. `bound_to` is the `jkt` in the "
        "token's `cnf`.",
    ),
    Attack(
        lambda scene: scene.call(host="evil.example", htu="https://evil.example/mcp"),
        "A forged Host passed: the proof was made for https://evil.example/mcp, and whoever got it "
        "there used it here. Compare it with the server's own URL, never with a header.",
        "M03",
    ),
    Attack(
        lambda scene: scene.call(),
        "A copy of a request came after the original: the tool answered twice. `first_use` "
        "remembers used proofs.",
        "M01",
        again=True,
    ),
    Attack(
        lambda scene: scene.call(aud=f"{scene.url}.evil"),
        "A token for another server got in. `door.verify` looks at its audience.",
        "M29",
    ),
    Attack(
        lambda scene: scene.call(cnf=None),
        "A token without `cnf` got in, with a proof by any key: it is bound to nothing.",
    ),
    Attack(
        _for_another_token,
        "A proof made for another token of the agent got in. With `access_token`, the request "
        "knows which token the proof has to name.",
        "M05",
    ),
)

GOOD: Mapping[str, Callable[[Scene], Call]] = {
    "a POST": lambda scene: scene.call(),
    "the next POST, with its own proof": lambda scene: scene.call(),
    "a GET, which opens a stream": lambda scene: scene.call("GET"),
    "a DELETE, which ends a session": lambda scene: scene.call("DELETE"),
    "a call with the scheme written dpop": lambda scene: scene.call(scheme="dpop"),
    "a call through a proxy, with an inner Host": lambda scene: scene.call(host="10.0.0.7:8000"),
    "a token for two servers": lambda scene: scene.call(aud=["https://api.example", scene.url]),
}
