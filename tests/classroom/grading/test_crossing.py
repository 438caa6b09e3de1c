"""Values between judge and sandbox: plain data as a copy, the rest lent and recognised again."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from dialtone_kit import ProofKey, Request, build_proof, check_proof
from dialtone_kit.base.masking import Secret
from dialtone_kit.classroom.grading.crossing import Crossing, Lent
from dialtone_kit.classroom.grading.kinds import KINDS
from dialtone_kit.classroom.grading.line import LineBroken
from dialtone_kit.classroom.grading.raised import decode_error, encode_error
from dialtone_kit.lesson.content.lesson_03.broken_proofs import BrokenProofs, rules_of
from dialtone_kit.lesson.exercises import Wrong
from dialtone_kit.tokens import Token

BACK = tuple(kind for kind in KINDS if kind.back)
PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
    | st.just(...)
    | st.tuples(st.integers(), st.text())
    | st.frozensets(st.text()),
    lambda inside: (
        st.lists(inside) | st.dictionaries(st.text() | st.integers(), inside) | st.tuples(inside)
    ),
    max_leaves=20,
)


def ends() -> tuple[Crossing, Crossing]:
    """Judge and sandbox; what is lent stays a `Lent`."""
    return Crossing(lambda lent: lent, KINDS, BACK), Crossing(lambda lent: lent, BACK, KINDS)


def crossed(value: object, there: Crossing, here: Crossing) -> Any:
    return here.decode(json.loads(json.dumps(there.encode(value))))


@given(PLAIN)
def test_plain_data_arrives_as_it_was(value: object) -> None:
    judge, sandbox = ends()
    got = crossed(value, sandbox, judge)
    assert got == value
    assert type(got) is type(value)


def test_a_function_is_lent_and_comes_home_as_itself() -> None:
    judge, sandbox = ends()
    lent = crossed(ends, judge, sandbox)
    assert isinstance(lent, Lent)
    assert lent.callable
    assert crossed(lent, sandbox, judge) is ends
    assert crossed([lent], sandbox, judge)[0] is ends


def test_a_copied_object_is_recognised_when_it_comes_home() -> None:
    judge, sandbox = ends()
    response = httpx.Response(401, json={"error": "x"}, headers={"DPoP-Nonce": "n"})
    copy = crossed(response, judge, sandbox)
    assert (copy.status_code, copy.json(), copy.headers["DPoP-Nonce"]) == (401, {"error": "x"}, "n")
    assert crossed(copy, sandbox, judge) is response
    assert crossed(httpx.Response(401), sandbox, judge) is not response


def test_a_private_key_of_the_kit_never_crosses_and_signs_all_the_same() -> None:
    sandbox = Crossing(lambda _: key.sign, BACK, KINDS)
    judge, _ = ends()
    key, url = ProofKey.generate(), "https://api.example/notes"
    private = key._private.private_numbers().private_value
    form = json.dumps(judge.encode(key))
    assert str(private) not in form
    assert hex(private)[2:] not in form
    copy = sandbox.decode(json.loads(form))
    proof = check_proof([build_proof(copy, "GET", url)], Request("GET", url, now=time.time()))
    assert proof.thumbprint == key.thumbprint


def test_what_a_lesson_hands_out_arrives_usable() -> None:
    judge, sandbox = ends()
    proofs = BrokenProofs()
    assert rules_of(crossed(proofs, judge, sandbox)) == rules_of(proofs)
    private = ec.generate_private_key(ec.SECP256R1())
    assert crossed(private, judge, sandbox).private_numbers() == private.private_numbers()
    token = Token(Secret("t"), "DPoP", 60, "openid", None, 1.0)
    assert crossed(token, judge, sandbox) == token
    assert crossed(Path("/a/b"), judge, sandbox) == Path("/a/b")


class Chameleon(str):
    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = str.__hash__


def test_a_class_of_the_learners_arrives_as_data_or_as_its_looks() -> None:
    judge, sandbox = ends()
    assert type(crossed(Chameleon("x"), sandbox, judge)) is str
    assert crossed(object, sandbox, judge).text == "<class 'object'>"


@pytest.mark.parametrize(
    "form",
    [
        {"own": 7},
        {"own": "1"},
        {"of": "Client", "copy": None, "number": 1},
        {"of": "no-such", "copy": None, "number": 1},
        {"set": [[]]},
        {"bytes": "?"},
        {"int": "zz"},
        {"a": 1, "b": 2},
        {"of": "Request", "copy": {"tuple": ["GET"]}, "number": 1},
    ],
)
def test_a_form_that_nobody_makes_breaks_the_line(form: Any) -> None:
    judge, _ = ends()
    with pytest.raises(LineBroken):
        judge.decode(form)


def test_an_exception_keeps_its_name_and_its_members() -> None:
    judge, sandbox = ends()
    error = decode_error(encode_error(KeyError("tokens"), sandbox), judge)
    assert isinstance(error, KeyError)
    assert str(error) == "'tokens'"

    class Odd(LookupError):
        pass

    error = decode_error(encode_error(Odd("x"), sandbox), judge)
    assert (type(error).__name__, isinstance(error, LookupError)) == ("Odd", True)


@pytest.mark.parametrize("verdict", [Wrong("right"), KeyboardInterrupt(), SystemExit(0)])
def test_no_exception_of_a_learners_ends_a_check(verdict: BaseException) -> None:
    judge, sandbox = ends()
    error = decode_error(encode_error(verdict, sandbox), judge)
    assert isinstance(error, Exception)
    assert not isinstance(error, type(verdict))


def test_an_exception_of_the_judge_comes_home_as_itself() -> None:
    judge, sandbox = ends()
    error = ConnectionError("cut")
    there = decode_error(encode_error(error, judge), sandbox)
    assert isinstance(there, ConnectionError)
    assert decode_error(encode_error(there, sandbox), judge) is error
