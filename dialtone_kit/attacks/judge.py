"""The judge: sends the good calls, then the attacks, one at a time, and says how each ended.

It is given a way to send, so a service at a URL and a function in this process are judged alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Literal

from dialtone_kit.attacks.bag import Bag
from dialtone_kit.attacks.calls import Answer, Call, NotTried, Send, Target
from dialtone_kit.attacks.catalogue import ATTACKS, Attack
from dialtone_kit.attacks.good_calls import GOOD, Good
from dialtone_kit.attacks.victim import Victim
from dialtone_kit.attacks.ways import Way
from dialtone_kit.base.masking import mask_text, visible

Verdict = Literal["passed", "refused", "held", "open", "not tried"]
BUSY = frozenset({408, 429, 502, 503, 504})  # the statuses that judge nothing

LONGEST = 80  # characters of a reason


@dataclass(frozen=True)
class Outcome:
    """How one good call or one attack ended. `detail` is a status and a reason, without secrets."""

    tried: Good | Attack
    verdict: Verdict
    detail: str = ""

    @property
    def is_fault(self) -> bool:
        """Whether a sound verifier would have answered otherwise."""
        advised = isinstance(self.tried, Good) and self.tried.advised
        return self.verdict == "open" or (self.verdict == "refused" and not advised)


def judge(send: Send, victim: Victim, target: Target, ok: int = 200) -> Iterator[Outcome]:
    """Each outcome as it is known: first of the good calls, then of all attacks.

    `ok` is the status of a call that was let in. What `send` raises comes out as it is.
    """
    for good in GOOD:
        yield try_good(good, send, victim, target, ok)
    bag = Bag(victim, target, send, ok)
    for attack in ATTACKS:
        yield try_attack(attack, send, victim, bag, ok)


def try_good(good: Good, send: Send, victim: Victim, target: Target, ok: int = 200) -> Outcome:
    """Whether all calls of `good` are let in."""
    try:
        answers = _in_order(lambda: good.calls(victim, target), send, victim)
    except NotTried as why:
        return Outcome(good, "not tried", str(why))
    worst = next((answer for answer in answers if not answer.lets_in(ok)), answers[-1])
    if worst.status in BUSY and not worst.lets_in(ok):
        return Outcome(good, "not tried", f"the service is busy: {said(worst)}")
    return Outcome(good, "passed" if worst.lets_in(ok) else "refused", said(worst))


def try_attack(attack: Attack, send: Send, victim: Victim, bag: Bag, ok: int = 200) -> Outcome:
    """Whether all ways of `attack` are turned away. One that is let in is enough."""
    opened, held, missed = list[str](), list[str](), list[str]()
    for way in attack.ways:
        try:
            answer = _in_order(partial(_one, way, bag), send, victim)[-1]
        except NotTried as why:
            missed.append(str(why))
            continue
        if answer.lets_in(ok):
            opened.append(f"{answer.status}: {in_words(way)}")
        else:
            (missed if answer.status in BUSY else held).append(said(answer))
    if opened:
        return Outcome(attack, "open", " ".join(opened))
    return Outcome(attack, "not tried", missed[0]) if missed else Outcome(attack, "held", held[0])


def _one(way: Way, bag: Bag) -> tuple[Call, ...]:
    return (way(bag),)


def in_words(way: Way) -> str:
    """What the attacker sends, as the function that makes it says."""
    return (way.__doc__ or "").partition("\n")[0]


def said(answer: Answer) -> str:
    """The status, and the reason if there is one, short enough for a table."""
    reason = visible(mask_text(answer.reason or answer.error), keep="")
    cut = reason if len(reason) <= LONGEST else f"{reason[:LONGEST]}…"
    return f"{answer.status}: {cut}" if cut else str(answer.status)


def _in_order(calls: Callable[[], tuple[Call, ...]], send: Send, victim: Victim) -> list[Answer]:
    """The answers to `calls`; made once more, with its nonce, if one is demanded."""
    for _ in range(2):
        answers = [victim.hear(send(call)) for call in calls()]
        if not any(answer.demands_nonce for answer in answers):
            break
    return answers
