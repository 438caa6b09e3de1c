"""The teaching controls of the local service: inbox, limits, private realms, clock, audit trail.

Only the mock has them. Asked of the real service, each says so in one line (MockOnly).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import quote

from dialtone_kit.base.errors import DialtoneError, EnrollmentProblem, MockOnly, ServiceError
from dialtone_kit.local.control_call import call
from dialtone_kit.local.running import LocalService
from dialtone_kit.spiffe.evidence import Evidence, PlatformName

T = TypeVar("T")


@dataclass(frozen=True)
class Mail:
    """An email that the mock sent. Address, text and code stay out of its repr and of outputs."""

    id: str
    to: str = field(repr=False)
    subject: str
    sent_at: str
    realm: str
    text: str = field(repr=False, default="")
    code: str | None = field(repr=False, default=None)


@dataclass(frozen=True)
class Rotation:
    """A new signing key: when it starts to sign, and how long the old ones stay published.

    Likewise SPIFFE's new root, and the number of the trust bundle that holds it next to the old.
    """

    kid: str
    signs_from: datetime
    old_until: datetime
    root_signs_from: datetime
    old_root_until: datetime
    spiffe_sequence: int


@dataclass(frozen=True)
class PolicyFile:
    """A policy file of the local service; `version` is that of the text in force, None without one.

    While there is a mistake in it (`error` names the line), the last good text stays in force.
    """

    file: str
    realms: tuple[str, ...]
    valid: bool
    error: str | None
    version: str | None
    edited: bool

    @property
    def problem(self) -> str:
        """What is wrong, where, and what is in force meanwhile; "" if nothing is wrong."""
        rest = "the last valid version stays in force" if self.version else "it permits nothing"
        return "" if self.valid else f"{self.error}; {rest}."


class Controls:
    """What the mock lets its own user do; `find_service` says which process to ask, each time.

    With `find_service=None` these are the controls of the real service: it has none.
    """

    def __init__(self, find_service: Callable[[], LocalService] | None) -> None:
        self._find_service = find_service
        self._asked: LocalService | None = None  # the last time

    def inbox(
        self, email: str | None = None, realm: str | None = None, *, limit: int = 50
    ) -> list[Mail]:
        """The emails sent to `email` (or to anyone) from `realm` (or from any), newest first.

        `limit` is at most 200.
        """
        asked = {"email": email or None, "realm": realm or None, "limit": limit}
        mails = self._call("inbox", "GET", "/mock/inbox", query=asked)["mails"]
        return [_read(Mail, members | {"id": str(members["id"])}) for members in mails]

    def code_for(
        self, email: str, realm: str | None = None, *, about: str = "", timeout: float = 10.0
    ) -> str:
        """The code in the newest email to `email`; waits up to `timeout` seconds for one.

        `about` is in its text, such as an enrollment_id: others may ask for this address, too.
        """
        deadline = time.monotonic() + timeout
        while True:
            for mail in self.inbox(email, realm):
                if mail.code and about in mail.text:
                    return mail.code
            if time.monotonic() >= deadline:
                raise EnrollmentProblem(f"No email with a code for {email}. Ask for one first.")
            time.sleep(0.1)

    def claim(self, email: str, realm: str | None = None) -> None:
        """In a class: say that `email` is yours, before an email to it is sent.

        Only then does your inbox show it. Raises ServiceError 409 if it's someone else's. In a
        private `realm` all emails are yours.
        """
        if self._find_service is None or (realm or "").startswith("lab-"):
            return
        if self._find_service().record.seat is not None:
            self._call("inbox", "POST", "/mock/inbox/addresses", {"email": email})

    def clear_limits(self, realm: str | None = None) -> int:
        """Clear the registration count of `realm`, or of all public ones; returns how many."""
        return int(self._call("limits", "POST", "/mock/limits/clear", {"realm": realm})["cleared"])

    def new_realm(self, like: str = "default", *, without: str | None = None) -> str:
        """Make a private realm `lab-…` that behaves like `like`; remove it when you are done.

        `without` names one check that is off there: an attack lab.
        """
        body = {"like": like, "without": without or None}
        return str(self._call("private realms", "POST", "/mock/realms", body)["realm"])

    def remove_realm(self, realm: str) -> None:
        """Remove a private realm with all that is in it. If it is gone already, that is fine.

        A service that has ended since it was asked last is not started for this.
        """
        path = f"/mock/realms/{quote(realm, safe='')}"
        try:
            if self._asked is None:
                self._call("private realms", "DELETE", path)
            else:
                call(self._asked.record, "DELETE", path)
        except ServiceError as refused:
            if refused.status != 404:
                raise

    def remove_realms(self) -> int:
        """In a class: remove all your private realms; returns how many there were."""
        if self._find_service is None or self._find_service().record.seat is None:
            raise DialtoneError(
                "Only a class limits how many private realms you have. lesson.done() removes those "
                "of a lesson."
            )
        return int(self._call("private realms", "DELETE", "/mock/realms")["cleared"])

    def move_clock(self, realm: str, seconds: float) -> float:
        """Move a private realm's time on; returns its offset from real time, in seconds."""
        body = {"realm": realm, "move_seconds": seconds}
        return float(self._call("the clock", "POST", "/mock/clock", body)["offset"])

    def reset(self, realm: str, *, confirm: str | None = None) -> None:
        """Empty a realm. A public one only with `confirm` naming it: others may be using it."""
        self._call("reset", "POST", "/mock/reset", {"realm": realm, "confirm": confirm or None})

    def lock_client(self, client_id: str, locked: bool = True) -> None:
        """Lock a client, or unlock it: while locked it gets no token and its tokens are dead."""
        body = {"client_id": client_id, "locked": locked}
        self._call("locked clients", "POST", "/mock/clients/lock", body)

    def rotate_keys(self) -> Rotation:
        """Publish new keys; they take over by themselves, and no live token or SVID breaks."""
        rotated = self._call("key rotation", "POST", "/mock/keys/rotate")
        roots = rotated["spiffe"]
        return Rotation(
            kid=str(rotated["kid"]),
            signs_from=datetime.fromisoformat(rotated["signs_from"]),
            old_until=datetime.fromisoformat(rotated["old_until"]),
            root_signs_from=datetime.fromisoformat(roots["signs_from"]),
            old_root_until=datetime.fromisoformat(roots["old_until"]),
            spiffe_sequence=int(roots["spiffe_sequence"]),
        )

    def fault(
        self,
        realm: str,
        path_suffix: str,
        kind: str,
        *,
        times: int = 1,
        status: int = 503,
        seconds: float = 0.0,
        after_effect: bool = False,
    ) -> None:
        """Break the next `times` requests of a private realm: `kind` is status, drop or delay.

        `seconds` is how long a delay takes, or the `Retry-After` of a status 429 or 503. With
        `after_effect` the service does what was asked, and only its answer is lost; requests that
        it refuses are not counted. One of SPIFFE's own paths (`/v1/svid/x509`) as `path_suffix`
        breaks it for every caller, so only a service of your own lets you: else ServiceError, 403.
        """
        body = {"realm": realm, "path_suffix": path_suffix, "kind": kind, "times": times}
        body |= {"status": status, "seconds": seconds, "after_effect": after_effect}
        self._call("faults", "POST", "/mock/faults", body)

    def clear_faults(self, realm: str) -> int:
        """Withdraw the pending faults of a private realm; returns how many there were."""
        return int(self._call("faults", "POST", "/mock/faults/clear", {"realm": realm})["cleared"])

    def policies(self) -> list[PolicyFile]:
        """The policy files of the public realms: which are valid, and what is wrong with others."""
        files = self._call("policies", "GET", "/mock/policies")["policies"]
        return [_read(PolicyFile, one | {"realms": tuple(one["realms"])}) for one in files]

    def write_policies(self, realm: str, text: str) -> str:
        """Give a private realm Cedar policies of its own; returns their version.

        A text with a mistake changes nothing: ServiceError names its line.
        """
        body = {"realm": realm, "text": text}
        return str(self._call("policies", "PUT", "/mock/policies", body)["version"])

    def audit(
        self,
        realm: str | None = None,
        client_id: str | None = None,
        *,
        after: int = 0,
        limit: int = 200,
    ) -> list[dict[str, Any]]:
        """Events of the audit trail, oldest first, newer than the one with the id `after`.

        Only those of one realm or client where named; `limit` is at most 200.
        """
        asked = {"realm": realm, "client": client_id, "after": after, "limit": limit}
        return list(self._call("the audit trail", "GET", "/mock/audit", query=asked)["events"])

    def share(self, series: str, events: Sequence[Mapping[str, Any]]) -> None:
        """In a class: send events of your lessons to your trainer. Again is the same as once."""
        body = {"series": series, "events": list(events)}
        self._call("a class", "POST", "/mock/class/events", body)

    def platform(self, name: PlatformName, **about: str) -> Callable[[str], Evidence]:
        """The local platform, vouching for one workload: `namespace=…, service_account=…` or alike.

        With `realm=…`, a private one, Kubernetes is the cluster of that realm.
        What comes back is called for evidence each time, with the audience that it must name.
        """

        def vouch(audience: str) -> Evidence:
            body = {"audience": audience, **about}
            members = self._call(f"a local {name}", "POST", f"/mock/platform/{name}", body)
            return Evidence.of(name, members)

        return vouch

    def _call(
        self,
        what: str,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        *,
        query: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """The reply to one call. Members of `body` and `query` that are None are not sent."""
        if self._find_service is None:
            raise MockOnly(
                f"The real service has no such control ({what}); only the local service does. "
                'Set base_url = "mock" to try this.'
            )
        self._asked = self._find_service()
        return call(self._asked.record, method, path, body, query)


def _read(kind: type[T], members: dict[str, Any]) -> T:
    """A dataclass made from those of the members that it has."""
    return kind(**{one.name: members[one.name] for one in fields(kind)})  # type: ignore[arg-type]
