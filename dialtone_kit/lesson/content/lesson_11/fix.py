"""The judge of a fixed verifier, for 11.fix: the attacks of `dialtone probe`, and its good calls.

The verifier runs here, as a function, for an API that this module makes up.
"""

from __future__ import annotations

import random
import secrets
import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dialtone_kit.attacks.calls import Call
from dialtone_kit.attacks.catalogue import ATTACKS, Attack
from dialtone_kit.attacks.good_calls import GOOD, Good
from dialtone_kit.attacks.judge import Outcome, try_attack, try_good
from dialtone_kit.base.jws import b64url
from dialtone_kit.base.reason import sentence
from dialtone_kit.lesson.content.lesson_11.naive import Listing
from dialtone_kit.lesson.content.lesson_11.scene import Api, Scene, Verify
from dialtone_kit.lesson.exercises.asking import described, kind_of, show
from dialtone_kit.lesson.exercises.verdict import NotTried, Wrong

EARLY = (
    "{what} was turned away, as it has to be, and then the agent's own call with the same `jti` "
    "was turned away, too: {said}. Someone else can use up the agent's numbers. Only a proof that "
    "passes everything else may use one up."
)


# --- the answer, as a function ---


def loaded(source: str) -> Verify:
    """`verify` in this source. Raises Wrong when there is none."""
    names: dict[str, Any] = {}
    try:
        exec(compile(source, "your verifier", "exec"), names)  # noqa: S102
    except SyntaxError as error:
        where = (error.text or "").strip()
        raise Wrong(
            f"Python can't read your verifier, at {show(where)}: {error.msg}. If your lines go "
            "into a function, indent only what goes in deeper."
        ) from None
    except Exception as error:
        raise Wrong(sentence(f"Your verifier can't be loaded: {described(error)}")) from None
    verify: Verify | None = names.get("verify")
    if not callable(verify):
        raise Wrong("There is no function `verify` in your verifier any more.")
    return verify


def verifier_of(answer: object, listing: Listing, load: Callable[[str], Verify] = loaded) -> Verify:
    """The learner's `verify`: a function, a source, or changes to lines of `listing`.

    `load` runs a source; grading has it done in a sandbox. Raises Wrong when there is none in it.
    """
    if isinstance(answer, Mapping):
        answer = changed(listing, answer)
    if callable(answer):
        return answer
    if not isinstance(answer, str):
        raise Wrong(
            'Give the lines that you change, as {number: "the new line"}; this is '
            f"{kind_of(answer)}. A whole function is fine, too."
        )
    return load(str.__str__(answer))


def changed(listing: Listing, changes: Mapping[Any, Any]) -> str:
    """The source with other lines in it, at the depth of those that they replace."""
    lines: list[str] = list(listing.lines)
    for number, text in changes.items():
        if number is ... or text is ...:
            raise NotTried
        if type(number) is not int or not 1 <= number <= len(lines):
            raise Wrong(f"The verifier has lines 1 to {len(lines)}; {show(number)} is none.")
        if not isinstance(text, str):
            raise Wrong(f"For line {number}, give the new line as a string; got {show(text)}.")
        old = listing.lines[number - 1]
        indent = old[: len(old) - len(old.lstrip())]
        lines[number - 1] = textwrap.indent(textwrap.dedent(text).strip("\n"), indent)
    return "\n".join(lines)


# --- the verdict ---


def judge_verifier(verify: Verify, api: Api) -> None:
    """All good calls and all attacks, in random order. Raises Wrong with the sentence for it."""
    scene = Scene(verify, api)
    trials: list[Good | Attack] = [*GOOD, *ATTACKS]
    outcomes = {trials.index(one): _tried(one, scene) for one in random.sample(trials, len(trials))}
    _judge_good([outcomes[n] for n in range(len(GOOD))])
    _judge_attacks([outcomes[n] for n in range(len(GOOD), len(trials))])
    _judge_order(scene)


def _tried(one: Good | Attack, scene: Scene) -> Outcome:
    if isinstance(one, Good):
        return try_good(one, scene.send, scene.victim, scene.target)
    return try_attack(one, scene.send, scene.victim, scene.bag)


def _judge_good(outcomes: Sequence[Outcome]) -> None:
    refused = [one for one in outcomes if one.verdict == "refused"]
    if refused:
        first, others = refused[0], [one.tried.name for one in refused[1:]]
        also = f" Turned away, too: {'; '.join(others)}." if others else ""
        raise Wrong(
            f"A good call was turned away: {first.tried.name} ({first.tried.section}). Your "
            f"verifier said: {first.detail}.{also}"
        )


def _judge_attacks(outcomes: Sequence[Outcome]) -> None:
    """Attack 2 begins with a call of the agent's own: if that is turned away, it isn't tried."""
    tried = [(one.tried, one) for one in outcomes if isinstance(one.tried, Attack)]
    still = [(attack, one.detail) for attack, one in tried if one.verdict == "open"]
    if still:
        (first, detail), others = still[0], [f"{one.number} ({one.name})" for one, _ in still[1:]]
        sent = detail.partition(": ")[2]
        also = f" Still open, too: {', '.join(others)}." if others else ""
        raise Wrong(
            f"Attack {first.number} still works: {first.name}. This got in: {sent} "
            f"{first.sentence}{also}",
            first.code,
        )
    for attack, one in tried:
        if attack.number == 2 and one.verdict == "not tried":
            raise Wrong(f"Your verifier doesn't judge each call for itself: {one.detail}.")


def _judge_order(scene: Scene) -> None:
    """A proof that is refused for any reason must not use up the number of a good one."""
    victim, target = scene.victim, scene.target
    for what, spoil in _SPOILT.items():
        proof = victim.proof(target)
        answer = scene.send(spoil(victim.call(target, proof)))
        if answer.lets_in(200):
            raise Wrong(f"{what} was let in.")
        own = scene.send(victim.call(target, proof))
        if not own.lets_in(200):
            raise Wrong(EARLY.format(what=what, said=own.reason))


def _unsigned(call: Call) -> Call:
    ((name, token), (field, proof)) = call.fields
    forged = f"{proof.rpartition('.')[0]}.{b64url(secrets.token_bytes(64))}"
    return Call(call.method, call.url, ((name, token), (field, forged)))


def _elsewhere(call: Call) -> Call:
    return Call("DELETE", call.url, call.fields)


def _twice(call: Call) -> Call:
    return Call(call.method, call.url, (*call.fields, call.fields[1]))


_SPOILT: Mapping[str, Callable[[Call], Call]] = {
    "A proof with an invented signature": _unsigned,
    "A proof sent with another method": _elsewhere,
    "A proof sent twice in one request": _twice,
}
