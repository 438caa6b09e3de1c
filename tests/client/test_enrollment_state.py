"""The state of an enrollment: read from the service, whatever it says or leaves out."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx
import pytest

from dialtone_kit.base.errors import ServiceError
from dialtone_kit.base.masking import Secret
from dialtone_kit.client.enrollment_state import EnrollmentState, look_up
from dialtone_kit.client.enrollments import Enrollment

ISSUER = "https://id.example/realms/default"
ENROLLMENT = Enrollment(
    enrollment_id="enroll_0b39a2ee-6c37-4a5e-8a35-0d7c2f4e9a11",
    poll_token=Secret("pt_x"),
    status_url=f"{ISSUER}/register/status/enroll_0b39a2ee-6c37-4a5e-8a35-0d7c2f4e9a11",
    approval_url=f"{ISSUER}/register/approve",
    expires_at=datetime(2026, 11, 24, 11, tzinfo=UTC),
    email="you@example.com",
    client_name="my-agent",
    realm="default",
    issuer=ISSUER,
    token_endpoint=f"{ISSUER}/token",
)
DATE = {"Date": "Tue, 24 Nov 2026 10:58:00 GMT"}


def answering(status, body, headers=None):
    answer = httpx.Response(status, json=body, headers=headers)
    return httpx.Client(transport=httpx.MockTransport(lambda _: answer))


def test_tries_and_time_are_the_services():
    http = answering(200, {"status": "pending", "tries_left": 3}, DATE)
    assert look_up(http, ENROLLMENT) == EnrollmentState("pending", 3, 120.0)


@pytest.mark.parametrize("tries", [None, True, "3", -1, 3.5, 10**9])
def test_a_service_that_names_no_number_of_tries_is_not_guessed_for(tries):
    http = answering(200, {"status": "pending", "tries_left": tries})
    assert look_up(http, ENROLLMENT) == EnrollmentState("pending", None, None)


def test_time_that_is_over_is_not_negative():
    http = answering(200, {"status": "expired"}, {"Date": "Tue, 24 Nov 2026 12:00:00 GMT"})
    assert look_up(http, ENROLLMENT) == EnrollmentState("expired", None, 0.0)


def test_a_refusal_is_raised():
    with pytest.raises(ServiceError):
        look_up(answering(404, {"error": "not_found", "error_description": "x"}), ENROLLMENT)
