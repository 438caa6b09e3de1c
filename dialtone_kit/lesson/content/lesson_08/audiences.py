"""Claims of JWT-SVIDs whose signature is good, for 08.audience."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dialtone_kit.lesson.exercises.asking import word

SOME = "An `aud` may be a string or a list, and you are named in this one: say True. It was {}."
PART = "`{}` only contains your name. Compare whole names: it's someone else's."
NOBODY = "It has no audience, and for nobody is not for you (JWT-SVID §3.2)."
ENDED = 6  # minutes ago: no leeway for clocks is as long


@dataclass(frozen=True)
class Case:
    """Claims, and whether they are for `me`; if the answer is wrong, `why` with its code."""

    claims: dict[str, Any]
    me: str
    good: bool
    why: str
    code: str = "M24"


def audience_cases(now: float) -> list[Case]:
    """Fresh claims; the first that goes wrong says most. `now` is in Unix seconds."""
    me, other = f"https://{word()}.example", f"https://{word()}.example"
    cases = [
        Case(_claims(now, aud), me, True, SOME.format(f"a {type(aud).__name__}"))
        for aud in (me, [me], [other, me])
    ]
    for aud, why in (
        (f"{me}.evil", PART.format(f"{me}.evil")),
        ([f"{me}/v2", other], PART.format(f"{me}/v2")),
        (f"{other}/?for='{me}'", PART.format(f"{other}/?for='{me}'")),
        (me.upper(), "Names are compared as they are written: capitals make another one."),
        (f"{me}/", "A slash more is another name."),
        (me[:-1], "It's shorter than your name, so it's another one."),
        ([other], "It's for someone else."),
        ([], NOBODY),
    ):
        cases.append(Case(_claims(now, aud), me, False, why))
    nobody, ended, endless = (_claims(now, me) for _ in range(3))
    del nobody["aud"], endless["exp"]
    ended |= {"iat": int(now) - 4200, "exp": int(now) - 60 * ENDED}
    cases.append(Case(nobody, me, False, NOBODY))
    cases.append(Case(ended, me, False, f"It ended {ENDED} minutes ago.", ""))
    endless_why = "It has no `exp`: a token without an end must be refused (JWT-SVID §3.3)."
    cases.append(Case(endless, me, False, endless_why, ""))
    return cases


def _claims(now: float, aud: Any) -> dict[str, Any]:
    claims: Mapping[str, Any] = {
        "sub": f"spiffe://dialtone.test/ns/{word()}/sa/{word()}",
        "aud": aud,
        "iat": int(now),
        "exp": int(now) + random.randint(600, 3600),  # noqa: S311
    }
    return dict(claims)
