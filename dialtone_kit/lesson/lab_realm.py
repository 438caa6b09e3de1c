"""A private realm: where a lesson moves time or breaks things and nobody else notices."""

from __future__ import annotations

import atexit
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from dialtone_kit.base.display import Shown
from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.client import credentials as store
from dialtone_kit.client.credentials import path_for
from dialtone_kit.client.identity import IdentityClient
from dialtone_kit.keys import ProofKey
from dialtone_kit.lesson.demo_client import run_demo
from dialtone_kit.lesson.registering import ensure_credentials, own_address, register
from dialtone_kit.lesson.trail import read_trail, trail_picture
from dialtone_kit.local.controls import Controls
from dialtone_kit.spiffe.workload import Workload
from dialtone_kit.wire.recorder import Wire

API_SCOPES = ("openid", "notes:read", "notes:write")


@dataclass(frozen=True)
class LabAgent:
    """One of several agents in a private realm: its client, and the key its tokens are bound to."""

    name: str
    client: IdentityClient
    key: ProofKey

    @property
    def client_id(self) -> str:
        """What the service calls this agent."""
        credentials = self.client.credentials
        return credentials.client_id if credentials is not None else ""


class LabRealm:
    """A realm `lab-…` of your own, made like another; `remove()` or the end of `with` removes it.

    `client` is registered there, and goes by the realm's time. `without` names one check that
    is off there: an attack lab. With `workload` the client is that workload.
    """

    def __init__(
        self,
        base_url: str,
        controls: Controls,
        wire: Wire,
        *,
        like: str = "default",
        scopes: Sequence[str] = ("openid",),
        without: str | None = None,
        workload: Workload | None = None,
    ) -> None:
        self.controls, self._base_url, self._wire = controls, base_url, wire
        self.realm = controls.new_realm(like, without=without)
        self.offset = 0.0  # seconds that the realm's clock is ahead of ours
        self.client = IdentityClient(base_url, self.realm, wire=wire, now=self.now)
        self._agents: list[LabAgent] = []
        self._removed = False
        atexit.register(self.remove)
        try:
            self._register(scopes, workload)
        except BaseException:  # nobody has it yet, so nobody else removes it
            self.remove()
            raise

    def _register(self, scopes: Sequence[str], workload: Workload | None) -> None:
        if scopes:
            ensure_credentials(
                self.client,
                scopes,
                controls=self.controls,
                client_name="lab",
                spiffe_id=str(workload.spiffe_id) if workload else None,
                say=_keep_quiet,
            )
        if workload is not None:
            workload.sign_in(self.client)

    @property
    def issuer(self) -> str:
        return self.client.issuer

    def now(self) -> float:
        """The time in this realm, in Unix seconds."""
        return time.time() + self.offset

    def move_clock(self, seconds: float) -> float:
        """Move the realm's time on, for the service and the client; returns the new offset."""
        self.offset = self.controls.move_clock(self.realm, seconds)
        return self.offset

    def agent(self, name: str, scopes: Sequence[str] = API_SCOPES, *, email: str = "") -> LabAgent:
        """Register another agent here, with a key of its own and the sponsor `email`.

        Raises ServiceError 403 when a policy of the realm denies one of the `scopes`.
        """
        client = IdentityClient(self._base_url, self.realm, wire=self._wire, now=self.now)
        register(client, self.controls, email or own_address(), name, scopes, _keep_quiet)
        agent = LabAgent(name, client, ProofKey.generate())
        self._agents.append(agent)
        return agent

    def policy(self, text: str) -> None:
        """Replace the realm's Cedar policies by `text`, from the next request on.

        A text with a mistake changes nothing: ServiceError 400 names its line.
        """
        self.controls.write_policies(self.realm, text)

    def events(self) -> list[dict[str, Any]]:
        """The realm's audit trail, oldest event first."""
        found: list[dict[str, Any]] = []
        while page := self.controls.audit(self.realm, after=found[-1]["id"] if found else 0):
            found += page
        return found

    def trail(self, *agents: LabAgent, last: int = 12) -> Shown:
        """The last events of the audit trail, a lane for each of `agents` (by default for all)."""
        lanes = [agent.client_id for agent in agents]
        return trail_picture(read_trail(self.events(), lanes)[-last:], lanes)

    def run_demo(self, agent: LabAgent, text: str) -> Shown:
        """Write a note as `agent` by the demo's own script: another process, and no kit in it."""
        return run_demo(path_for(agent.client_id), text, self.issuer)

    def remove(self) -> None:
        """Remove the realm and the credentials for it; if it is gone already, that is fine."""
        if self._removed:
            return
        self._removed = True
        atexit.unregister(self.remove)
        with suppress(DialtoneError):  # no service, no realm
            self.controls.remove_realm(self.realm)
        for client in (self.client, *(agent.client for agent in self._agents)):
            if client.credentials is not None:
                with suppress(DialtoneError):
                    store.forget(client.credentials.client_id)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.remove()

    def __repr__(self) -> str:
        return f"LabRealm({self.realm!r}, {self.offset:+.0f} s)"


def _keep_quiet(line: str) -> None:
    del line
