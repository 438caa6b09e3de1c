"""A room of the attack lab: a private realm with one check off, a victim, and its bag of loot."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from hashlib import sha256
from typing import Any, NoReturn

import httpx

from dialtone_kit.attacks.calls import Send, Target
from dialtone_kit.attacks.over_http import read
from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.masking import Secret
from dialtone_kit.client.credentials import Credentials
from dialtone_kit.client.identity import IdentityClient
from dialtone_kit.client.quiet import hiding
from dialtone_kit.client.retry import explained
from dialtone_kit.lesson.lab_realm import LabAgent, LabRealm
from dialtone_kit.lesson.lure import Caught, careful, lure, naive
from dialtone_kit.lesson.room_bag import RoomBag, robbed_of
from dialtone_kit.lesson.room_victim import Robbed
from dialtone_kit.wire.recorder import Wire

NAIVE = "issuer_is_asked"  # what is off in the victim's client, not in the realm
POLICY = """
@id("anybody-may-register")
permit (principal, action == Action::"register", resource);

@id("agents-use-the-api")
permit (
  principal,
  action in [Action::"whoami", Action::"notes:read", Action::"notes:write"],
  resource
);

@id("agents-of-one-sponsor-act-for-each-other")
permit (principal, action == Action::"exchange", resource)
when { principal.sponsor == resource.sponsor };
"""


class AttackRoom:
    """Room `number`, where the check `off` is off: get at the flag in the victim's note.

    In room 0 nothing is off. `notes` is the URL of its notes. Of the flags, only their hashes are
    kept here.
    """

    def __init__(self, number: int, off: str, base_url: str, lab: LabRealm, wire: Wire) -> None:
        self.number, self._off, self._lab = number, off, lab
        self._base_url, self._wire, self._lured, self.closed = base_url, wire, False, False
        lab.policy(POLICY)
        self._flags: set[bytes] = set()
        self._left: bool | None = None  # by_rule, at the time when the room was left
        robbed = Robbed(base_url, lab, lambda flag: self._flags.add(_hash(flag)))
        own, self.notes, self.http = robbed.client.http, robbed.notes, lab.client.http
        self._bag = RoomBag(robbed, Target("GET", self.notes), sender(own), self._my_name)

    @property
    def issuer(self) -> str:
        """The issuer of this room's realm."""
        return self._lab.issuer

    @property
    def token_endpoint(self) -> str:
        """Where this realm issues tokens."""
        return f"{self.issuer}/token"

    @property
    def confirm_url(self) -> str:
        """Where an enrollment ends with its code."""
        return f"{self.issuer}/register/confirm"

    @property
    def svid_url(self) -> str:
        """Where a workload gets a JWT-SVID for its evidence."""
        return f"{self._base_url}/v1/svid/jwt"

    @property
    def bag(self) -> RoomBag:
        """What a careless proxy logged of the victim. Proofs are made as you take them out."""
        self._must_be_open()
        return self._bag

    @cached_property
    def me(self) -> LabAgent:
        """An agent of your own in this realm, with a client and a key."""
        self._must_be_open()
        return self._lab.agent("mallory")

    @hiding
    def call(
        self, token: str, *proofs: str, method: str = "GET", scheme: str = "DPoP"
    ) -> httpx.Response:
        """Ask for the notes with `token` and the `proofs`, exactly as given. Any status returns."""
        self._must_be_open()
        fields = [("Authorization", f"{scheme} {token}"), *(("DPoP", proof) for proof in proofs)]
        try:
            response = self.http.request(method, self.notes, headers=fields)
        except httpx.TransportError as problem:
            raise explained(problem) from None
        if response.status_code == 404:  # the notes are always there, unless the realm isn't
            self.close()
            self._must_be_open()
        return response

    @hiding
    def become(self, client_id: str, client_secret: str) -> IdentityClient:
        """A client of this realm with credentials that you got hold of. They are not stored."""
        self._must_be_open()
        client = IdentityClient(self._base_url, self._lab.realm, wire=self._wire, now=self._lab.now)
        secret, at = Secret(str(client_secret)), self.token_endpoint
        client.credentials = Credentials(str(client_id), secret, at, self.issuer, self._lab.realm)
        return client

    @hiding
    def lure(self, document: Mapping[str, Any]) -> Caught:
        """Send the victim to a server of yours for discovery, and see what it sends there.

        It answers with `document`, in which "{here}" is its own URL. Raises DialtoneError with the
        victim's reason when it sends nothing.
        """
        visit = naive if self._off == NAIVE else careful
        caught = lure(document, visit, robbed_of(self.bag).client)
        self._lured = True
        return caught

    def hides(self, flag: str) -> bool:
        """Whether this is a flag of this room: one that is open, or was left."""
        known = not self.closed or self._left is not None
        return known and _hash(flag) in self._flags

    @property
    def by_rule(self) -> bool:
        """Whether the check that is off here has let something through (by the audit trail)."""
        if self._left is not None:
            return self._left
        if self._off == NAIVE:
            return self._lured
        return any(event.get("let_through") == self._off for event in self._lab.events())

    def leave(self) -> None:
        """Make way for another room, in a class where you have few. Your flags stay good."""
        self._left = self.by_rule
        self.close()

    def close(self) -> None:
        """Remove the room and everything in it; doing so twice is fine."""
        self.closed = True
        self._lab.remove()

    def __repr__(self) -> str:
        return f"<room {self.number}{', closed' if self.closed else ''}>"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("A room is never saved: it holds loot.")

    def _my_name(self) -> str:
        return self.me.client_id

    def _must_be_open(self) -> None:
        if self.closed:
            raise DialtoneError(
                f"Room {self.number} is gone. lesson.room({self.number}) opens a new one."
            )


def _hash(flag: str) -> bytes:
    return sha256(flag.encode("utf-8", "surrogatepass")).digest()


def sender(http: httpx.Client) -> Send:
    """A way to send raw calls."""
    return lambda call: read(http.request(call.method, call.url, headers=list(call.fields)))
