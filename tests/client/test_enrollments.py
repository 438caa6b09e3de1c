"""Pending enrollments: they survive a restart, and end when confirmed or expired."""

from __future__ import annotations

import pickle
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from dialtone_kit.base.errors import EnrollmentProblem, UnsafeUrl
from dialtone_kit.client import enrollments
from dialtone_kit.client.enrollments import Enrollment, checked_code, checked_email
from tests.support.fake_service import ENROLLMENT, ISSUER

MEMBERS = {**ENROLLMENT, "email": "a@example.com", "client_name": "my-agent", "issuer": ISSUER}


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DIALTONE_CONFIG_DIR", str(tmp_path))
    return tmp_path


def enrollment(**changes: object) -> Enrollment:
    return enrollments.read_members({**MEMBERS, **changes})


def test_a_pending_enrollment_comes_back_after_a_restart() -> None:
    kept = enrollment()
    enrollments.remember(kept)
    assert enrollments.pending(ISSUER) == kept
    assert enrollments.pending(ISSUER, "a@example.com", "my-agent") == kept


def test_another_issuer_address_or_name_finds_nothing() -> None:
    enrollments.remember(enrollment())
    assert enrollments.pending(f"{ISSUER}2") is None
    assert enrollments.pending(ISSUER, "b@example.com") is None
    assert enrollments.pending(ISSUER, client_name="other") is None


def test_the_one_that_expires_last_is_meant() -> None:
    early, late = "2098-01-01T00:00:00Z", "2098-01-01T01:00:00+00:00"
    enrollments.remember(enrollment(enrollment_id="enroll_b", expires_at=late))
    enrollments.remember(enrollment(enrollment_id="enroll_a", expires_at=early))
    found = enrollments.pending(ISSUER)
    assert found is not None
    assert found.enrollment_id == "enroll_b"


def test_an_expired_one_is_deleted(config: Path) -> None:
    kept = enrollment()
    enrollments.remember(kept)
    assert enrollments.pending(ISSUER, now=kept.expires_at.timestamp()) is None
    assert list((config / "pending").iterdir()) == []


def test_forgetting_deletes_the_poll_token(config: Path) -> None:
    enrollments.remember(enrollment())
    enrollments.forget(enrollment())
    enrollments.forget(enrollment())
    assert list((config / "pending").iterdir()) == []


def test_the_file_is_for_its_owner_alone(config: Path) -> None:
    enrollments.remember(enrollment())
    [path] = (config / "pending").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    path.chmod(0o644)
    assert enrollments.pending(ISSUER) is None


@pytest.mark.parametrize("content", ["{", "[]", "null", '{"a":' * 9_000])
def test_a_damaged_file_is_passed_over(content: str, config: Path) -> None:
    enrollments.remember(enrollment())
    (config / "pending" / "enroll_damaged.json").write_text(content)
    (config / "pending" / "enroll_damaged.json").chmod(0o600)
    assert enrollments.pending(ISSUER) == enrollment()


def test_the_poll_token_is_masked_and_never_pickled() -> None:
    assert "pollValue" not in repr(enrollment())
    assert enrollment().email not in repr(enrollment())
    with pytest.raises(TypeError):
        pickle.dumps(enrollment())


@pytest.mark.parametrize("name", ["../x", "enroll_../x", "enroll_a/b", "enroll_a\n", "", "x"])
def test_a_hostile_enrollment_id_is_refused(name: str, config: Path) -> None:
    with pytest.raises(EnrollmentProblem, match="can't be an enrollment_id"):
        enrollment(enrollment_id=name)
    with pytest.raises(EnrollmentProblem):
        enrollments.remember(replace(enrollment(), enrollment_id=name))
    assert list(config.iterdir()) == []


@pytest.mark.parametrize("member", ["status_url", "approval_url", "token_endpoint"])
@pytest.mark.parametrize("url", ["https://evil.example/x", "javascript:alert(1)", "/register"])
def test_a_link_to_somewhere_else_is_refused(member: str, url: str) -> None:
    with pytest.raises(UnsafeUrl):
        enrollment(**{member: url})


EARLY = "0001-01-01T00:00:00+23:59"  # in UTC, before the first year that there is


@pytest.mark.parametrize(
    ("member", "value"),
    [("poll_token", None), ("expires_at", 1), ("expires_at", "soon"), ("expires_at", EARLY)],
)
def test_an_incomplete_answer_is_one_clear_line(member: str, value: object) -> None:
    with pytest.raises(EnrollmentProblem, match=r"missing or not|RFC 3339"):
        enrollment(**{member: value})


@pytest.mark.parametrize(
    "typed", ["abcd2345", "ABCD-2345", " abcd - 2345\n", "Your code is AbCd–2345."]
)
def test_a_code_is_forgiven_its_writing(typed: str) -> None:
    assert checked_code(typed) == "ABCD-2345"


def test_a_code_that_papermill_took_for_a_number_still_serves() -> None:
    assert checked_code(23456789) == "2345-6789"  # type: ignore[arg-type]


@pytest.mark.parametrize("typed", ["12", "", "no code here", "ABCD-2345 or WXYZ-6789"])
def test_what_can_not_be_the_code_is_one_line_before_it_is_sent(typed: str) -> None:
    with pytest.raises(EnrollmentProblem, match=r"not sent, so it didn't use up a try\. \[M25\]"):
        checked_code(typed)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "a",
        "a@",
        "@b",
        "a@b,c@d",
        "a@b\nBcc: x@y",
        "a b@c",
        "a@b@c",
        "a@b\0",
        None,
        "a" * 250 + "@b.io",
    ],
)
def test_what_is_not_one_address_is_refused_before_it_is_sent(address: object) -> None:
    with pytest.raises(EnrollmentProblem, match="a single email address"):
        checked_email(address)  # type: ignore[arg-type]


def test_an_international_domain_is_sent_in_ascii() -> None:
    assert checked_email("anna@müller.example") == "anna@xn--mller-kva.example"


def test_a_secret_in_the_place_of_a_time_is_not_shown_in_part() -> None:
    with pytest.raises(EnrollmentProblem) as refused:
        enrollment(expires_at="pt_" + "q" * 43)
    assert "qqq" not in str(refused.value)
