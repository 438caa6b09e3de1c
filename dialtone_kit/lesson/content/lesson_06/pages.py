"""Five device pages and two devices on the desk, for 06.whose-code."""

from __future__ import annotations

import random
from collections.abc import Set
from typing import Any, TypedDict

from dialtone_kit.lesson.exercises.asking import show
from dialtone_kit.lesson.exercises.verdict import NotTried, Wrong

_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
OWN, SENT = "you typed it from a screen", "a link that was sent to you"
CHAT, UNSURE = "you typed it from a chat", "an open tab, you don't know since when"


class DevicePage(TypedDict):
    """What one page shows."""

    agent: str
    shows: str
    came: str


class Screens(TypedDict):
    """What is in front of you: the codes on your own devices, and five pages."""

    your_devices_show: list[str]
    pages: dict[str, DevicePage]


def make_screens() -> Screens:
    """Fresh codes. Two pages belong to your own devices, and one of these has a doubtful name."""
    codes = [_code() for _ in range(5)]
    pages: list[DevicePage] = [
        {"agent": "my-agent", "shows": codes[0], "came": OWN},
        {"agent": "tmp-test-7", "shows": codes[1], "came": UNSURE},
        {"agent": "my-agent", "shows": codes[2], "came": SENT},
        {"agent": "Company Meeting Assistant", "shows": codes[3], "came": SENT},
        {"agent": "my-agent", "shows": codes[4], "came": random.choice([CHAT, UNSURE])},  # noqa: S311
    ]
    random.shuffle(pages)
    devices = codes[:2]
    random.shuffle(devices)
    return {"your_devices_show": devices, "pages": dict(zip("ABCDE", pages, strict=True))}


def _code() -> str:
    draw = "".join(random.choices(_LETTERS, k=8))  # noqa: S311
    return f"{draw[:4]}-{draw[4:]}"


def judge_choice(answer: object, screens: Screens) -> None:
    """Raise Wrong with the sentence for this choice of pages."""
    chosen = _letters(answer, screens)
    pages = screens["pages"]
    right = {n for n, page in pages.items() if page["shows"] in screens["your_devices_show"]}
    if chosen == right:
        return
    if not chosen:
        raise Wrong("Two of them are your own: their codes are on your devices right now.", "M28")
    for letter in sorted(chosen - right):
        page = pages[letter]
        if page["came"] == SENT:
            raise Wrong(f"{letter} was sent to you: you did not start it.", "M28")
        raise Wrong(
            f"{letter} calls itself {page['agent']!r}, and the agent chose that name. Its code is "
            "on none of your devices.",
            "M28",
        )
    (left,) = sorted(right - chosen)[:1]
    raise Wrong(
        f"You left out {left}. Name and link say little: its code is on your own device.", "M28"
    )


def _letters(answer: Any, screens: Screens) -> set[str]:
    if answer is ...:
        raise NotTried
    if isinstance(answer, str):
        answer = set(answer.replace(",", " ").split()) if not answer.isalpha() else set(answer)
    if not isinstance(answer, Set | list | tuple):
        raise Wrong(f'Give the letters of the pages, such as {{"A", "C"}}; got {show(answer)}.')
    letters = list(answer)
    if ... in letters:
        raise NotTried
    unknown = [one for one in letters if not isinstance(one, str) or one not in screens["pages"]]
    if unknown:
        raise Wrong(f"{show(unknown[0])} is none of the pages: they are A to E.")
    return {str.__str__(one) for one in letters}
