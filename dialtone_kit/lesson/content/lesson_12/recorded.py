"""Recorded answers that say no, and what each asks for: what 12.triage is tried on."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass

from dialtone_kit.lesson.exercises.asking import word
from dialtone_kit.lesson.tree import NextStep

TEXTS = (
    "Please try again later.",
    "Contact your administrator.",
    "Wait a moment.",
    "Your request was not accepted.",
    "Too many of them.",
)


@dataclass(frozen=True)
class Recorded:
    """An answer. `retry_after` is in seconds, or None; `harmless`: sent twice it does no harm."""

    status: int
    error: str
    description: str
    retry_after: int | None
    harmless: bool


@dataclass(frozen=True)
class Case:
    """An answer, the right step, why, and the code for those who chose another."""

    answer: Recorded
    right: NextStep
    why: str
    code: str = ""


def recorded_answers() -> list[Case]:
    """All of them, the most telling first; their texts are drawn at random and say nothing."""
    return list(_cases())


def _cases() -> Iterator[Case]:
    nonce = "`use_dpop_nonce` is a question: answer it, with a new proof."
    yield _case("retry", 401, "use_dpop_nonce", f"Two 401s, two answers: {nonce}", "M02")
    yield _case("retry", 400, "use_dpop_nonce", nonce, "M02", harmless=False)
    yield _case("wait", 400, "slow_down", "It is the pace: wait longer, then ask again.", "M21")
    yield _case("wait", 400, "authorization_pending", "Not yet isn't no.", "M21")
    family = "A refresh token that was used ends the family: sending it again only confirms that."
    yield _case("stop", 400, "invalid_grant", family, "M34", harmless=False)
    lost = "It may have taken effect, and twice would do harm: look before you send again."
    yield _case("stop", 503, "temporarily_unavailable", lost, "M35", harmless=False)
    yield _case("stop", 503, "", lost, "M35", harmless=False, wait=9)
    named = "It names a time: come back then, and not before."
    yield _case("wait", 429, "rate_limited", named, "M36", wait=41)
    yield _case("wait", 503, "temporarily_unavailable", named, "M36", wait=17)
    yield _case(
        "wait", 429, f"quota_{word()}", "The code is new to you, and 429 says: later.", "M36"
    )
    yield from _by_status()
    yield from _fixed()
    yield from _over()


def _by_status() -> Iterator[Case]:
    away = "The service was away for a moment, and sent twice this does no harm."
    yield _case("retry", 503, "temporarily_unavailable", away)
    yield _case("retry", 500, f"failed_{word()}", away)
    yield _case("retry", 502, "", f"No code came, so the status decides. {away}")


def _fixed() -> Iterator[Case]:
    again = "Sent again as it is, it would be refused again: change something first."
    for status, error in (
        (401, "invalid_dpop_proof"),
        (401, "invalid_token"),
        (401, "unauthorized"),
        (400, "invalid_request"),
        (404, "not_found"),
        (400, f"bad_{word()}"),
    ):
        yield _case("fix", status, error, again)
    scope = "Two 403s, two answers: a token with that scope is all it takes."
    yield _case("fix", 403, "insufficient_scope", scope)


def _over() -> Iterator[Case]:
    denied = "Someone decided, and no request of yours changes that."
    yield _case("stop", 403, "access_denied", denied)
    yield _case("stop", 400, "access_denied", denied)
    yield _case("stop", 409, "conflict", "It's done already. Sent again, it still is.")
    yield _case("stop", 410, "gone", "It's over. What helps is to begin again, from the start.")


def _case(
    right: NextStep,
    status: int,
    error: str,
    why: str,
    code: str = "",
    *,
    harmless: bool = True,
    wait: int | None = None,
) -> Case:
    text = f"{secrets.choice(TEXTS)} ({word()})"
    return Case(Recorded(status, error, text, wait, harmless), right, why, code)


def named(answer: Recorded) -> str:
    """The answer in a few words."""
    twice = "" if answer.harmless else ", and twice would do harm"
    wait = "" if answer.retry_after is None else f", Retry-After {answer.retry_after}"
    return f"{answer.status} {answer.error or 'without a code'}{wait}{twice}"
