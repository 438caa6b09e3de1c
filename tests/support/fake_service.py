"""A service of canned answers: what the client's tests put at the other end of the wire."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import httpx

from dialtone_kit.base.masking import Secret
from dialtone_kit.client.credentials import Credentials
from dialtone_kit.client.identity import IdentityClient
from dialtone_kit.tokens import read_unverified

BASE = "https://id.example"
ISSUER = f"{BASE}/realms/default"
SECRET = "sec_" + "s3cr3tValue" * 4
CREDENTIALS = Credentials(
    "cli_my_agent_0a1b", Secret(SECRET), f"{ISSUER}/token", ISSUER, "default", ("openid",)
)
METADATA = {
    "issuer": ISSUER,
    "token_endpoint": f"{ISSUER}/token",
    "jwks_uri": f"{ISSUER}/jwks",
    "userinfo_endpoint": f"{ISSUER}/userinfo",
}
ENROLLMENT = {
    "enrollment_id": "enroll_0b39a2ee-6c37-4a5e-8a35-0d7c2f4e9a11",
    "poll_token": "pt_" + "pollValue01" * 4,
    "status_url": f"{ISSUER}/register/status/enroll_0b39a2ee-6c37-4a5e-8a35-0d7c2f4e9a11",
    "approval_url": f"{ISSUER}/register/approve?enrollment=enroll_0b39a2ee",
    "expires_at": "2099-01-01T00:00:00Z",
    "email_sent": True,
    "realm": "default",
    "token_endpoint": f"{ISSUER}/token",
}
GRANTED = {
    "client_id": CREDENTIALS.client_id,
    "client_secret": SECRET,
    "granted_scopes": ["openid"],
    "token_endpoint": f"{ISSUER}/token",
    "issuer": ISSUER,
    "realm": "default",
}

Answer = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]


def says(status: int, error: str, text: str = "", **headers: str) -> httpx.Response:
    """A refusal in the demo's shape."""
    body = {"error": error, "error_description": text}
    return httpx.Response(status, json=body, headers=headers)


class FakeService:
    """Answers each path from a list, the last one again and again. `asked` is what was received."""

    def __init__(self, **paths: Answer | Sequence[Answer]) -> None:
        self.asked: list[httpx.Request] = []
        self.slept: list[float] = []
        self.answers: dict[str, list[Answer]] = {
            "openid-configuration": [lambda _: httpx.Response(200, json=METADATA)]
        }
        for name, given in paths.items():
            self.answers[name.replace("_", "-")] = (
                list(given) if isinstance(given, Sequence) else [given]
            )

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        waiting = self.answers[request.url.path.rpartition("/")[2]]
        answer = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if isinstance(answer, Exception):
            raise answer
        return answer(request) if callable(answer) else answer

    def client(self, **options: Any) -> IdentityClient:
        return IdentityClient(
            options.pop("base_url", BASE),
            options.pop("realm", "default"),
            transport=httpx.MockTransport(self),
            sleep=self.slept.append,
            **options,
        )

    def sent_to(self, name: str) -> list[httpx.Request]:
        return [request for request in self.asked if request.url.path.endswith(f"/{name}")]

    def proofs(self, name: str) -> list[dict[str, Any]]:
        """The claims of the proofs that came to a path."""
        return [dict(read_unverified(r.headers["DPoP"]).claims) for r in self.sent_to(name)]


def json_body(request: httpx.Request) -> Any:
    return json.loads(request.content)
