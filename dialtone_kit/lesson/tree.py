"""The tree of refusals: retry, wait, fix or stop, and on which of them each one has landed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from dialtone_kit.base.display import Shown
from dialtone_kit.client.connection import IDEMPOTENT
from dialtone_kit.wire.diagram import error_of, rule_of
from dialtone_kit.wire.picture import LINE, STRONG, figure, lines, stroke, text, wrapped
from dialtone_kit.wire.record import RoundTrip

NextStep = Literal["retry", "wait", "fix", "stop"]
MEANINGS: dict[NextStep, str] = {
    "retry": "again, with a new proof",
    "wait": "as long as it says",
    "fix": "change something first",
    "stop": "sending won't help",
}
ROOT = "It says no: read the code, then the description, then the status."
NOTHING = "Nothing has been refused yet."
NEW = "● new since the last tree"
_BY_CODE: dict[str, NextStep] = {
    "use_dpop_nonce": "retry",
    "rate_limited": "wait",
    "slow_down": "wait",
    "authorization_pending": "wait",
    "access_denied": "stop",
    "conflict": "stop",
    "gone": "stop",
    "invalid_grant": "stop",
    "expired_token": "stop",
}
_BY_STATUS: dict[int, NextStep] = {409: "stop", 410: "stop", 429: "wait"}
_ADVICE = {
    "use_dpop_nonce": "with its nonce, once",
    "access_denied": "someone decided: ask them",
    "conflict": "it's done already: look",
    "gone": "it's over: begin again",
    "invalid_grant": "a person has to say yes again",
    "invalid_request": "the request",
    "unauthorized": "the code or the secret",
    "not_found": "the URL",
    "insufficient_scope": "the token's scope",
    "htu_matches": "the URL, on either side",
    "iat_is_fresh": "the clock",
    "ath_matches": "ath: the token you send",
    "jwk_is_public": "the key in the proof",
    "key_is_bound": "the key that signs",
    "jti_is_new": "the proof: never twice",
    "scheme": "the scheme: DPoP",
    "exp": "the token: get a new one",
}
_BY_STEP: dict[NextStep, str] = {
    "retry": "twice does no harm: after 1 to 30 s",
    "wait": "then send it again",
    "fix": "what the text names",
    "stop": "it may have happened: look first",
}
COLUMN, LEAF, GAP, TOP = 216, 52, 14, 96  # pixels: a leaf's width and height, the gap, its top


def next_step(status: int | None, error: str, *, harmless: bool, named: bool = False) -> NextStep:
    """What to do about a refusal. Its code decides, and its status where the code says nothing.

    `status` is None if no answer came. `harmless`: sent twice it does no harm. `named`: the answer
    says how long to wait.
    """
    if error in _BY_CODE:
        return _BY_CODE[error]
    if status is None or status >= 500:
        if not harmless:
            return "stop"
        return "wait" if named else "retry"
    return _BY_STATUS.get(status, "fix")


@dataclass(frozen=True)
class Landing:
    """A refusal in a few words, the step that it asks for, and what to do in particular."""

    step: NextStep
    what: str
    advice: str


class Tree:
    """The tree of one lesson. It marks what has landed since it was last drawn."""

    def __init__(self) -> None:
        self._drawn: set[Landing] = set()

    def draw(self, trips: Iterable[RoundTrip]) -> Shown:
        """The tree with all refusals among `trips`; one line for those of a kind."""
        landed = Counter(_landing(trip) for trip in trips if _refused(trip))
        new = landed.keys() - self._drawn
        self._drawn |= new
        return tree_picture(landed, new)


def _refused(trip: RoundTrip) -> bool:
    return trip.status is None or trip.status >= 400


def _landing(trip: RoundTrip) -> Landing:
    harmless = trip.method in IDEMPOTENT
    if trip.response is None or trip.status is None:
        step = next_step(None, "", harmless=harmless)
        return Landing(step, f"no answer to a {trip.method}", _BY_STEP[step])
    error, rule = error_of(trip.response), rule_of(trip.response.body)
    rule = rule if rule in _ADVICE else ""
    named = any(name.lower() == "retry-after" for name, _ in trip.response.headers)
    step = next_step(trip.status, error, harmless=harmless, named=named)
    advice = _ADVICE.get(rule) or _ADVICE.get(error) or _BY_STEP[step]
    if trip.status >= 500 and error not in _BY_CODE:  # the method decided, and not the code
        return Landing(step, f"{trip.status} to a {trip.method}", advice)
    return Landing(step, f"{trip.status} {rule or error}".rstrip(), advice)


def tree_picture(landed: Counter[Landing], new: Iterable[Landing] = ()) -> Shown:
    """The four leaves side by side, and below each what has landed there; `new` is marked."""
    new = set(new)
    words = "\n".join([ROOT, *_words(landed, new)])
    middle, drawn, bottom = 2 * COLUMN + 2 * GAP, "", 0.0
    for number, step in enumerate(MEANINGS):
        x = GAP / 2 + number * (COLUMN + GAP)
        fork = f"M{middle} 34 V56 H{x + COLUMN / 2:.1f} V{TOP - 2}"
        drawn += stroke(fork, "line") + _leaf(step, x)
        mine = [(one, count) for one, count in landed.items() if one.step == step]
        shapes, below = _landings(mine, new, x)
        drawn, bottom = drawn + shapes, max(bottom, below)
    root = text(middle, 24, ROOT, style=STRONG, anchor="middle")
    if new:
        root += text(GAP / 2, bottom + 10, NEW, "agent")
        bottom += LINE + 10
    return Shown(figure("Retry, wait, fix, stop", words, root + drawn, 2 * middle, bottom), words)


def _leaf(step: NextStep, x: float) -> str:
    box = stroke(f"M{x:.1f} {TOP} h{COLUMN} v{LEAF} h-{COLUMN} z", "agent", width=1.8, fill="paper")
    name = text(x + 12, TOP + 21, step, "agent", style=STRONG)
    return box + name + text(x + 12, TOP + 41, MEANINGS[step], "faint")


def _landings(
    mine: Sequence[tuple[Landing, int]], new: set[Landing], x: float
) -> tuple[str, float]:
    """What has landed on one leaf, and where it ends."""
    y, drawn = float(TOP + LEAF + 24), ""
    for one, count in mine:
        heading = f"{one.what}{f' ×{count}' if count > 1 else ''}"
        shown = wrapped(heading, COLUMN - 8)
        drawn += text(x - 1, y, "●", "agent") if one in new else ""
        drawn += lines(x + 12, y, shown, "refused", style=STRONG)
        y += LINE * len(shown)
        shown = wrapped(one.advice, COLUMN - 16)
        drawn += lines(x + 12, y, shown, "ink" if one in new else "faint")
        y += LINE * len(shown) + 10
    return drawn, y


def _words(landed: Counter[Landing], new: set[Landing]) -> Iterable[str]:
    for step, meaning in MEANINGS.items():
        yield f"{step}: {meaning}"
        for one, count in landed.items():
            if one.step == step:
                times = f", {count} times" if count > 1 else ""
                yield f"  {one.what}{times}{' (new)' if one in new else ''}: {one.advice}"
    if not landed:
        yield NOTHING
