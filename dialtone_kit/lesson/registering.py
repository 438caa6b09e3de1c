"""Credentials for a lesson: stored ones, or new ones without a person, from the mock's inbox."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from dialtone_kit.base.errors import LessonStop, RateLimited, ServiceError
from dialtone_kit.client import credentials as store

if TYPE_CHECKING:
    from dialtone_kit.client.credentials import Credentials
    from dialtone_kit.client.identity import Enrollment, IdentityClient
    from dialtone_kit.local.controls import Controls

Say = Callable[[str], object]


def own_address() -> str:
    """An address for when nobody is there to give one; never used before, so no limit stands."""
    return f"learner-{secrets.token_hex(4)}@example.com"


def restore(
    client: IdentityClient, scopes: Sequence[str], client_name: str, say: Say
) -> Credentials | None:
    """The stored credentials for this issuer and these scopes; those of `client_name` first."""
    found = store.find(client.issuer, scopes, client_name) or store.find(client.issuer, scopes)
    if found is not None:
        say(f"Credentials of an earlier lesson: {found.client_id} .")
    return found


def still_known(client: IdentityClient, found: Credentials) -> bool:
    """Whether the local service knows these credentials: its state may have been cleared since."""
    from dialtone_kit.client.identity import IdentityClient
    from dialtone_kit.keys import ProofKey

    asking = IdentityClient(client.issuer, None, credentials=found)
    try:
        asking.get_token(scope=" ".join(found.granted_scopes) or "openid", key=ProofKey.generate())
    except ServiceError as refused:
        return refused.status != 401
    finally:
        asking.http.close()
    return True


def register(
    client: IdentityClient,
    controls: Controls,
    *,
    email: str,
    client_name: str,
    scopes: Sequence[str],
    say: Say,
) -> Credentials:
    """Register at the mock without a person: ask, read the code in the inbox, confirm."""
    address = email or own_address()
    enrollment = request(
        client, controls, address, client_name, scopes=scopes, description="", say=say
    )
    code = controls.code_for(address, enrollment.realm)
    registered = client.confirm_enrollment(enrollment, code)
    say(f"Registered {registered.client_id} for {address}, as lesson 02 does step by step.")
    return registered


def request(
    client: IdentityClient,
    controls: Controls,
    email: str,
    client_name: str,
    *,
    scopes: Sequence[str],
    description: str,
    say: Say,
) -> Enrollment:
    """Ask for an enrollment at the mock with nobody there; a limit met is cleared and told."""
    try:
        return client.request_enrollment(email, client_name, description, tuple(scopes))
    except RateLimited:
        controls.clear_limits(client.realm)
        say("429 rate_limited: this hour's registrations were used up; lesson.reset_limits() ran.")
        return client.request_enrollment(email, client_name, description, tuple(scopes))


def pending(
    client: IdentityClient, email: str, client_name: str, now: float | None = None
) -> Enrollment | None:
    """An enrollment that waits for its code and that the service still knows."""
    from dialtone_kit.client import enrollments

    moment = time.time() if now is None else now
    found = enrollments.pending(client.issuer, email or None, client_name, now=moment)
    if found is None:
        return None
    try:
        waiting = client.enrollment_status(found) in {"pending", "approved"}
    except ServiceError as refused:
        if refused.status not in {404, 410}:
            raise
        waiting = False
    if not waiting:
        enrollments.forget(found)
    return found if waiting else None


def must_register(issuer: str, scopes: Sequence[str]) -> LessonStop:
    """What to say when the real service knows no client of ours yet."""
    return LessonStop(
        f"No stored credentials for {issuer} with the scopes {' '.join(scopes)}. Register first: "
        "lesson 02, with the same base_url and realm."
    )
