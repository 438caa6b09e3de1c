"""Five device pages and two devices on the desk, for 06.whose-code."""

from __future__ import annotations

import random
from typing import TypedDict

from dialtone_kit.lesson.exercises.choosing import letters
from dialtone_kit.lesson.exercises.verdict import Wrong

_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
OWN, SENT = "you typed it from a screen", "a link that was sent to you"
CHAT, UNSURE = "you typed it from a chat", "an open tab, you don't know since when"

STRANGE = ("tmp-test-7", "Company Meeting Assistant", "agent")


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
    """Fresh codes. Two pages belong to your own devices, and one of these has a strange name."""
    codes = [_code() for _ in range(5)]
    names = ["my-agent", random.choice(STRANGE)]  # noqa: S311
    names += ["my-agent", random.choice(STRANGE), random.choice(["my-agent", *STRANGE])]  # noqa: S311
    came = [*random.sample([OWN, UNSURE], 2), SENT, SENT, random.choice([OWN, CHAT, UNSURE])]  # noqa: S311
    pages: list[DevicePage] = [
        {"agent": name, "shows": code, "came": how}
        for name, code, how in zip(names, codes, came, strict=True)
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
    chosen = letters(answer, screens["pages"], "pages")
    pages = screens["pages"]
    right = {n for n, page in pages.items() if page["shows"] in screens["your_devices_show"]}
    if chosen == right:
        return
    if not chosen:
        raise Wrong(f"Two of them are your own: your devices show {_codes(screens)}.", "M28")
    for letter in sorted(chosen - right):
        page = pages[letter]
        if page["came"] == SENT:
            raise Wrong(
                f"At one desk, {letter} was sent to you: you did not start it. It shows "
                f"{page['shows']}, and your devices {_codes(screens)}.",
                "M28",
            )
        raise Wrong(
            f"At one desk, {letter} calls itself {page['agent']!r}, and the agent chose that name. "
            f"It shows {page['shows']}, and your devices {_codes(screens)}.",
            "M28",
        )
    (left,) = sorted(right - chosen)[:1]
    raise Wrong(
        f"At one desk, you left out {left}. Name and link say little: it shows "
        f"{pages[left]['shows']}, and so does one of your devices.",
        "M28",
    )


def _codes(screens: Screens) -> str:
    return " and ".join(screens["your_devices_show"])
