"""Codes as people type and paste them: which texts hold one, and which don't."""

import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialtone_kit.base.typed_code import NotACode, find_code

MAIL = """Realm: default
Your verification code: ABCD-2345

Enter it yourself here:
  http://127.0.0.1:8787/register/approve?enrollment=enroll_2b4c6d8e-abcd-4def-8abc-23456789abcd
The code works once and expires in an hour."""

ONE = {
    "as it is": "ABCD-2345",
    "lower case": "abcd-2345",
    "no dash": "abcd2345",
    "two halves": "ABCD 2345",
    "blanks everywhere": " AB CD - 23 45\n",
    "no-break space": "ABCD\u00a02345",
    "en dash": "abcd\u20132345",
    "non-breaking hyphen": "ABCD\u20112345",
    "minus sign": "ABCD\u22122345",
    "wave dash": "ABCD\u301c2345",
    "full width": "ＡＢＣＤ－２３４５",
    "zero-width space": "AB\u200bCD-\u200b2345",
    "byte order mark": "\ufeffABCD-2345",
    "soft hyphen": "ABCD\u00ad2345",
    "right-to-left mark": "\u200fABCD-2345\u200e",
    "quoted": '"ABCD-2345"',
    "a sentence": "Your code is ABCD-2345.",
    "a sentence, lower case": "your code is abcd-2345, thanks",
    "a sentence without the dash": "Your code is abcd2345, please remember it.",
    "a sentence with two halves": "code: ABCD 2345 (one hour)",
    "a dash behind it": "ABCD-2345\u2014enter it within an hour",
    "twice the same": "ABCD-2345, that is abcd2345: ABCD-2345",
    "the whole mail": MAIL,
}
NONE = {
    "nothing": "",
    "blanks": " \n",
    "two digits": "12",
    "seven": "ABCD-234",
    "nine": "ABCD-23456",
    "an O": "ABCD-234O",
    "a zero and a one": "ABCD-2301",
    "an I": "ABCI-2345",
    "an underscore": "ABCD_2345",
    "an umlaut": "ÄBCD-2345",
    "a sharp s": "ßBCD-2345",
    "words": "please remember where the mail went",
    "a UUID": "enroll_2b4c6d8e-abcd-4def-8abc-23456789abcd",
    "part of a longer word": "XABCD-2345",
}


@pytest.mark.parametrize("text", ONE.values(), ids=ONE)
def test_a_code_is_found_however_it_is_written(text: str) -> None:
    assert find_code(text) == "ABCD-2345"


@pytest.mark.parametrize("text", NONE.values(), ids=NONE)
def test_what_holds_no_code_is_none(text: str) -> None:
    with pytest.raises(NotACode, match="8 characters, none of them 0, O, 1 or I"):
        find_code(text)


@pytest.mark.parametrize("text", ["ABCD-2345 or ABCD-2346", "ABCD2345, WXYZ 6789"])
def test_two_different_codes_are_not_guessed_at(text: str) -> None:
    with pytest.raises(NotACode, match="more than one code") as refused:
        find_code(text)
    assert "2345" not in str(refused.value)


@given(st.text(max_size=40))
def test_any_typed_text_is_a_code_or_not(text: str) -> None:
    with suppress(NotACode):
        assert re.fullmatch(r"[A-HJ-NP-Z2-9]{4}-[A-HJ-NP-Z2-9]{4}", find_code(text))
