"""Who is robbed in a room of the attack lab: one agent, and what else its owner runs.

Nothing of theirs is stored, recorded or shown. Each agent keeps a note with a flag of its own.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from dialtone_kit.attacks.victim import Victim
from dialtone_kit.base.masking import Secret
from dialtone_kit.client.credentials import read_granted
from dialtone_kit.client.identity import IdentityClient
from dialtone_kit.client.token_requests import JWT_SPIFFE
from dialtone_kit.keys import ProofKey
from dialtone_kit.lesson.approving import answer_page
from dialtone_kit.lesson.lab_realm import API_SCOPES, LabRealm
from dialtone_kit.lesson.peer import DOMAIN, NAMESPACE
from dialtone_kit.lesson.registering import own_address
from dialtone_kit.local.controls import Controls
from dialtone_kit.spiffe.workload import Workload
from dialtone_kit.tokens import Token, text_of

ACCOUNT = "orders"
REPORTS = "https://reports.example"  # another API, which S is for
SCOPE = " ".join(API_SCOPES)
RENEWED_AFTER = 45 * 60  # seconds; tokens live for an hour


@dataclass(frozen=True)
class Doorstep:
    """What answering the device page needs to know of the lesson."""

    base_url: str
    controls: Controls
    email: str
    is_mock: bool = True
    interactive: bool = False


class Resident(Victim):
    """A victim that is there for longer than its tokens live."""

    def token(self, kind: str = "token", key: ProofKey | None = None) -> str:
        """As any victim's, but renewed before it expires."""
        if self.now() > self._until:
            self._made.clear()
            self._until = self.now() + RENEWED_AFTER
        return super().token(kind, key)

    _until = 0.0  # Unix seconds


class Robbed:
    """The agent whose loot is found, in the private realm `lab`; its owner's others come if needed.

    `keep` gets the flag of each note.
    """

    def __init__(self, base_url: str, lab: LabRealm, keep: Callable[[str], object]) -> None:
        self._lab, self._base_url, self._keep = lab, base_url, keep
        self.notes = f"{lab.issuer}/api/notes"
        self.email = own_address()
        self.client = self._registered("orders", self.email)
        self.victim = Resident(
            lambda key: self._token(SCOPE, key),
            {"smaller": self._for_reports, "foreign": self._for_reports},
            now=lab.now,
        )
        own = self.client.get_token(SCOPE, key=self.victim.key)
        self._write_note(self.client, own)

    def delegated(self, client_id: str) -> str:
        """A token that lets `client_id` act for the agent, as far as showing who it is."""
        token = self.client.get_token("openid", key=self.victim.key, may_act=client_id)
        return text_of(token)

    @cached_property
    def used_refresh(self) -> dict[str, str]:
        """The form with which the owner's laptop renewed its token: it keeps no secret, no key."""
        person = own_address()
        laptop = self._registered("laptop", person, token_endpoint_auth_method="none")  # noqa: S106
        login = laptop.start_device(SCOPE)
        answer_page(
            Doorstep(self._base_url, self._lab.controls, person), login, person, say_yes=True
        )
        first = laptop.wait_for_device(replace(login, interval=0))
        assert first.refresh_token is not None  # noqa: S101  (the device flow issues one)
        used = {"grant_type": "refresh_token", "refresh_token": first.refresh_token.reveal()}
        self._write_note(laptop, laptop.refresh(first))
        return used | {"client_id": _id_of(laptop)}

    def pending(self) -> tuple[dict[str, str], str]:
        """Another enrollment of the same sponsor, waiting for its code; and that code."""
        self._lab.controls.clear_limits(self._lab.realm)
        asked = self._ask(self.client, "orders-2", self.email, {})
        return asked, self._lab.controls.code_for(self.email, self._lab.realm)

    def is_open(self, enrollment: dict[str, str]) -> bool:
        """Whether that enrollment still waits for its code."""
        url = f"{self._lab.issuer}/register/status/{enrollment['enrollment_id']}"
        return bool(self.client.connection.ask("GET", url)["status"] == "pending")

    def attested(self) -> dict[str, Any]:
        """The request for the SVID with which the owner's workload has just signed in."""
        client, workload = self._workload
        challenge = workload.challenge()
        sent = {
            "platform": "kubernetes",
            "nonce": challenge,
            "evidence": workload.evidence(challenge).members(),
            "key": workload.key.public_jwk,
            "audience": [self._lab.issuer],
        }
        body = workload.connection.ask("POST", f"{self._base_url}/v1/svid/jwt", json=sent)
        svid = Secret(str(body["svid"]))
        client.authenticate_by(lambda: svid)
        self._write_note(client, client.get_token(SCOPE, key=ProofKey.generate()))
        return sent

    def sign_in(self) -> dict[str, str]:
        """The form with which the workload gets its token, without the SVID."""
        about = {"client_id": _id_of(self._workload[0]), "scope": "notes:read"}
        return {"grant_type": "client_credentials", "client_assertion_type": JWT_SPIFFE} | about

    def __repr__(self) -> str:
        return "<the agent that is robbed>"

    # -- parts ---------------------------------------------------------------------------------

    @cached_property
    def _workload(self) -> tuple[IdentityClient, Workload]:
        name = f"spiffe://{DOMAIN}/{self._lab.realm}/ns/{NAMESPACE}/sa/{ACCOUNT}"
        platform = self._lab.controls.platform(
            "kubernetes", namespace=NAMESPACE, service_account=ACCOUNT, realm=self._lab.realm
        )
        own = {"token_endpoint_auth_method": "spiffe_jwt", "spiffe_id": name}
        return self._registered("orders-pod", own_address(), **own), Workload(
            self._base_url, name, platform
        )

    def _token(self, scope: str, key: ProofKey, **more: str) -> str:
        return text_of(self.client.get_token(scope, key=key, **more))

    def _for_reports(self, key: ProofKey) -> str:
        return self._token("notes:read", key, resource=REPORTS)

    def _registered(self, name: str, email: str, **how: str) -> IdentityClient:
        """A client of that name, whose credentials are in this object only."""
        client = IdentityClient(self._base_url, self._lab.realm, now=self._lab.now)
        sent = self._ask(client, name, email, how)
        sent["verification_code"] = self._lab.controls.code_for(email, self._lab.realm)
        body = client.connection.ask("POST", f"{client.issuer}/register/confirm", json=sent)
        client.credentials = read_granted(body, client.issuer)
        return client

    def _ask(
        self, client: IdentityClient, name: str, email: str, how: dict[str, str]
    ) -> dict[str, str]:
        asked = {"email": email, "client_name": name, "requested_scopes": list(API_SCOPES)}
        url = f"{client.issuer}/register/request"
        body = client.connection.ask("POST", url, json=asked | how)
        return {part: str(body[part]) for part in ("enrollment_id", "poll_token")}

    def _write_note(self, client: IdentityClient, token: Token) -> None:
        flag = f"flag-{secrets.token_hex(6)}"
        self._keep(flag)
        note = {"text": f"The flag is {flag}."}
        client.call("POST", self.notes, token, json=note).raise_for_status()


def _id_of(client: IdentityClient) -> str:
    assert client.credentials is not None  # noqa: S101  (it is registered)
    return client.credentials.client_id
