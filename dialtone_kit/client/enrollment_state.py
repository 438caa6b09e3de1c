"""An enrollment's status, in the service's own words: nothing in it is counted or timed here."""

from __future__ import annotations

from dataclasses import dataclass

import httpx

from dialtone_kit.client.enrollments import Enrollment
from dialtone_kit.client.responses import http_date, read_json, tries_in


@dataclass(frozen=True)
class EnrollmentState:
    """What the service says of an enrollment.

    `status` is pending, approved, confirmed, expired or locked. `tries_left` is None if the service
    does not count aloud. `seconds_left` goes by the service's clock (its `Date`), None without it.
    """

    status: str
    tries_left: int | None = None
    seconds_left: float | None = None


def look_up(http: httpx.Client, enrollment: Enrollment) -> EnrollmentState:
    """Ask once at the enrollment's `status_url`. Raises httpx's errors, and ServiceError."""
    response = http.get(enrollment.status_url)
    body, date = read_json(response), http_date(response.headers.get("Date", ""))
    left = None if date is None else max(0.0, enrollment.expires_at.timestamp() - date)
    return EnrollmentState(str(body.get("status")), tries_in(body), left)
