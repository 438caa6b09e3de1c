"""A door without a server, for 10.gate: the attacks of lesson 11, and good calls, at `admit`."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from starlette.datastructures import Headers

from dialtone_kit.attacks.bag import Bag
from dialtone_kit.attacks.calls import Answer, Call, Target
from dialtone_kit.attacks.good_calls import GOOD, Good, Make, plain
from dialtone_kit.attacks.victim import Victim
from dialtone_kit.base.challenges import challenges
from dialtone_kit.base.errors import ProofRefused, TokenRefused
from dialtone_kit.lesson.content.lesson_04.forgeries import Issuer
from dialtone_kit.lesson.content.lesson_10.victim import victim_of
from dialtone_kit.lesson.exercises.asking import ask, same, show, word
from dialtone_kit.lesson.exercises.verdict import Wrong
from dialtone_kit.mcp.metadata import metadata_url
from dialtone_kit.proofs import SeenProofs
from dialtone_kit.rules import WINDOW
from dialtone_kit.tokens import read_unverified, verify_token

Admit = Callable[..., Any]


class Scene:
    """A server at `url` with `admit` at its door, and an agent; all names are fresh."""

    def __init__(self, admit: Admit) -> None:
        self._admit, self._host, self._issuer = admit, f"{word()}.example", Issuer()
        self.url, seen = f"https://{self._host}/mcp", SeenProofs()
        self.door = SimpleNamespace(
            url=self.url,
            metadata_url=metadata_url(self.url),
            now=time.time,
            first_use=lambda *used: seen.first_use(*used),
            verify=lambda token: self._verified(token),
        )
        self.target = Target("POST", self.url)
        self.victim = victim_of(self._issuer, self.url, stale=3 * WINDOW)
        self.bag = Bag(self.victim, self.target, self.send)

    def send(self, call: Call) -> Answer:
        """200 if `admit` returns the claims of the call's token, 401 if it turns the call away.

        Raises Wrong for any other claims, and for a refusal that isn't a challenge.
        """
        fields = call.fields if call.values("Host") else (("Host", self._host), *call.fields)
        raw = [(name.lower().encode(), str.encode(value)) for name, value in fields]
        got, challenge = self._outcome(call.method, Headers(raw=raw))
        if challenge is not None:
            self._judge_challenge(challenge)
            return Answer(401, reason=challenge)
        token = call.values("Authorization")[0].partition(" ")[2]
        if not same(got, dict(read_unverified(token).claims)):
            raise Wrong(f"Return the claims of the caller's token; you returned {show(got)}.")
        return Answer(200)

    def _verified(self, token: str) -> dict[str, Any]:
        keys, issuer = self._issuer.jwks, self._issuer.url
        return verify_token(token, keys, issuer, now=time.time(), audience=self.url)

    def _outcome(self, method: str, headers: Headers) -> tuple[Any, str | None]:
        """What `admit` returned, or the challenge with which it turned the caller away."""
        refusals: list[str] = []

        def caught(*arguments: Any) -> Any:
            try:
                return self._admit(*arguments)
            except PermissionError as refusal:
                refusals.append(str(refusal))
            except (TokenRefused, ProofRefused, KeyError, TypeError) as problem:
                kind = type(problem).__name__
                raise Wrong(
                    f"Your gate raised {kind}. Nobody catches that, so the caller gets a 500. Turn "
                    "it into a PermissionError with the challenge."
                ) from None
            return None

        got = ask(caught, method, headers, self.door)
        return got, refusals[0] if refusals else None

    def _judge_challenge(self, challenge: str) -> None:
        offered = [one for one in challenges(challenge) if one.scheme.lower() == "dpop"]
        if not offered:
            raise Wrong(
                f"A refusal offers the scheme that would do, here DPoP; you sent {show(challenge)}."
            )
        if offered[0].parameters.get("resource_metadata") != self.door.metadata_url:
            raise Wrong(
                "Where is a client to get a token? Your challenge has to name `door.metadata_url` "
                f"as `resource_metadata`, in quotes; you sent {show(challenge)}."
            )


def _by(method: str) -> Make:
    return lambda victim, target: plain(victim, Target(method, target.url))


def _through_a_proxy(victim: Victim, target: Target) -> Call:
    call = victim.call(target)
    return Call(call.method, call.url, (("Host", "10.0.0.7:8000"), *call.fields))


ALL_GOOD = (
    *GOOD,
    Good("a GET, which opens a stream", "RFC 9449 §4.2", (_by("GET"),)),
    Good("a DELETE, which ends a session", "RFC 9449 §4.2", (_by("DELETE"),)),
    Good("a call through a proxy, with an inner Host", "RFC 9449 §4.3", (_through_a_proxy,)),
)
# What to do about an attack here, by its number; otherwise as the list of attacks says.
IN_A_GATE = {
    1: "`bound_to` is the `jkt` in the token's `cnf`. Where there is none, turn the caller away.",
    2: "`first_use` remembers used proofs.",
    5: "Compare `htu` with the server's own URL, `door.url`, never with a header.",
    6: "With `access_token`, the request knows which token the proof has to name.",
    7: "A proof is judged at `door.now()`, and by no time that it brings along.",
    10: "`getlist` returns all of them.",
    14: "`door.verify` looks at the token's audience.",
    24: "Reading a token isn't verifying it: `door.verify` does that.",
    25: "`door.verify` looks at the token's `exp`.",
}
