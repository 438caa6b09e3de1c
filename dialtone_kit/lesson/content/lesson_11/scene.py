"""The API that a learner's verifier guards in 11.fix, and the agent whose calls it gets."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import jwt

from dialtone_kit.attacks.bag import Bag
from dialtone_kit.attacks.calls import Answer, Call, Target
from dialtone_kit.attacks.victim import Victim
from dialtone_kit.base.urls import normalize
from dialtone_kit.keys import ProofKey
from dialtone_kit.lesson.content.lesson_04.forgeries import Issuer
from dialtone_kit.lesson.content.lesson_10.victim import victim_of
from dialtone_kit.lesson.exercises.asking import ask, described, same, show, word
from dialtone_kit.lesson.exercises.definition import LiveLesson
from dialtone_kit.lesson.exercises.patience import Calls, sealed
from dialtone_kit.lesson.exercises.verdict import Wrong
from dialtone_kit.proofs import SeenProofs
from dialtone_kit.tokens import read_unverified

Verify = Callable[..., Any]
LIFE = 120  # seconds that a used proof is remembered: twice its window
ENDLESS = "Your verifier asked for one thing 30 times in one call. Look for a loop."


@dataclass(frozen=True)
class Api:
    """Whose tokens the API takes, and what gets one for it: an issuer of ours, or the service."""

    url: str
    issuer: str
    jwks: Mapping[str, Any]
    victim: Victim


def on_paper() -> Api:
    """An API and an issuer that are made up, with fresh names."""
    url, issuer = f"https://{word()}.example/{word()}/notes", Issuer()
    return Api(url, issuer.url, issuer.jwks, victim_of(issuer, url, stale=LIFE + 60))


def at_the_service(lesson: LiveLesson) -> Api:
    """The same with tokens of the running service."""
    url = f"https://{word()}.example/notes"

    def token(key: ProofKey) -> str:
        return lesson.client.get_token(key=key, resource=url).access_token.reveal()

    return Api(url, lesson.issuer, lesson.client.jwks(), Victim(token))


class Scene:
    """The verifier in front of an API; `send` hands a call to it."""

    def __init__(self, verify: Verify, api: Api) -> None:
        self._verify, self._seen = verify, SeenProofs()
        keys = {jwk["kid"]: jwt.PyJWK(jwk) for jwk in api.jwks["keys"]}
        self._api = {"url": api.url, "issuer": api.issuer, "keys": keys}
        self.victim, self.target = api.victim, Target("GET", api.url)
        self.bag = Bag(self.victim, self.target, self.send)

    def send(self, call: Call) -> Answer:
        """200 if the verifier returns the claims of the call's token, 401 if it raises."""
        refusals: list[str] = []

        def caught(*arguments: Any) -> Any:
            try:
                return self._verify(*arguments)
            except Exception as refusal:
                refusals.append(described(refusal))
            return None

        fields = [(name, str.__str__(value)) for name, value in call.fields]
        got = ask(caught, call.method, fields, self._api_now())
        if refusals:
            return Answer(401, reason=refusals[0].removeprefix("PermissionError: "))
        if not same(got, dict(read_unverified(_token_in(call)).claims)):
            raise Wrong(
                "To let a call in, return the claims of its token; to turn it away, raise a "
                f"PermissionError. Your verifier returned {show(got)}."
            )
        return Answer(200)

    def _api_now(self) -> SimpleNamespace:
        """What the verifier is given, with calls that are counted."""
        asked: dict[str, Callable[..., Any]] = {
            "now": time.time,
            "plain": normalize,
            "first_use": self._first_use,
        }
        counted = {name: sealed(Calls(one, ENDLESS)) for name, one in asked.items()}
        return SimpleNamespace(**self._api, **counted)

    def _first_use(self, thumbprint: object, jti: object, *_until: object) -> bool:
        return self._seen.first_use(str(thumbprint), str(jti), time.time() + LIFE)


def _token_in(call: Call) -> str:
    return call.values("Authorization")[0].partition(" ")[2]
