"""The requests by which a sponsor vouches for an agent: ask, look, trade the code for a client."""

from __future__ import annotations

from collections.abc import Iterable

from dialtone_kit.base.errors import RateLimited, ServiceError
from dialtone_kit.client import credentials as store
from dialtone_kit.client import enrollments
from dialtone_kit.client.connection import Connection
from dialtone_kit.client.credentials import Credentials
from dialtone_kit.client.enrollments import Enrollment, checked_code, checked_email
from dialtone_kit.client.responses import refused_code


class EnrollmentRequests:
    """Asks over `connection` (the demo's steps 2a to 2c), once the answer can be kept on disk."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def start(
        self,
        email: str,
        client_name: str,
        description: str,
        scopes: Iterable[str],
        *,
        public: bool,
        spiffe_id: str | None,
    ) -> Enrollment:
        """Ask for a client, and keep the enrollment on disk until its code comes."""
        store.require_writable()
        email, issuer = checked_email(email), self._connection.issuer
        asked = {
            "email": email,
            "client_name": client_name,
            "client_description": description,
            "requested_scopes": list(scopes),
            **({"token_endpoint_auth_method": "none"} if public else {}),
        }
        if spiffe_id is not None:
            asked |= {"token_endpoint_auth_method": "spiffe_jwt", "spiffe_id": spiffe_id}
        try:
            body = self._connection.ask("POST", f"{issuer}/register/request", json=asked)
        except RateLimited as limited:
            if self._connection.when_limited:
                limited.add_note(self._connection.when_limited)
            raise
        own = {"email": email, "client_name": client_name, "issuer": issuer}
        enrollment = enrollments.read_members(body | own)
        enrollments.remember(enrollment)
        return enrollment

    def status(self, enrollment: Enrollment) -> str:
        """pending, approved, confirmed, expired or locked."""
        enrollment.must_be_of(self._connection.issuer)
        return str(self._connection.ask("GET", enrollment.status_url).get("status"))

    def confirm(self, enrollment: Enrollment, code: str | None) -> Credentials:
        """Trade the code for credentials. They are shown once: `keep` them next."""
        issuer = self._connection.issuer
        enrollment.must_be_of(issuer)
        store.require_writable()
        form = {
            "enrollment_id": enrollment.enrollment_id,
            "poll_token": enrollment.poll_token.reveal(),
        }
        if code is not None:
            form["verification_code"] = checked_code(code)
        try:
            body = self._connection.ask("POST", f"{issuer}/register/confirm", json=form)
        except ServiceError as refusal:
            if refusal.status in (409, 410):  # confirmed already, expired or locked: it is over
                enrollments.forget(enrollment)
            raise refused_code(refusal) from None
        return store.read_granted(body, issuer)

    def keep(self, enrollment: Enrollment, credentials: Credentials) -> None:
        """Store what the enrollment brought; it is over then."""
        store.save_granted(credentials)
        enrollments.forget(enrollment)
