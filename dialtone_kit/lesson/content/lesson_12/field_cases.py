"""Five refusals from the field, made live: what 12.five looks at. No text names the cause."""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric import ec

from dialtone_kit.base.display import BORDER, CODE, INK, PAPER, WIDTH
from dialtone_kit.base.jws import b64url, b64url_decode, to_segment
from dialtone_kit.base.masking import escaped, masked
from dialtone_kit.client.responses import http_date, json_or_nothing
from dialtone_kit.client.transport import open_client
from dialtone_kit.keys import ProofKey
from dialtone_kit.lesson.content.lesson_03.checks import SHORT_X
from dialtone_kit.lesson.content.lesson_03.judging import COORDINATE
from dialtone_kit.lesson.exercises.asking import show
from dialtone_kit.lesson.exercises.definition import LiveLesson
from dialtone_kit.lesson.exercises.verdict import Wrong
from dialtone_kit.lesson.lab_realm import LabRealm
from dialtone_kit.proofs import build_proof
from dialtone_kit.rules import WINDOW, access_token_hash
from dialtone_kit.tokens import read_unverified

CAUSES = ("proxy", "clock", "ath", "x", "bearer")


@dataclass(frozen=True)
class Refusal:
    """A request and its refusal as the wire shows them, the token as its hash alone."""

    request: str
    scheme: str
    token_sha256: str
    header: Mapping[str, Any]
    claims: Mapping[str, Any]
    answer: str
    date: str
    via: str

    def __str__(self) -> str:
        jwk = self.header["jwk"]
        rows = [
            ("Authorization", f"{self.scheme} ••••••"),
            ("its SHA-256", self.token_sha256),
            *((f"proof, {name}", jwk[name]) for name in ("x", "y")),
            *((f"proof, {name}", value) for name, value in self.claims.items()),
            ("answer", self.answer),
            ("Date", f"{self.date} = {http_date(self.date) or 0:.0f}"),
            ("Via", self.via or "none"),
        ]
        return masked("\n".join([self.request, *(f"{name:<13}  {value}" for name, value in rows)]))


class FieldCases(dict[str, Refusal]):
    """Five refusals by letter. Nothing in it says which is which but what the wire shows."""

    def __repr__(self) -> str:
        return "\n\n".join(f"{letter}\n{case}" for letter, case in self.items())

    def _repr_html_(self) -> str:
        return "".join(
            f'<div role="group" aria-label="Refusal {letter}" style="{_FRAME}">'
            f'<b>{letter}</b><pre style="{_PRE}">{escaped(str(case))}</pre></div>'
            for letter, case in self.items()
        )


_FRAME = (
    f"border: {BORDER}; border-radius: 8px; margin: 0 0 8px; padding: 8px 14px; {WIDTH}; "
    f"background: {PAPER}; color: {INK}"
)
_PRE = (
    "margin: 4px 0 0; padding: 0; background: transparent; color: inherit; "
    f"white-space: pre-wrap; overflow-wrap: anywhere; {CODE}"
)


def make_cases(lesson: LiveLesson) -> FieldCases:
    """Make the five mistakes at the service, in random order, with nothing recorded elsewhere."""
    with lesson.lab_realm() as lab, closing(lesson.reverse_proxy()) as proxy:
        url = f"{lab.issuer}/api/whoami"
        key, short = ProofKey.generate(), key_with_short_x()
        old, new, other = (
            lab.client.get_token(key=one).access_token.reveal() for one in (key, key, short)
        )
        outside = f"{proxy.url}/realms/{lab.realm}/api/whoami"
        late = time.time() - 4 * WINDOW - secrets.randbelow(600)
        drop_the_zero(short)
        made = [
            (outside, build_proof(key, "GET", outside, access_token=new), "DPoP", new),
            (url, build_proof(key, "GET", url, access_token=new, now=late), "DPoP", new),
            (url, build_proof(key, "GET", url, access_token=old), "DPoP", new),
            (url, build_proof(short, "GET", url, access_token=other), "DPoP", other),
            (url, build_proof(key, "GET", url, access_token=new), "Bearer", new),
        ]
        with off_the_record(lab) as http:
            refused = [_sent(http, *one) for one in random.sample(made, len(made))]
    return FieldCases(zip("ABCDE", refused, strict=True))


def off_the_record(lab: LabRealm) -> httpx.Client:
    """A client of the lab's service whose requests no view of the lesson shows."""
    return open_client(lab.issuer, timeout=10.0)


def key_with_short_x() -> ProofKey:
    """A key whose x begins with a zero byte, as one key in 256 does."""
    return ProofKey(ec.derive_private_key(secrets.choice(SHORT_X), ec.SECP256R1()), "ES256")


def drop_the_zero(key: ProofKey) -> None:
    """From now on, the proofs of `key` show its x without leading zeros."""
    jwk = key.public_jwk | {"x": b64url(b64url_decode(key.public_jwk["x"]).lstrip(b"\0"))}
    key.proof_header = to_segment({"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk})


def _sent(http: httpx.Client, url: str, proof: str, scheme: str, token: str) -> Refusal:
    response = http.get(url, headers={"Authorization": f"{scheme} {token}", "DPoP": proof})
    shown = read_unverified(proof)
    return Refusal(
        request=f"GET {url}",
        scheme=scheme,
        token_sha256=access_token_hash(token),
        header=dict(shown.header),
        claims=dict(shown.claims),
        answer=f"{response.status_code} {json_or_nothing(response).get('error')}",
        date=response.headers["Date"],
        via=response.headers.get("Via", ""),
    )


def seconds_apart(case: Refusal) -> float:
    """How long before the answer's `Date` the proof was made."""
    return (http_date(case.date) or 0.0) - float(case.claims["iat"])


def bytes_of_x(case: Refusal) -> int:
    """How long the key's x is."""
    return len(b64url_decode(str(case.header["jwk"]["x"])))


def cause_of(case: Refusal) -> str:
    """What went wrong, read from what is shown: no answer is kept with the cases."""
    if case.scheme == "Bearer":
        return "bearer"
    if bytes_of_x(case) != COORDINATE:
        return "x"
    if abs(seconds_apart(case)) > WINDOW:
        return "clock"
    return "ath" if case.claims["ath"] != case.token_sha256 else "proxy"


_NOT = {
    "proxy": ("{0} went straight to the service: its answer has no `Via`.", "M03"),
    "clock": ("{0}'s proof was on time: `iat` and the answer's `Date` are {1:.0f} s apart.", "M06"),
    "ath": ("{0}'s `ath` is the SHA-256 of the token that was sent.", "M05"),
    "x": ("{0}'s x has {2} bytes, as it should.", "M11"),
    "bearer": ("{0} came under the scheme {3}.", "M08"),
}


def judge_names(answer: object, cases: FieldCases) -> None:
    """Raise Wrong with what the wire shows against the first wrong name."""
    truth = {letter: cause_of(case) for letter, case in cases.items()}
    if sorted(truth.values()) != sorted(CAUSES):
        raise Wrong('The refusals were changed. lesson.reset_exercise("12.five") makes new ones.')
    names = _names(answer, cases)
    for letter, name in names.items():
        if name != truth[letter]:
            text, code = _NOT[name]
            case = cases[letter]
            seen = letter, abs(seconds_apart(case)), bytes_of_x(case), case.scheme
            raise Wrong(text.format(*seen), code)


def _names(answer: object, cases: FieldCases) -> dict[str, str]:
    if not isinstance(answer, Mapping):
        raise Wrong(f"Give a dict, from letter to cause; got {show(answer)}.")
    given = {letter: answer.get(letter) for letter in cases}
    if any(name is None or name is ... for name in given.values()):
        raise Wrong("Name the cause of each: A to E.")
    for letter, name in given.items():
        if not isinstance(name, str) or str.__str__(name) not in CAUSES:
            raise Wrong(f"{letter}: {show(name)} is none of {', '.join(CAUSES)}.")
    return {letter: str.__str__(name) for letter, name in given.items()}
