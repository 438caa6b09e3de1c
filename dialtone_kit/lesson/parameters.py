"""A lesson's parameters as papermill and people give them: read, or refused in one line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypedDict, cast

from dialtone_kit.base.errors import LessonStop
from dialtone_kit.base.masking import masked

_YES = frozenset({"1", "true", "t", "yes", "y", "on"})
_NO = frozenset({"0", "false", "f", "no", "n", "off"})
_OPEN = frozenset({"", "none", "null", "auto"})  # find out whether a person is here
_SHOWN = 60  # characters of a value


class Parameters(TypedDict, total=False):
    """The parameters cell of a lesson."""

    base_url: str
    realm: str
    email: str
    client_name: str
    interactive: bool | None
    seat: int | None


def read_parameters(given: Mapping[str, Any]) -> Parameters:
    """`given` with the types that a lesson needs. LessonStop names the first of another type.

    papermill's `-p` and YAML turn 007 into a number and `no` into False: what was typed can't be
    recovered, so nothing is guessed.
    """
    read: dict[str, Any] = dict(given)
    for name in ("base_url", "realm", "email", "client_name"):
        if name in read and not isinstance(read[name], str):
            raise LessonStop(
                f"The parameter {name} is {_shown(read[name])}; it must be a string. Put it in "
                f'quotes, as in {name} = "…"; with papermill, pass it with -r {name} … instead '
                "of -p."
            )
    if "interactive" in read:
        read["interactive"] = _yes_or_no(read["interactive"])
    if "seat" in read:
        read["seat"] = _seat(read["seat"])
    return cast(Parameters, read)


def _yes_or_no(value: object) -> bool | None:
    """True, False, or None to find out, from what YAML, `-r` or a cell call them."""
    word = "" if value is None else str(value).strip().lower()
    if isinstance(value, bool | int | str | None) and word in _YES | _NO | _OPEN:
        return None if word in _OPEN else word in _YES
    raise LessonStop(
        f"The parameter interactive is {_shown(value)}; it must be True, False or None (yes and "
        "no work too). None finds out whether a person is here."
    )


def _seat(value: object) -> int | None:
    """The number of a seat in a class, or None; papermill's `-r` makes a string of it."""
    word = "" if value is None else str(value).strip().lower()
    if isinstance(value, bool) or not (word in _OPEN or re.fullmatch("[0-9]{1,6}", word)):
        raise LessonStop(
            f"The parameter seat is {_shown(value)}; it must be the number of your seat, such as "
            "seat = 12. Outside a class, leave it None."
        )
    return None if word in _OPEN else int(word)


def _shown(value: object) -> str:
    return f"{masked(repr(value))[:_SHOWN]} ({type(value).__name__})"
