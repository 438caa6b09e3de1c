"""Credentials for a lesson: stored ones, or new ones without a person, from the mock's inbox."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence

from dialtone_kit.base.errors import LessonStop, RateLimited, ServiceError
from dialtone_kit.client import credentials as store
from dialtone_kit.client import enrollments
from dialtone_kit.client.credentials import Credentials
from dialtone_kit.client.enrollments import Enrollment
from dialtone_kit.client.identity import IdentityClient
from dialtone_kit.client.quiet import hiding
from dialtone_kit.keys import ProofKey
from dialtone_kit.local.controls import Controls

Say = Callable[[str], object]
OTHERS = 5  # times that other notebooks may use up a limit which was cleared


def ensure_credentials(
    client: IdentityClient,
    scopes: Sequence[str] = ("openid",),
    *,
    controls: Controls | None,
    email: str = "",
    client_name: str = "my-agent",
    spiffe_id: str | None = None,
    say: Say,
) -> Credentials:
    """Give `client` credentials that were granted `scopes`: stored ones, or else new ones.

    `controls` are the mock's. With None it is the real service, where only a person can register:
    then LessonStop says so. With `spiffe_id` the client is new: that workload, without a secret.
    """
    stored = None if spiffe_id else _stored(client, scopes, client_name, say)
    if stored is not None and controls is not None and not _is_known(client, stored):
        say("The local service does not know them (its state was cleared).")
        stored = None
    if stored is None:
        if controls is None:
            raise LessonStop(
                f"No stored credentials for {client.issuer} with the scopes {' '.join(scopes)}. "
                "Register first, in lesson 02 with the same base_url and realm."
            )
        address = email or own_address()
        stored = register(client, controls, address, client_name, scopes, say, spiffe_id)
    client.credentials = stored
    return stored


def own_address() -> str:
    """An address for when nobody is there to give one; never used before, so under no limit."""
    return f"learner-{secrets.token_hex(4)}@example.com"


def request(
    client: IdentityClient,
    controls: Controls,
    email: str,
    client_name: str,
    *,
    scopes: Sequence[str],
    description: str,
    spiffe_id: str | None = None,
    say: Say,
) -> Enrollment:
    """Ask the mock for an enrollment with nobody there; a limit that was met is cleared."""

    controls.claim(email, client.realm)

    def ask() -> Enrollment:
        return client.request_enrollment(
            email, client_name, description, tuple(scopes), spiffe_id=spiffe_id
        )

    for _ in range(OTHERS):
        try:
            return ask()
        except RateLimited:
            controls.clear_limits(client.realm)
        say("429 rate_limited: this hour's registrations were used up; lesson.reset_limits() ran.")
    return ask()


def pending(
    client: IdentityClient, email: str, client_name: str, now: float | None = None
) -> Enrollment | None:
    """An enrollment that is waiting for its code and that the service still has."""
    waiting = enrollments.pending(client.issuer, email or None, client_name, now=now)
    if waiting is None:
        return None
    try:
        open_still = client.enrollment_status(waiting) in {"pending", "approved"}
    except ServiceError as refused:
        if refused.status not in {404, 410}:
            raise
        open_still = False
    if not open_still:
        enrollments.forget(waiting)
    return waiting if open_still else None


def _stored(
    client: IdentityClient, scopes: Sequence[str], client_name: str, say: Say
) -> Credentials | None:
    """The stored credentials for this issuer and these scopes, first choice those by that name."""
    issuer = client.issuer
    stored = store.find(issuer, scopes, client_name) or store.find(issuer, scopes)
    if stored is not None:
        say(f"Credentials from an earlier lesson: {stored.client_id}")
    return stored


def _is_known(client: IdentityClient, stored: Credentials) -> bool:
    """Whether the local service knows these credentials: its state may have been cleared since."""
    asking = IdentityClient(client.issuer, None, credentials=stored)
    try:
        asking.get_token(scope=" ".join(stored.granted_scopes) or "openid", key=ProofKey.generate())
    except ServiceError as refused:
        return refused.status != 401
    finally:
        asking.http.close()
    return True


@hiding  # the code in its frame
def register(
    client: IdentityClient,
    controls: Controls,
    email: str,
    client_name: str,
    scopes: Sequence[str],
    say: Say,
    spiffe_id: str | None = None,
) -> Credentials:
    """Register at the mock without a person: ask, read the code in the inbox, confirm."""
    enrollment = request(
        client,
        controls,
        email,
        client_name,
        scopes=scopes,
        description="",
        spiffe_id=spiffe_id,
        say=say,
    )
    code = controls.code_for(email, enrollment.realm, about=enrollment.enrollment_id)
    registered = client.confirm_enrollment(enrollment, code)
    say(f"Registered {registered.client_id} for {email}, as lesson 02 does step by step.")
    return registered
