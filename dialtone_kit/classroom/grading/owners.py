"""Whose notebook it is: by email, name or seat, in its path or in its parameters. Never a guess."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.classroom.session import Learner

Words = tuple[str, ...]


class NoOwner(DialtoneError):
    """Nobody on the roster, or more than one person; the text says which."""


def owner(name: str, parameters: Mapping[str, Any], learners: Sequence[Learner]) -> Learner:
    """The learner who handed in the file called `name`. Raises NoOwner."""
    by_path = _named_in(name, learners)
    by_parameters = {one for one in learners if _is_in(parameters, one)}
    found = by_path & by_parameters if by_path and by_parameters else by_path | by_parameters
    if not found and by_path:
        who = f"{_list(by_path)} by its name, {_list(by_parameters)} by its parameters"
        raise NoOwner(f"It isn't clear whose this is: {who}.")
    if not found:
        raise NoOwner(
            "No one on the roster matches. Put the learner's email or full name in the file's name."
        )
    if len(found) > 1:
        raise NoOwner(f"It could be from {_list(found)}. Put the email in the file's name.")
    return found.pop()


def _is_in(parameters: Mapping[str, Any], one: Learner) -> bool:
    email, seat = parameters.get("email"), parameters.get("seat")
    mine = isinstance(email, str) and email.strip().casefold() == one.email.casefold()
    return mine or (type(seat) is int and seat == one.seat)


def _named_in(name: str, learners: Sequence[Learner]) -> set[Learner]:
    """Those whom the path names by the surest of these signs that it has."""
    text, words = _plain(name), _words(name)
    signs = (
        _most({one: _email_in(text, one) for one in learners}),
        {one for one in learners if _seat(words) == one.seat},
        _most({one: _longest(words, _full_names(one)) for one in learners}),
        _unique(words, learners),
    )
    return next((found for found in signs if found), set())


def _email_in(text: str, one: Learner) -> int:
    """How long the learner's email is, if it is in `text`: another's may be a part of it."""
    email = _plain(one.email)
    found = re.search(rf"(?<![a-z0-9.+-]){re.escape(email)}(?![a-z0-9-])", text)
    return len(email) if found else 0


def _seat(words: Words) -> int | None:
    """The number after the word `seat`, or of a folder `learners/0012`."""
    for before, word in pairwise(words):
        if before in ("seat", "learners") and word.isdecimal() and len(word) <= 6:
            return int(word)
    return None


def _full_names(one: Learner) -> Iterator[Words]:
    """A name as it is written, the other way round, and the email's first part."""
    words = _words(one.name)
    yield words
    yield (*words[-1:], *words[:-1])
    local = _words(one.email.partition("@")[0])
    if len("".join(local)) > 3:
        yield local


def _longest(words: Words, names: Iterator[Words]) -> int:
    return max((len(name) for name in names if name and _contains(words, name)), default=0)


def _contains(words: Words, part: Words) -> bool:
    starts = range(len(words) - len(part) + 1)
    return any(words[start : start + len(part)] == part for start in starts)


def _most(found: Mapping[Learner, int]) -> set[Learner]:
    """Anna Lena, where the path says `anna lena` and there is an Anna, too."""
    most = max(found.values(), default=0)
    return {one for one, count in found.items() if count == most} if most else set()


def _unique(words: Words, learners: Sequence[Learner]) -> set[Learner]:
    """Those of whose names any word is in the path."""
    return {one for one in learners if {w for w in _words(one.name) if len(w) > 2} & set(words)}


def _words(text: str) -> Words:
    return tuple(re.findall(r"[^\W_]+", _plain(text)))


def _plain(text: str) -> str:
    """Without case and accents: file systems and mail programs change both."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def _list(learners: set[Learner]) -> str:
    return " or ".join(
        f"{one.name} (seat {one.seat})" for one in sorted(learners, key=_by_seat)[:4]
    )


def _by_seat(one: Learner) -> int:
    return one.seat
