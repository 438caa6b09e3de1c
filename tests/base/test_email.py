"""Email addresses: what is one, and how its domain is spelled."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialtone_kit.base.email import NotAnAddress, canonical_email, one_address, same_address


@pytest.mark.parametrize(
    ("written", "spelled"),
    [
        ("you@example.com", "you@example.com"),
        ("A.B+c@Sub.EXAMPLE.org", "A.B+c@sub.example.org"),
        ("anna@müller.example", "anna@xn--mller-kva.example"),
        ("anna@MÜLLER.example", "anna@xn--mller-kva.example"),
        ("anna@mu\u0308ller.example", "anna@xn--mller-kva.example"),
        ("anna@xn--mller-kva.example", "anna@xn--mller-kva.example"),
        ("a@b", "a@b"),
    ],
)
def test_an_address_has_one_spelling(written: str, spelled: str) -> None:
    assert one_address(written) == spelled


@pytest.mark.parametrize(
    "written",
    ["", "a", "@b", "a@", "a@b@c", "a@b.", "a@b。", "a@b..c", "a@b_c", "a@b\r\nBcc: c", "a b@c"],
)
def test_what_is_not_one_address_is_refused(written: str) -> None:
    with pytest.raises(NotAnAddress, match="not a single email address"):
        one_address(written)


def test_a_name_outside_ascii_is_refused_in_words_of_its_own() -> None:
    with pytest.raises(NotAnAddress, match="before the @ can only have ASCII"):
        one_address("jürgen@example.com")


def test_the_ascii_form_counts_for_the_length() -> None:
    assert one_address("a@" + ".".join(["b" * 60] * 4))
    with pytest.raises(NotAnAddress, match="at most 254"):
        one_address("a" * 20 + "@" + ".".join(["b" * 60] * 4))


def test_one_mailbox_may_be_written_in_two_ways() -> None:
    assert same_address("Anna@MÜLLER.example", "anna@xn--mller-kva.example")
    assert not same_address("anna@müller.example", "anna@muller.example")


@given(st.text(max_size=30), st.text(max_size=30))
def test_spelling_an_address_again_changes_nothing(name: str, domain: str) -> None:
    with suppress(NotAnAddress):
        spelled = one_address(f"{name}@{domain}")
        assert spelled.isascii()
        assert one_address(spelled) == spelled


def test_two_at_signs_are_no_address_to_compare() -> None:
    assert canonical_email("ada@example.com@example.net") == ""
    assert not same_address("ada@example.com@example.net", "ada@example.com")
