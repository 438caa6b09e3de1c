"""The judge: sends the good calls, then the attacks, one at a time, and says how each ended.

It is given a way to send, so a service at a URL and a function in this process are judged alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
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
BUSY = frozenset({408, 429})  # these judge nothing, and neither does any failure of the service

LONGEST = 80  # characters of a reason


@dataclass(frozen=True)
class Outcome:
    """How one good call or one attack ended. `detail` is a status and a reason, without secrets.

    `unjudged`: the service failed, or shut the agent out, so that its answer shows nothing.
    """

    tried: Good | Attack
    verdict: Verdict
    detail: str = ""
    unjudged: bool = False

    @property
    def is_fault(self) -> bool:
        """Whether a sound verifier would have answered otherwise."""
        advised = isinstance(self.tried, Good) and self.tried.advised
        return self.verdict == "open" or (self.verdict == "refused" and not advised)


def judge(send: Send, victim: Victim, target: Target, ok: int = 200) -> Iterator[Outcome]:
    """Each outcome as it is known: first of the good calls, then of all attacks.

    `ok` is the status of a call that was let in. A good call follows each attack: once it is
    refused, refusals show nothing, and no more is sent. What `send` raises comes out as it is.
    """
    for good in GOOD:
        yield try_good(good, send, victim, target, ok)
    bag, shut = Bag(victim, target, send, ok), ""
    for attack in ATTACKS:
        outcome = None if shut else try_attack(attack, send, victim, bag, ok)
        if outcome and outcome.verdict != "open":
            after = try_good(GOOD[0], send, victim, target, ok)
            if after.verdict != "passed":
                shut = f"after attack {attack.number}, the agent's own call got {after.detail}"
        yield Outcome(attack, "not tried", shut, unjudged=True) if shut or not outcome else outcome


def try_good(good: Good, send: Send, victim: Victim, target: Target, ok: int = 200) -> Outcome:
    """Whether all calls of `good` are let in."""
    try:
        answers = [_answered(partial(make, victim, target), send, victim) for make in good.makes]
    except NotTried as why:
        return Outcome(good, "not tried", str(why))
    worst = next((answer for answer in answers if not answer.lets_in(ok)), answers[-1])
    if worst.lets_in(ok):
        return Outcome(good, "passed", said(worst))
    if _is_no_verdict(worst):
        return Outcome(good, "not tried", _failed(worst), unjudged=True)
    return Outcome(good, "refused", said(worst))


def try_attack(attack: Attack, send: Send, victim: Victim, bag: Bag, ok: int = 200) -> Outcome:
    """Whether all ways of `attack` are turned away. One that is let in is enough.

    It counts as tried when its first way could be; the later ones are used as far as they can be.
    """
    opened, held, failed, untried = list[tuple[int, Way]](), list[str](), list[str](), ""
    for way in attack.ways:
        try:
            answer = _answered(partial(way, bag), send, victim)
        except NotTried as why:
            untried = untried or (str(why) if way is attack.ways[0] else "")
            continue
        if answer.lets_in(ok):
            opened.append((answer.status, way))
        elif _is_no_verdict(answer):
            failed.append(_failed(answer))
        else:
            held.append(said(answer))
    if opened:
        return Outcome(attack, "open", _let_in(opened))
    if failed:
        return Outcome(attack, "not tried", failed[0], unjudged=True)
    return Outcome(attack, "not tried", untried) if untried else Outcome(attack, "held", held[0])


def _let_in(opened: Sequence[tuple[int, Way]]) -> str:
    """The first way that got in, in words, and how many more did."""
    (status, way), more = opened[0], len(opened) - 1
    also = f" {more} more {'way' if more == 1 else 'ways'} got in." if more else ""
    return f"{status}: {in_words(way)}{also}"


def _is_no_verdict(answer: Answer) -> bool:
    return answer.status in BUSY or answer.status >= 500


def _failed(answer: Answer) -> str:
    return f"{said(answer)} (the service {'is busy' if answer.status in BUSY else 'fails'})"


def in_words(way: Way) -> str:
    """What the attacker sends, as the function that makes it says."""
    return (way.__doc__ or "").partition("\n")[0]


def said(answer: Answer) -> str:
    """The status, and the reason if there is one, short enough for a table."""
    reason = visible(mask_text(answer.reason or answer.error), keep="")
    cut = reason if len(reason) <= LONGEST else f"{reason[:LONGEST]}…"
    return f"{answer.status}: {cut}" if cut else str(answer.status)


def _answered(make: Callable[[], Call], send: Send, victim: Victim) -> Answer:
    """The answer to the call; it is made once more, with its nonce, if one is demanded."""
    answer = victim.hear(send(make()))
    return victim.hear(send(make())) if answer.demands_nonce else answer
