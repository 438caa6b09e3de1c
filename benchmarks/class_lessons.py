"""What a learner sends in lessons 01 to 05, and the answer that each step expects."""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx

from dialtone_kit.keys import ProofKey
from dialtone_kit.local.challenge import control_token
from dialtone_kit.local.record import Record
from dialtone_kit.proofs import build_proof

BROKEN = (httpx.NetworkError, httpx.RemoteProtocolError)
TRIES = 4  # as the kit's client: a request that nobody answered goes out again, with a new proof
SCOPES = ["openid", "notes:read", "notes:write"]
Step = Callable[["Learner"], Awaitable[None]]


@dataclass(frozen=True)
class Outcome:
    """One request: whether the answer was `expected`, or a dying worker `cut` the connection."""

    what: str
    seconds: float
    expected: bool
    cut: bool = False
    token: bool = False


def _ignore(_outcome: Outcome) -> None:
    """Before the first step there is nobody to tell."""


class Learner:
    """Someone in the class, with a client of their own from lesson 02 on."""

    def __init__(self, place: Record, email: str) -> None:
        self.seat, self.base, self.email = place.seat or 0, place.base_url, email
        self.issuer = f"{self.base}/realms/default"
        self.key, self.client, self.access = ProofKey.generate(), ("", ""), ""
        self.notes, self.events, self.lab = 0, 0, ""
        self._series, self._control = secrets.token_hex(8), f"Bearer {control_token(place)}"
        limits = httpx.Limits(max_connections=2, max_keepalive_connections=2)
        self.http = httpx.AsyncClient(timeout=30, trust_env=False, limits=limits)
        self._note: Callable[[Outcome], object] = _ignore

    async def take(self, step: Step, note: Callable[[Outcome], object]) -> None:
        """One step; `note` gets what came of its requests."""
        self._note = note
        await step(self)

    async def ask(
        self, method: str, url: str, status: int = 200, *, proofs: Any = None, **more: Any
    ) -> httpx.Response:
        """Send until somebody answers. `proofs` makes the headers of each attempt anew."""
        for _ in range(TRIES):
            began = time.perf_counter()
            headers = more.get("headers", {}) | (proofs() if proofs else {})
            what = f"{method} {url.removeprefix(self.base).partition('?')[0]}"
            token = url.endswith("/token") and status == 200
            try:
                answer = await self.http.request(method, url, **{**more, "headers": headers})
            except BROKEN:
                self._note(Outcome(what, time.perf_counter() - began, False, cut=True))
                continue
            spent, right = time.perf_counter() - began, answer.status_code == status
            name = what if right else f"{what}: {answer.status_code} {answer.text[:90]}"
            self._note(Outcome(name, spent, right, token=token))
            return answer
        return httpx.Response(503, json={})

    async def control(self, method: str, path: str, status: int = 200, **more: Any) -> Any:
        """A control of this learner's own."""
        headers = {"Authorization": self._control}
        answer = await self.ask(method, f"{self.base}/mock/{path}", status, headers=headers, **more)
        return answer.json() if answer.content else {}

    async def share(self, kind: str, **about: Any) -> None:
        """An event for the trainer."""
        at = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime())
        event = {"number": self.events, "at": at, "lesson": "03", "kind": kind, **about}
        body = {"series": self._series, "events": [event]}
        if "received" in await self.control("POST", "class/events", json=body):
            self.events += 1

    async def token(self, status: int = 200, *, proof: str = "", issuer: str = "") -> str:
        """An access token; `proof` is one that was used before."""
        url = f"{issuer or self.issuer}/token"
        answer = await self.ask(
            "POST",
            url,
            status,
            data={"grant_type": "client_credentials", "scope": " ".join(SCOPES)},
            auth=self.client,
            proofs=lambda: {"DPoP": proof or build_proof(self.key, "POST", url)},
        )
        return str(answer.json().get("access_token", ""))

    async def call(
        self, path: str, status: int = 200, *, method: str = "GET", key: Any = None, **more: Any
    ) -> httpx.Response:
        """A call of the API with the token, and a proof by `key`."""
        url = f"{self.issuer}/{path}"

        def proofs() -> dict[str, str]:
            proof = build_proof(key or self.key, method, url, access_token=self.access)
            return {"Authorization": f"DPoP {self.access}", "DPoP": proof}

        return await self.ask(method, url, status, proofs=proofs, **more)

    async def missing(self) -> AsyncIterator[str]:
        """What had been acknowledged and is gone: the client, or one of its notes."""
        self.access = await self.token()
        if not self.access:
            yield f"seat {self.seat}: the client is gone"
        held = len((await self.call("api/notes?limit=100")).json().get("notes", []))
        if held < self.notes:
            yield f"seat {self.seat}: {held} notes of {self.notes}"


async def documents(one: Learner) -> None:
    """01: the documents that everything follows from."""
    await one.ask("GET", f"{one.issuer}/.well-known/openid-configuration")
    await one.ask("GET", f"{one.base}/.well-known/openid-configuration")
    await one.ask("GET", f"{one.issuer}/jwks")


async def register(one: Learner) -> None:
    """02: ask, look at the page, read the code, confirm; and once more, which is refused."""
    email = one.email.replace("@", f"+{secrets.token_hex(4)}@")
    body = {"email": email, "client_name": "my-agent", "requested_scopes": SCOPES}
    answer = await one.ask("POST", f"{one.issuer}/register/request", json=body)
    begun = answer.json()
    await one.ask("GET", begun["status_url"])
    await one.ask("GET", begun["approval_url"])
    mails = (await one.control("GET", "inbox?limit=5"))["mails"]
    sent = {name: begun[name] for name in ("enrollment_id", "poll_token")}
    sent["verification_code"] = next(mail["code"] for mail in mails if mail["to"] == email)
    confirm = f"{one.issuer}/register/confirm"
    got = (await one.ask("POST", confirm, json=sent)).json()
    if "client_id" not in got:  # its answer was lost with the worker: begin again, as a person does
        await register(one)
        return
    one.client = (got["client_id"], got["client_secret"])
    await one.ask("POST", confirm, 409, json=sent)


async def bound(one: Learner) -> None:
    """03: a token bound to a key; the same proof again is refused."""
    one.access = await one.token()
    proof = build_proof(one.key, "POST", f"{one.issuer}/token")
    await one.token(proof=proof)
    await one.token(400, proof=proof)
    await one.share("tried", id="03.proof", outcome="wrong", code="M05")


async def verify(one: Learner) -> None:
    """04: the keys again, and a new token to read."""
    await one.ask("GET", f"{one.issuer}/jwks")
    one.access = await one.token()
    await one.share("predicted", id="04.decoding", right=True, confidence="sure")


async def call(one: Learner) -> None:
    """05: calls that are answered, and those of a thief that aren't."""
    await one.call("api/whoami")
    if (await one.call("api/notes", 201, method="POST", json={"text": "Hello"})).is_success:
        one.notes += 1
    await one.call("api/notes")
    await one.call("api/whoami", 401, key=ProofKey.generate())
    bearer = {"Authorization": f"Bearer {one.access}"}
    await one.ask("GET", f"{one.issuer}/api/whoami", 401, headers=bearer)
    await one.ask("GET", f"{one.issuer}/api/whoami", 401)
    await one.share("tried", id="05.prove", outcome="right")


async def strict(one: Learner) -> None:
    """05: a private realm that demands nonces, and its end."""
    made = await one.control("POST", "realms", 201, json={"like": "strict"})
    await one.ask("GET", f"{made['issuer']}/.well-known/openid-configuration")
    await one.control("DELETE", f"realms/{made['realm']}", 204)


STEPS: tuple[Step, ...] = (
    *(documents, documents, register),
    *(bound, bound, verify, verify, call, call),
    *(strict, call),
    *(bound, verify, call, call, bound),
)
