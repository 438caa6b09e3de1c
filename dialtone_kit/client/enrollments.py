"""Enrollments on their way: kept on disk, so that a kernel restart loses nothing.

The poll token is a secret: 0600, beside the credentials, gone when confirmed or expired.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

from dialtone_kit.base.errors import CredentialProblem, EnrollmentProblem, UnsafeUrl
from dialtone_kit.base.masking import Secret, masked
from dialtone_kit.base.urls import require_https_or_loopback, same_origin
from dialtone_kit.client import private_files

FOLDER = "pending"
_EMAIL = re.compile(r"[^\s@,;<>\"\x00-\x1f\x7f]+@[^\s@,;<>\"\x00-\x1f\x7f]+")
_ID = re.compile(r"enroll_[A-Za-z0-9-]{1,64}")


@dataclass(frozen=True)
class Enrollment:
    """A registration that waits for its sponsor's code. `expires_at` is in UTC."""

    enrollment_id: str
    poll_token: Secret
    status_url: str
    approval_url: str
    expires_at: datetime
    email: str
    client_name: str
    realm: str | None
    issuer: str
    token_endpoint: str


def remember(enrollment: Enrollment) -> None:
    """Keep the enrollment for whoever comes back with the code later."""
    members = {field.name: getattr(enrollment, field.name) for field in fields(enrollment)}
    members["poll_token"] = enrollment.poll_token.reveal()
    members["expires_at"] = enrollment.expires_at.isoformat()
    private_files.write(FOLDER, _file(enrollment), json.dumps(members).encode(), overwrite=True)


def pending(
    issuer: str,
    email: str | None = None,
    client_name: str | None = None,
    *,
    now: float | None = None,
) -> Enrollment | None:
    """The enrollment at `issuer` that expires last, of those that wait for their code.

    `now` is in Unix seconds. Expired ones are deleted on the way.
    """
    moment = datetime.fromtimestamp(time.time() if now is None else now, UTC)
    waiting = []
    for found in _stored():
        if found.issuer != issuer:
            continue
        if found.expires_at <= moment:
            forget(found)
        elif email in (None, found.email) and client_name in (None, found.client_name):
            waiting.append(found)
    return max(waiting, key=lambda found: found.expires_at, default=None)


def forget(enrollment: Enrollment) -> None:
    """Delete the poll token: the enrollment is confirmed, expired or given up."""
    private_files.remove(FOLDER, _file(enrollment))


def checked_email(email: str) -> str:
    """`email`, if it is one address. Which addresses exist, only the mail can say."""
    if not isinstance(email, str) or not _EMAIL.fullmatch(email) or len(email) > 254:
        raise EnrollmentProblem("This is not one e-mail address: name@example.com is expected.")
    return email


def normal_code(code: str) -> str:
    """A verification code as the mail shows it; case, spaces and the dash don't matter (M25).

    A code of another length is refused here: it would cost one of five tries.
    """
    plain = re.sub(r"[\s\-\u2010-\u2015]", "", str(code)).upper()
    if not re.fullmatch(r"[A-Z0-9]{8}", plain):
        raise EnrollmentProblem(
            "That can't be the code of the mail: it has the form XXXX-XXXX. It was not sent, so "
            "no try is lost. M25"
        )
    return f"{plain[:4]}-{plain[4:]}"


def read_members(members: Mapping[str, Any]) -> Enrollment:
    """An enrollment from an answer's or a file's JSON; EnrollmentProblem says what is wrong.

    Its links are shown to a person and asked by the client: all must be the issuer's own.
    """
    for field in fields(Enrollment):
        optional = field.name == "realm" and members.get("realm") is None
        if not optional and not isinstance(members.get(field.name), str):
            raise EnrollmentProblem(f"The enrollment's {field.name} is missing or not a text.")
    if not _ID.fullmatch(members["enrollment_id"]):
        name = masked(ascii(members["enrollment_id"])[:80])
        raise EnrollmentProblem(f"{name} can't be an enrollment_id: enroll_ and a UUID expected.")
    require_https_or_loopback(members["issuer"])
    for name in ("status_url", "approval_url", "token_endpoint"):
        if not same_origin(members["issuer"], members[name]):
            raise UnsafeUrl(f"The {name} is on another origin than {members['issuer']}: not used.")
    read: dict[str, Any] = {field.name: members.get(field.name) for field in fields(Enrollment)}
    read["poll_token"] = Secret(members["poll_token"])
    read["expires_at"] = _moment(members["expires_at"])
    return Enrollment(**read)


def _moment(text: str) -> datetime:
    """An RFC 3339 time; one without a zone is taken for UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise EnrollmentProblem(f"{masked(text[:40])} is not an RFC 3339 time.") from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _file(enrollment: Enrollment) -> str:
    if not _ID.fullmatch(enrollment.enrollment_id):
        raise EnrollmentProblem("This enrollment_id can't be a file name.")
    return f"{enrollment.enrollment_id}.json"


def _stored() -> list[Enrollment]:
    """Every readable one. A file that is damaged or not ours only is passed over."""
    found = []
    for name in private_files.names(FOLDER):
        if name.endswith(".json") and _ID.fullmatch(name.removesuffix(".json")):
            with suppress(CredentialProblem, EnrollmentProblem, UnsafeUrl, ValueError, OSError):
                members = json.loads(private_files.read(FOLDER, name))
                found.append(read_members(members))
    return found
