"""The token explorer: what a token says, whether it is genuine, and whose key it is bound to.

The views get header and payload, which are no use to a thief; the signature stays in the kernel.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from dialtone_kit.base.times import is_numeric_date
from dialtone_kit.tokens import wrong_date
from dialtone_kit.widgets.panel import Panel, State
from dialtone_kit.widgets.token_compared import Compared, compared
from dialtone_kit.widgets.token_reading import Reading, binding, name_tags, read
from dialtone_kit.widgets.token_text import lines_of_one, lines_of_two


@dataclass(frozen=True)
class TokenVerdict:
    """Whether a token is genuine: the `rule` that refused it, the sentence, the key that signed.

    `keys_url` is the JWKS in which the verifier looked for `kid`.
    """

    outcome: Literal["verified", "refused", "can't tell"]
    text: str
    rule: str = ""
    kid: str = ""
    keys_url: str = ""


UNCHECKED = TokenVerdict("can't tell", "Nothing here has the issuer's keys, so it was not checked.")


@dataclass(frozen=True, repr=False, eq=False)
class TokenCase:
    """A token to look at: a Token, a Secret or a compact JWS; for anything else, a line says so.

    `thumbprint` is that of the reader's own key, "" if none was given. `verify` checks the token
    when it is shown, and again on request. `now` is the issuer's clock, in Unix seconds.
    """

    token: object
    thumbprint: str = ""
    verify: Callable[[], TokenVerdict] = lambda: UNCHECKED
    now: Callable[[], float] = time.time


class TokenExplorer(Panel):
    """Show one token, or two with what differs between them."""

    script = "token_explorer.js"
    name = "Token explorer"
    question = "What does each member of this token say, and how long is it good for?"

    def __init__(self, cases: Sequence[TokenCase], interactive: bool = True) -> None:
        super().__init__(interactive=interactive)
        self._cases = tuple(cases)
        self._readings = [read(case.token) for case in self._cases]
        self._problem: State = {}
        self._verify()

    @property
    def verdicts(self) -> tuple[TokenVerdict | None, ...]:
        """Whether each token is genuine; None for anything that isn't a token."""
        return self._verdicts

    @property
    def differences(self) -> list[Compared]:
        """The members of two tokens, header first; empty unless both can be read."""
        return [*self._compared("header"), *self._compared("claims")]

    def state(self) -> State:
        return {
            "tokens": [self._state_of(number) for number in range(len(self._cases))],
            "header": [asdict(row) for row in self._compared("header")],
            "claims": [asdict(row) for row in self._compared("claims")],
            "problem": self._problem,
        }

    def act(self, kind: str, _: Mapping[str, Any], /) -> None:
        self._problem = {}
        if kind == "verify":
            self._verify()

    def failed(self, problem: State) -> None:
        self._problem = problem

    def outcome(self) -> str:
        lines = ["Token explorer"]
        for number, (case, reading) in enumerate(zip(self._cases, self._readings, strict=True)):
            title = ("First token", "Second token")[number] if len(self._cases) > 1 else ""
            verdict, bound = self._verdicts[number], _binding(reading, case.thumbprint)
            lines += lines_of_one(title, reading, asdict(verdict) if verdict else {}, bound)
        if len(self._cases) > 1 and self.differences:
            lines += lines_of_two(self.differences)
        return "\n".join(lines)

    def _verify(self) -> None:
        self._verdicts = tuple(
            None if reading.problem else case.verify()
            for case, reading in zip(self._cases, self._readings, strict=True)
        )

    def _compared(self, part: Literal["header", "claims"]) -> list[Compared]:
        if len(self._readings) < 2 or any(reading.problem for reading in self._readings):
            return []
        first, second = (getattr(reading, part) for reading in self._readings)
        return compared(first, second, header=part == "header")

    def _state_of(self, number: int) -> State:
        case, reading, verdict = self._cases[number], self._readings[number], self._verdicts[number]
        now = case.now()
        return {
            "problem": reading.problem,
            "wire": [*reading.wire, reading.letters],
            "now": now,
            "expires": _moment("exp", reading.claims, now),
            "lifetime": reading.lifetime,
            "verdict": asdict(verdict) if verdict is not None else None,
            "binding": _binding(reading, case.thumbprint),
            "tags": [asdict(tag) for tag in name_tags(reading.claims)],
            "header": [asdict(row) for row in reading.header_rows(now)],
            "claims": [asdict(row) for row in reading.claim_rows(now)],
        }


def _moment(name: str, claims: Mapping[str, Any], now: float) -> float | None:
    value = claims.get(name)
    return value if is_numeric_date(value) and not wrong_date(name, value, now) else None


def _binding(reading: Reading, own: str) -> State:
    """The two thumbprints, and what their comparison says: which `kind`, and in words."""
    bound, wrong = binding(reading.claims)
    if reading.problem or wrong:
        return {"kind": "unclear", "bound": "", "own": own, "text": wrong}
    if bound is None:
        text = "It isn't bound to a key: it's a bearer token, and whoever holds it can use it."
        return {"kind": "bearer", "bound": "", "own": own, "text": text}
    if not own:
        text = "It is bound to a key. To compare it with yours, add `key=key` to the call."
        return {"kind": "no key", "bound": bound, "own": "", "text": text}
    differ = sum(a != b for a, b in zip(bound, own, strict=False)) + abs(len(bound) - len(own))
    if differ:
        text = f"Not equal: {differ} of {len(bound)} characters differ. It is bound to another key."
        return {"kind": "another key", "bound": bound, "own": own, "text": text}
    text = f"Equal in all {len(bound)} characters: it is bound to your key, and only that key."
    return {"kind": "your key", "bound": bound, "own": own, "text": text}
