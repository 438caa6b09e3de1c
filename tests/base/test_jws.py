"""Compact JWS is read strictly: what two readers could read differently is refused."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialtone_kit.base.jws import json_object, split, to_segment
from tests.support.refusals.forge import b64

# The error is one short phrase, and a member that was sent twice is named.
SAID = [
    (b'{"a":{"jti":1,"j\\u0074i":2}}', "the member jti twice"),
    (b'{"\\u202e":1,"\\u202e":2}', r"the member \u202e twice"),
    (b'{"a":' + b"9" * 4301 + b"}", "a number of 4301 digits"),
]
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.text(max_size=20)
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
OBJECTS = st.dictionaries(st.text(max_size=8), JSON, max_size=6)


@given(OBJECTS)
def test_what_is_written_is_read(members: dict[str, object]) -> None:
    assert json_object(to_segment(members)) == members
    assert json_object(b64(json.dumps(members, ensure_ascii=False))) == members


@pytest.mark.parametrize(("text", "said"), SAID, ids=[said for _, said in SAID])
def test_what_is_wrong_is_named(text: bytes, said: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(said)}$"):
        json_object(b64(text))


def test_the_longest_number_that_python_reads_is_read() -> None:
    assert json_object(b64(b'{"a":' + b"9" * 4300 + b"}"))["a"] == 10**4300 - 1


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b'{"a":1,"a":1}', id="twice"),
        pytest.param(b'{"a":{"b":1,"b":2}}', id="twice, inside"),
        pytest.param(b'{"a":1,"\\u0061":2}', id="twice, once escaped"),
        pytest.param(b'{"a":NaN}', id="NaN"),
        pytest.param(b'{"a":-Infinity}', id="Infinity"),
        pytest.param(b"\xef\xbb\xbf{}", id="BOM"),
        pytest.param(b'{"a":"\xff"}', id="bad UTF-8"),
        pytest.param(b'{"a":"\xed\xa0\x80"}', id="surrogate in UTF-8"),
        pytest.param(b'{"a":"\\ud800"}', id="lone surrogate"),
        pytest.param(b'{"\\udfff":1}', id="lone surrogate as a name"),
        pytest.param(b'{"a":"\n"}', id="line break in a string"),
        pytest.param(b'{"a":1,}', id="comma at the end"),
        pytest.param(b"{'a':1}", id="single quotes"),
        pytest.param(b"{} x", id="something behind"),
        pytest.param(b"[1]", id="array"),
        pytest.param(b'"{}"', id="string"),
        pytest.param(b"1", id="number"),
        pytest.param(b"null", id="null"),
        pytest.param(b"", id="nothing"),
        pytest.param(b'{"a":' * 99999 + b"1" + b"}" * 99999, id="bottomless object"),
        pytest.param(b'{"a":' + b"[" * 99999 + b"]" * 99999 + b"}", id="bottomless array"),
        pytest.param(b'{"a":' + b"9" * 5000 + b"}", id="5000 digits"),
    ],
)
def test_refused(text: bytes) -> None:
    with pytest.raises(ValueError):
        json_object(b64(text))


@pytest.mark.parametrize(
    ("text", "members"),
    [
        (b' {"a" : 1 } \n', {"a": 1}),
        (b'{"a":"\\ud83d\\ude00"}', {"a": "😀"}),
        ('{"ä":"😀"}'.encode(), {"ä": "😀"}),
        (b'{"a":"\\u0000"}', {"a": "\0"}),
        (b"{}", {}),
    ],
)
def test_accepted(text: bytes, members: dict[str, object]) -> None:
    assert json_object(b64(text)) == members


@pytest.mark.parametrize(
    "compact",
    [
        "",
        ".",
        "..",
        "a.b",
        "YQ.YQ.YQ.YQ",
        ".YQ.YQ",
        "YQ..YQ",
        "YQ.YQ.YQ\n",
        " YQ.YQ.YQ",
        "YQ==.YQ.YQ",
        "YQ.YQ.YR",
        "YQ.YQ.é",
    ],
)
def test_not_three_parts(compact: str) -> None:
    with pytest.raises(ValueError):
        split(compact)


def test_an_empty_signature_is_a_form_that_the_signature_check_refuses() -> None:
    assert split("YQ.YQ.").signature == b""


@given(st.text())
def test_splitting_raises_value_error_only(text: str) -> None:
    try:
        parts = split(text)
    except ValueError:
        return
    assert parts.signing_input == text.rpartition(".")[0].encode()
