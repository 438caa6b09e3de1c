"""A mock in its own process, and a bare client for it.

The kit's own client is not used here: the service is tested by its HTTP responses alone.
"""

from __future__ import annotations

import hmac
import json
import os
import secrets
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx

from dialtone_kit.base.masking import Secret
from dialtone_kit.client.credentials import Credentials
from dialtone_kit.client.identity import IdentityClient
from dialtone_kit.keys import ProofKey
from dialtone_kit.proofs import build_proof
from tests.support.databases import Database
from tests.support.documented import must_be_documented

SCOPES = ("openid", "notes:read", "notes:write")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@dataclass
class Registered:
    """A confirmed client: the response of `register/confirm`, and ways to use it."""

    mock: Mock
    answer: dict[str, Any]
    key: ProofKey = field(default_factory=ProofKey.generate)

    @property
    def client_id(self) -> str:
        return str(self.answer["client_id"])

    @property
    def client_secret(self) -> str:
        return str(self.answer["client_secret"])

    @property
    def basic(self) -> tuple[str, str]:
        return self.client_id, self.client_secret

    @property
    def realm(self) -> str:
        return str(self.answer["realm"])

    @property
    def issuer(self) -> str:
        return str(self.answer["issuer"])

    @property
    def token_url(self) -> str:
        return str(self.answer["token_endpoint"])

    def url(self, path: str) -> str:
        """A URL in the client's realm, for example `url("/api/whoami")`."""
        return self.issuer + path

    def proof(self, method: str, url: str, **more: Any) -> str:
        """A valid proof by the client's key, in its realm's time."""
        more.setdefault("now", self.mock.now(self.realm))
        return build_proof(more.pop("key", self.key), method, url, **more)

    def ask_token(
        self,
        dpop: str | list[str] | None = None,
        *,
        url: str | None = None,
        auth: tuple[str, str] | None = None,
        headers: list[tuple[str, str]] | None = None,
        **form: Any,
    ) -> httpx.Response:
        """POST to the token endpoint. `dpop`: one DPoP header, several, or None."""
        proofs = [dpop] if isinstance(dpop, str) else dpop or []
        return self.mock.http.post(
            url or self.token_url,
            data={"grant_type": "client_credentials", **form},
            auth=auth or self.basic,
            headers=[("DPoP", proof) for proof in proofs] + (headers or []),
        )

    def token(self, *, bound: bool = True, **form: Any) -> str:
        """An access token: bound to the client's key, or a bearer token."""
        nonce = self.nonce(self.token_url) if bound else None
        proof = self.proof("POST", self.token_url, nonce=nonce) if bound else None
        answer = self.ask_token(proof, **form)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    def nonce(self, url: str) -> str | None:
        """A fresh nonce, if this client's realm demands nonces."""
        if not self.mock.demands_nonces(self.realm):
            return None
        if url == self.token_url:
            return self.ask_token(self.proof("POST", url)).headers["dpop-nonce"]
        token = self.token()
        return self.call("GET", url, token, nonce=None).headers["dpop-nonce"]

    def call(
        self,
        method: str,
        url: str,
        token: str,
        *,
        scheme: str = "DPoP",
        proof: str | None = None,
        bare: bool = False,
        **more: Any,
    ) -> httpx.Response:
        """A call with `token`, and a valid proof unless `proof` is given or `bare` is set."""
        sent = more.pop("json", None)
        headers = [("Authorization", f"{scheme} {token}"), *more.pop("headers", [])]
        if not bare:
            proof = proof or self.proof(method, url, access_token=token, **more)
            headers.append(("DPoP", proof))
        return self.mock.http.request(method, url, headers=headers, json=sent)


class Mock:
    """The process `python -m dialtone_kit.mock` with its own state, port and control secret."""

    def __init__(
        self,
        state_dir: Path,
        *,
        workers: int = 1,
        controls: bool = True,
        environment: dict[str, str] | None = None,
        arguments: tuple[str, ...] = (),
        database: str = "sqlite",
        seats: Path | None = None,
    ) -> None:
        self.state_dir, self.port = state_dir, free_port()
        self.base_url = f"http://127.0.0.1:{self.port}"
        self.secret = secrets.token_urlsafe(32)
        self.http = httpx.Client(timeout=20, trust_env=False, verify=False)  # plain http
        self.http.event_hooks["response"] = [
            must_be_documented(self.base_url, "class" if seats else controls)
        ]
        self.workers = workers
        self._arguments = (*arguments, *(("--seats", str(seats)) if seats else ()))
        self.database = Database(state_dir, database)
        self._environment = {**os.environ, **self.database.environment, **(environment or {})}
        self._realms: dict[str, tuple[str, float]] = {}
        state_dir.mkdir(mode=0o700, exist_ok=True)
        note: dict[str, Any] = {"base_url": self.base_url, "port": self.port}
        self.write_private("service.json", note | ({"secret": self.secret} if controls else {}))

    def write_private(self, name: str, content: Any) -> None:
        path = self.state_dir / name
        path.touch(mode=0o600)
        path.write_text(json.dumps(content))

    @property
    def log(self) -> str:
        """What the service has written to stderr so far."""
        return (self.state_dir / "mock.log").read_text()

    def launch(self) -> None:
        """Start the process without waiting until it is ready."""
        command = [sys.executable, "-m", "dialtone_kit.mock", "--state-dir", str(self.state_dir)]
        command += ["--workers", str(self.workers), *self._arguments]
        with (self.state_dir / "mock.log").open("ab") as log:
            self.process = subprocess.Popen(command, stderr=log, env=self._environment)

    def start(self) -> Mock:
        self.launch()
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                self.http.get(f"{self.base_url}/agent.json")
            except httpx.TransportError:
                time.sleep(0.03)
            else:
                return self
        raise AssertionError(f"the mock did not start:\n{self.log}")

    def kill(self) -> None:
        """SIGKILL, like a crash."""
        self.process.kill()
        self.process.wait()

    def sql(self, statement: str, **values: Any) -> list[Any]:
        """Run one statement on the service's database, without its knowledge."""
        return self.database.sql(statement, **values)

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(timeout=20)

    # --- teaching controls ---------------------------------------------------------------------

    @property
    def control_token(self) -> str:
        return hmac.new(self.secret.encode(), b"control", sha256).hexdigest()

    def control(self, method: str, path: str, **more: Any) -> httpx.Response:
        """A call to `/mock/<path>` with the control token."""
        headers = {"Authorization": f"Bearer {self.control_token}"}
        return self.http.request(method, f"{self.base_url}/mock/{path}", headers=headers, **more)

    def new_realm(self, like: str = "default") -> str:
        """A private realm, with limits and a clock of its own."""
        name = str(self.control("POST", "realms", json={"like": like}).json()["realm"])
        self._realms[name] = (like, 0.0)
        return name

    def remove_realm(self, realm: str) -> None:
        self.control("DELETE", f"realms/{realm}")

    def move_clock(self, realm: str, seconds: float) -> None:
        """Move a private realm's clock. Its clients build their proofs in that time."""
        answer = self.control("POST", "clock", json={"realm": realm, "move_seconds": seconds})
        assert answer.status_code == 200, answer.text
        self._realms[realm] = (self._realms[realm][0], answer.json()["offset"])

    def now(self, realm: str) -> float:
        return time.time() + self._realms.get(realm, ("", 0.0))[1]

    def demands_nonces(self, realm: str) -> bool:
        return self._realms.get(realm, (realm, 0.0))[0] == "strict"

    def inbox(self, **query: str) -> list[dict[str, Any]]:
        mails: list[dict[str, Any]] = self.control("GET", "inbox", params=query).json()["mails"]
        return mails

    def code_for(self, email: str, realm: str) -> str:
        return str(self.inbox(email=email, realm=realm)[0]["code"])

    # --- registration --------------------------------------------------------------------------

    def issuer(self, realm: str) -> str:
        return f"{self.base_url}/realms/{realm}"

    def request_enrollment(self, realm: str, **members: Any) -> httpx.Response:
        """POST register/request, with a new address unless `email` is given."""
        body = {
            "email": f"sponsor-{secrets.token_hex(4)}@example.com",
            "client_name": "my-agent",
            "client_description": "Tests the service",
            "requested_scopes": list(SCOPES),
            **members,
        }
        return self.http.post(f"{self.issuer(realm)}/register/request", json=body)

    def enroll(self, realm: str, **members: Any) -> tuple[dict[str, Any], str]:
        """A requested enrollment: the response, and the code from the inbox."""
        answer = self.request_enrollment(realm, **members)
        assert answer.status_code == 200, answer.text
        return answer.json(), str(self.inbox(realm=realm)[0]["code"])

    def confirm(self, realm: str, enrollment: dict[str, Any], code: Any = None) -> httpx.Response:
        body = {key: enrollment[key] for key in ("enrollment_id", "poll_token")}
        if code is not None:
            body["verification_code"] = code
        return self.http.post(f"{self.issuer(realm)}/register/confirm", json=body)

    def register(self, realm: str, **members: Any) -> Registered:
        """A client of `realm`, from request to confirmation."""
        enrollment, code = self.enroll(realm, **members)
        answer = self.confirm(realm, enrollment, code)
        assert answer.status_code == 200, answer.text
        return Registered(self, answer.json())


def client_of(registered: Registered) -> IdentityClient:
    """The kit's client, with the credentials of a registered one."""
    mock = registered.mock
    client_id, secret = registered.basic
    client = IdentityClient(mock.base_url, registered.realm)
    client.credentials = Credentials(
        client_id,
        Secret(secret),
        client.endpoint("token"),
        client.issuer,
        registered.realm,
        ("openid", "notes:read"),
    )
    return client
