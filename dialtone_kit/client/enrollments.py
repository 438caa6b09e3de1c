"""Enrollments that wait for their code: kept on disk, so that a kernel restart loses nothing.

The poll token is a secret: mode 0600, next to the credentials, deleted when confirmed or expired.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Any

from dialtone_kit.base.email import NotAnAddress, one_address, same_address
from dialtone_kit.base.errors import CredentialProblem, EnrollmentProblem, UnsafeUrl
from dialtone_kit.base.jws import strict_json
from dialtone_kit.base.masking import Secret, masked
from dialtone_kit.base.typed_code import NotACode, find_code
from dialtone_kit.base.urls import require_https_or_loopback, same_origin
from dialtone_kit.client.config_folder import folder

FOLDER = "pending"
_ID = re.compile(r"enroll_[A-Za-z0-9-]{1,64}")


@dataclass(frozen=True)
class Enrollment:
    """A registration that waits for its sponsor's code. `expires_at` is in UTC.

    The sponsor's address stays out of its repr: it is personal, and outputs are saved.
    """

    enrollment_id: str
    poll_token: Secret
    status_url: str
    approval_url: str
    expires_at: datetime
    email: str = field(repr=False)
    client_name: str
    realm: str | None
    issuer: str
    token_endpoint: str

    def must_be_of(self, issuer: str) -> None:
        """Raise EnrollmentProblem unless its poll token may go to `issuer`."""
        if self.issuer != issuer or not same_origin(self.status_url, issuer):
            raise EnrollmentProblem(f"This enrollment is for {self.issuer}, not for {issuer}.")


def remember(enrollment: Enrollment) -> None:
    """Keep the enrollment for whoever comes back with the code later."""
    members = {one.name: getattr(enrollment, one.name) for one in fields(enrollment)}
    members["poll_token"] = enrollment.poll_token.reveal()
    members["expires_at"] = enrollment.expires_at.isoformat()
    folder(FOLDER).write(_file(enrollment), json.dumps(members))


def pending(
    issuer: str,
    email: str | None = None,
    client_name: str | None = None,
    *,
    now: float | None = None,
) -> Enrollment | None:
    """Of the enrollments at `issuer` that wait for their code, the one that expires last.

    `now` is in Unix seconds. Expired ones are deleted on the way.
    """
    moment = datetime.fromtimestamp(time.time() if now is None else now, UTC)
    waiting = []
    for enrollment in stored():
        if enrollment.issuer != issuer:
            continue
        if enrollment.expires_at <= moment:
            forget(enrollment)
        elif client_name in (None, enrollment.client_name) and (
            email is None or same_address(email, enrollment.email)
        ):
            waiting.append(enrollment)
    return max(waiting, key=lambda one: one.expires_at, default=None)


def forget(enrollment: Enrollment) -> None:
    """Delete the poll token: the enrollment is confirmed, expired or given up."""
    folder(FOLDER).remove(_file(enrollment))


def checked_email(email: str) -> str:
    """`email` as the service will write it. EnrollmentProblem if it is not one address."""
    try:
        return one_address(email if isinstance(email, str) else "")
    except NotAnAddress as problem:
        raise EnrollmentProblem(str(problem)) from None


def checked_code(code: str) -> str:
    """The code in `code` as in the email. EnrollmentProblem, before it is sent, if none (M25).

    papermill turns a code without letters into an int, so an int is read too.
    """
    try:
        return find_code(str(code))
    except NotACode as problem:
        text = f"{problem} It was not sent, so it didn't use up a try. [M25]"
        raise EnrollmentProblem(text) from None


def read_members(members: Mapping[str, Any]) -> Enrollment:
    """An enrollment from the JSON of a response or a file; EnrollmentProblem says what is wrong.

    A person follows its links, and the client sends to them: all must be the issuer's own.
    """
    if not isinstance(members, Mapping):
        raise EnrollmentProblem("An enrollment is a JSON object.")
    for one in fields(Enrollment):
        optional = one.name == "realm" and members.get("realm") is None
        if not optional and not isinstance(members.get(one.name), str):
            raise EnrollmentProblem(f"The enrollment's {one.name} is missing or not a string.")
    if not _ID.fullmatch(members["enrollment_id"]):
        name = masked(ascii(members["enrollment_id"]))[:80]
        raise EnrollmentProblem(f"{name} can't be an enrollment_id: enroll_ and a UUID expected.")
    require_https_or_loopback(members["issuer"])
    for name in ("status_url", "approval_url", "token_endpoint"):
        if not same_origin(members["issuer"], members[name]):
            raise UnsafeUrl(f"The {name} is on another origin than {members['issuer']}: not used.")
    read: dict[str, Any] = {one.name: members.get(one.name) for one in fields(Enrollment)}
    read["poll_token"] = Secret(members["poll_token"])
    read["expires_at"] = _moment(members["expires_at"])
    return Enrollment(**read)


def _moment(text: str) -> datetime:
    """An RFC 3339 time; one without a zone is taken as UTC."""
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):  # before the year 1, in UTC
        raise EnrollmentProblem(f"{masked(text)[:40]} is not an RFC 3339 time.") from None


def _file(enrollment: Enrollment) -> str:
    if not _ID.fullmatch(enrollment.enrollment_id):
        raise EnrollmentProblem("This enrollment_id can't be a file name.")
    return f"{enrollment.enrollment_id}.json"


def stored() -> list[Enrollment]:
    """Every enrollment that can be read; a damaged file, or one that is not ours, is skipped."""
    readable = []
    for name in folder(FOLDER).names():
        if name.endswith(".json") and _ID.fullmatch(name.removesuffix(".json")):
            with suppress(CredentialProblem, EnrollmentProblem, UnsafeUrl, ValueError, OSError):
                readable.append(read_members(strict_json(folder(FOLDER).read(name))))
    return readable
