"""The family of an approval, as the audit trail tells it, and its picture."""

from __future__ import annotations

import pytest

from dialtone_kit.lesson.family import Family, family_picture, read_family

DEVICE = "urn:ietf:params:oauth:grant-type:device_code"


def event(kind, subject="usr_1", **more):
    return {"event": kind, "subject": subject, **more}


APPROVED = event("device_approved")
FIRST, NEXT = event("token_issued", grant=DEVICE), event("token_issued", grant="refresh_token")
ENDED = event("revocation", reason="a used refresh token came back")


@pytest.mark.parametrize(
    ("events", "family"),
    [
        ([], Family(0)),
        ([APPROVED], Family(0)),
        ([APPROVED, FIRST, NEXT, NEXT], Family(3)),
        ([APPROVED, FIRST, ENDED], Family(1, "a used refresh token came back")),
        ([APPROVED, FIRST, event("revocation")], Family(1, "it was revoked")),
        ([APPROVED, FIRST, event("token_issued", grant="client_credentials")], Family(1)),
        ([APPROVED, FIRST, ENDED, APPROVED, FIRST], Family(1)),
    ],
)
def test_the_newest_approval_of_a_person_is_read_from_the_trail(events, family):
    others = [event("device_approved", "usr_2"), event("revocation", "usr_2", reason="theirs")]
    assert read_family([*others, *events, *others], "usr_1") == family


def test_a_refresh_token_is_used_once_the_next_one_came():
    words = repr(family_picture(Family(2)))
    assert "refresh token 1, which is used." in words
    assert "refresh token 2, which is not used yet." in words
    assert "dead" not in words


def test_the_end_of_a_family_is_said_in_words_and_drawn():
    shown = family_picture(Family(2, "<b>stolen</b>"))
    assert "Everything that came from the approval is dead" in repr(shown)
    assert shown.html.count("refresh 1: dead") == shown.html.count("refresh 2: dead") == 1
    assert "<b>" not in shown.html
