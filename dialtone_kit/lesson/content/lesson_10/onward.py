"""A server's calls to the API behind it, for 10.downstream: two callers, and who got what."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import SimpleNamespace
from typing import Any, Protocol

import httpx

from dialtone_kit.base.errors import ServiceError
from dialtone_kit.base.masking import Secret
from dialtone_kit.client.dpop_auth import DPoPAuth
from dialtone_kit.client.identity import IdentityClient
from dialtone_kit.keys import ProofKey
from dialtone_kit.lesson.content.lesson_04.forgeries import Issuer
from dialtone_kit.lesson.content.lesson_10.together import together
from dialtone_kit.lesson.exercises.asking import ask, response, same, show, word
from dialtone_kit.lesson.exercises.patience import sealed
from dialtone_kit.lesson.exercises.verdict import Wrong
from dialtone_kit.tokens import Token, read_unverified, text_of

SERVER = "cli_server"


class Side(Protocol):
    """What a server needs to call on: a token for itself, and a call with it."""

    def exchange(self, held: str, **asked: Any) -> Token: ...
    def get_token(self, *asked: Any, **more: Any) -> Token: ...
    def call(self, method: str, url: str, token: Token | str) -> httpx.Response: ...


@dataclass
class OnPaper:
    """Both without a service: an issuer, and an API that takes tokens by `key` made for `api`."""

    key: ProofKey
    api: str
    issuer: Issuer = field(default_factory=Issuer)

    def exchange(self, held: str, **asked: Any) -> Token:
        """Never for more audiences than `held` has; without a name, for all of those."""
        claims = dict(read_unverified(text_of(held)).claims)
        if asked.get("key") is None:
            raise ServiceError(
                400, "invalid_request", "The subject token is bound to a key: send a proof.", {}
            )
        named = asked.get("resource") or asked.get("audience") or claims["aud"]
        return self._made(claims | {"aud": named, "act": {"sub": SERVER}})

    def get_token(self, *_: Any, resource: Any = None, **__: Any) -> Token:
        """For the server itself."""
        return self._made({"sub": SERVER, "aud": resource or self.api})

    def _made(self, claims: dict[str, Any]) -> Token:
        text = Secret(self.issuer.token(**(claims | {"cnf": {"jkt": self.key.thumbprint}})))
        return Token(text, "DPoP", 3600, "openid", self.key, time.time())

    def call(self, method: str, url: str, token: Token | str) -> httpx.Response:
        """What the API answers, with a number that nobody can guess."""
        claims, asked = read_unverified(text_of(token)).claims, httpx.Request(method, url)
        if url != f"{self.api}/api/whoami" or method != "GET":
            return response(asked, 404, json={"error": "not_found"})
        if claims["cnf"]["jkt"] != self.key.thumbprint or self.api not in _named(claims):
            return response(asked, 401, json={"error": "invalid_token"})
        return response(asked, 200, json={"sub": claims["sub"], "request": word(12)})


@dataclass(frozen=True)
class AtTheService:
    """Both at the running service, as its client, with `key`."""

    client: IdentityClient
    key: ProofKey

    def exchange(self, held: str, **asked: Any) -> Token:
        return self.client.exchange(held, **asked)

    def get_token(self, *asked: Any, **more: Any) -> Token:
        return self.client.get_token(*asked, **more)

    def call(self, method: str, url: str, token: Token | str) -> httpx.Response:
        """A string is a token passed on, with a proof of the server's own."""
        if isinstance(token, Token):
            return self.client.call(method, url, token)
        return self.client.http.request(method, url, auth=DPoPAuth(self.key, token))


@dataclass(frozen=True)
class Caller:
    """Who called the server, and with which token."""

    name: str
    held: str

    @property
    def subject(self) -> str:
        return str(read_unverified(self.held).claims["sub"])


class Watch:
    """Serves callers, and looks at each call to the API."""

    def __init__(self, function: Callable[..., Any], side: Side, key: ProofKey, api: str) -> None:
        self.function, self.side, self.key, self.api = function, side, key, api

    def serve(self, caller: Caller) -> None:
        """Raise Wrong unless `caller` gets the API's answer to a token of their own."""
        answers: list[Any] = []

        def call(method: str, url: str, token: Token | str, **_: Any) -> httpx.Response:
            response = self.side.call(method, url, token)
            self._judge_call(caller, token, response)
            answers.append(response.json())
            return response

        side = self.side
        me = SimpleNamespace(
            exchange=sealed(side.exchange), get_token=sealed(side.get_token), call=sealed(call)
        )
        got = ask(self.function, caller.held, me, self.key, self.api)
        if not answers:
            raise Wrong(f'The API was never called. `me.call("GET", …)` does it; got {show(got)}.')
        if not same(got, answers[-1]):
            raise Wrong(f"Return what the API said, as a dict; you returned {show(got)}.")

    def _judge_call(self, caller: Caller, token: Token | str, response: httpx.Response) -> None:
        claims = read_unverified(text_of(token)).claims
        if claims["cnf"]["jkt"] != self.key.thumbprint:
            raise Wrong(
                "401 `key_is_bound`: you passed on the caller's own token, and it is bound to the "
                "agent's key. Exchange it.",
                "M29",
            )
        if claims["sub"] != caller.subject and "act" not in claims:
            raise Wrong(
                "That is a token of the server's own: the API can't see for whom it calls. "
                "Exchange the caller's token."
            )
        if claims["sub"] != caller.subject:
            raise Wrong(
                f"{caller.name} got an answer that belongs to someone else. A token that was "
                "exchanged for one caller is of no use to the next."
            )
        if others := [one for one in _named(claims) if one != self.api]:
            raise Wrong(
                f"Your token opened {len(others)} other servers, too. Name the one that you call "
                "as its `resource`.",
                "M29",
            )
        if response.status_code != 200:
            raise Wrong(
                f"The API said {response.status_code}. The call is a GET of `{{api}}/api/whoami`, "
                "with the new token."
            )


def judge_onward(
    function: Callable[..., Any], side: Side, key: ProofKey, api: str, callers: Sequence[Caller]
) -> None:
    """One caller, the next, the first one again. Raises Wrong with the sentence for the mistake."""
    ada, bob = callers
    watch = Watch(function, side, key, api)
    for caller in (ada, bob, ada):
        watch.serve(caller)


def on_paper(function: Callable[..., Any]) -> None:
    """The same without a service, with tokens that are good at three servers; then both at once."""
    key, agents, api = ProofKey.generate(), Issuer(), f"https://api-{word()}.example"
    everywhere = ["https://notes.example/mcp", api, f"https://mail-{word()}.example"]
    bound: dict[str, Any] = {"cnf": {"jkt": ProofKey.generate().thumbprint}, "aud": everywhere}
    callers = [Caller(n, agents.token(sub=f"cli_{word()}", **bound)) for n in ("Ada", "Bob")]
    side = OnPaper(key, api)
    judge_onward(function, side, key, api, callers)
    fresh = [Caller(one.name, agents.token(sub=one.subject, **bound)) for one in callers]
    watch = Watch(function, side, key, api)
    together([partial(watch.serve, caller) for caller in fresh], function)


def _named(claims: Any) -> list[str]:
    named = claims.get("aud", [])
    return named if isinstance(named, list) else [named]
