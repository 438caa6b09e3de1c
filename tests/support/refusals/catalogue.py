"""The catalogue of refusals: every row by its number, and the tests that hold it.

A test holds a row when its `row` marker names it; see `__init__.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, NamedTuple, Protocol

import pytest

LIST = """
proof:
1 none sent where one is required · 2 empty · 3 two fields · 4 two in one field ·
5✓ any case of the name · 6 over 8 KiB · 7 space, control, non-ASCII · 8 two Authorization fields ·
9✓ any case of the scheme · 10 not a token68 · 11 token in body or query · 12 not three parts ·
13 JSON form, nested · 14 not canonical base64url · 15 not a JSON object in UTF-8 ·
16 a member twice · 17 deep nesting, endless numbers · 18 crit, b64 · 19 typ · 20 alg none ·
21 HMAC by the public key · 22 alg not advertised · 23 alg against the key · 24 alg removed ·
25 PKCS #1 v1.5 against PSS · 26✓ each alg · 27✓ Ed25519 by either name · 28 alg in lower case ·
29 no jwk · 30 private members · 31 a symmetric key · 32 members missing · 33 off the curve ·
34± coordinates in one length · 35± RSA sizes and exponents · 36± small-order Ed25519 ·
37✓ hints to keys ignored · 38✓ more members, other order · 39± use, key_ops, alg ·
40 a bit flipped · 41 another key, nothing · 42± edge values of r, s, R, S · 43 the twin ·
44 no jti · 45± long and odd jti · 46 htm · 47 htu no URL · 48 another URL · 49✓ query, fragment ·
50✓ other spellings · 51 other paths · 52 user name, scheme · 53 forged Host · 54 localhost ·
55 iat no time · 56± the window's edges · 57± exp, nbf, unknown claims · 58± the clock steps ·
59 the same again · 60✓ the same jti by another key · 61 dated ahead, sent again ·
62± thirty at once · 63 another worker, a restart · 64✓ a refusal uses up no jti · 65 a flood ·
66 wrong secret first · 67 no nonce · 68 wrong nonce · 69± old nonces · 70 of another place ·
71✓ unasked · 72✓ once in each answer · 73 stale in spite of it · 74 ath · 75✓ ath unasked ·
76 another key · 77 bound as Bearer · 78 the same with a proof · 79 unbound as DPoP ·
80 DPoP without proof · 81 broken cnf · 82 a dead token · 83✓ introspection shows the key ·
84✓ token_type · 85± renewed by another key · 86 renewed without · 87✓ confidential, a new key ·
88± DPoP begun late · 89 a bad proof uses up nothing · 90✓ every grant binds ·
91 exchange without proof · 94✓ afterwards the right one works · 95✓ keys in parallel
token request:
T1 one text for unknown and wrong · T2 two authentications · T3 malformed Basic ·
T4 a parameter twice · T5 method · T6 unknown grant · T7 scope not granted · T8✓ never cached
exchange:
X1 wider scope · X2 widened again · X3 dead subject · X4 parent revoked ·
X5✓ ends with the parent · X6± audience beyond · X7 token types · X8 actor and its type ·
X9 dead actor · X10± depth · X11 may_act names another · X12 no subject · X13 no leave ·
X14 bound to bearer
device:
V1 pending · V2 too fast · V3 expired · V4 denied · V5 another client · V6 twice ·
V7± in parallel · V8✓ codes people can type · V9 guessing · V10 the page · V11 client locked ·
V12✓ long device codes
introspection:
I1 nobody asks · I2 one answer for all that is dead · I3✓ wrong hint · I4 no token ·
I5 every worker
revocation:
R1✓ unknown · R2 another client's · R3✓ wrong hint · R4 the whole family · R5✓ again · R6 racing
refresh:
F1 used again · F2± in parallel · F3± wider scope
registration:
E1 five wrong codes · E2 poll_token · E3 unknown and foreign alike · E4± an hour ·
E5 confirmed already · E6± in parallel · E7± limits · E8✓ nothing tells who is known ·
E9± one address · E10✓ markup is text · E11 looking approves nothing · E12 scopes denied ·
E13✓ status is no secret · E14 limits stay
SPIFFE:
S1± requests · S2 one URI · S3 another's name · S4 malformed names · S5± no authority ·
S6± weak keys, hashes · S7± nothing else copied · S8± lifetimes · S9± challenges ·
S10± evidence of another · S11± audience · S12± public only · S13✓ two roots
everywhere:
A1✓ the issuer · A2✓ public keys only · A3 another realm · A4 an SVID · A5± Host ·
A6✓ killed at any write
secrets:
C1✓ masked · C2✓ widgets · C3 parameters · C4✓ tracebacks · C5✓ not the first characters ·
C6✓ notebooks
files:
P1± names · P2✓ private · P3 links, owners, modes · P4✓ whole or not at all ·
P5± never overwritten
HTTP:
H1± https · H2 redirects · H3± certificates · H4 another issuer · H5 size, time, depth ·
H6 metadata addresses · H7± sent once · H8 the same nonce again · H9± how long to wait ·
H10 Bearer for DPoP
display:
U1✓ everything is text · J1± the mock is yours · J2✓ nothing left behind
"""

_ROW = re.compile(r"([A-Z]?\d+)([✓±]?) ")


class Row(NamedTuple):
    """A row; which sides of it must be shown."""

    number: str
    group: str
    refuses: bool
    accepts: bool


class Case(NamedTuple):
    """A test's claim to hold a row, by a refusal or by something accepted."""

    number: str
    accepted: bool


def _read() -> dict[str, Row]:
    found: dict[str, Row] = {}
    for block in re.split(r"\n(?=[a-zA-Z ]+:\n)", LIST.strip()):
        group, _, text = block.partition(":\n")
        for entry in text.replace("\n", " ").split("·"):
            match = _ROW.match(entry.strip() + " ")
            assert match is not None, entry
            number, side = match.groups()
            found[number] = Row(number, group.strip(), side != "✓", side in ("✓", "±"))
    return found


ROWS = _read()
GROUPS = list(dict.fromkeys(row.group for row in ROWS.values()))


class Example(Protocol):
    """An entry of a test's table: a `Case` of the forge, or a test file's own kind."""

    @property
    def id(self) -> str: ...
    @property
    def rows(self) -> tuple[str, ...]: ...


def each(examples: Iterable[Example]) -> list[Any]:
    """The entries of a table for `parametrize`, each marked with the rows that it holds."""
    return [pytest.param(one, id=one.id, marks=pytest.mark.row(*one.rows)) for one in examples]


def cases(item: pytest.Item) -> list[Case]:
    """The rows that a test holds."""
    labels = dict.fromkeys(label for mark in item.iter_markers("row") for label in mark.args)
    unknown = {label.rstrip("✓") for label in labels} - set(ROWS)
    assert not unknown, f"{item.nodeid} names rows that the catalogue does not have: {unknown}"
    return [_case(label) for label in labels]


def _case(label: str) -> Case:
    number = label.rstrip("✓")
    return Case(number, label.endswith("✓") or not ROWS[number].refuses)


def unheld(held: Iterable[Case]) -> list[str]:
    """The rows, or sides of rows, that no case holds: `43`, or `45✓` for what must be accepted."""
    held = set(held)
    refusals = [r.number for r in ROWS.values() if r.refuses and Case(r.number, False) not in held]
    accepted = [
        f"{r.number}✓" for r in ROWS.values() if r.accepts and Case(r.number, True) not in held
    ]
    return [*refusals, *accepted]
