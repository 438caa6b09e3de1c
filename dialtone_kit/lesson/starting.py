"""`start()`: the first line of every lesson."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict, Unpack, cast

from dialtone_kit.base.display import mask_answers
from dialtone_kit.lesson.lesson import Lesson


class Parameters(TypedDict, total=False):
    """The parameters cell of a lesson."""

    base_url: str
    realm: str
    email: str
    client_name: str
    interactive: bool | None


def start(
    number: int | str,
    names: Mapping[str, Any] | None = None,
    *,
    scopes: Sequence[str] = ("openid",),
    credentials: bool = True,
    **parameters: Unpack[Parameters],
) -> Lesson:
    """Begin lesson `number` with the local mock, or with the service at `base_url`.

    A notebook passes `globals()` as `names`: the parameters `base_url`, `realm`, `email`,
    `client_name` and `interactive` are taken from it, and everything else in it is ignored. One
    given by keyword wins. `interactive=None` finds out whether a person is there.

    Any lesson can be the first: with `credentials` True it restores stored ones that were granted
    `scopes`, or registers at the mock and says so. Raises LessonStop when the real service has no
    client of yours: registering there is lesson 02's job.
    """
    lesson = Lesson(f"{int(number):02d}", **(_parameters_in(names or {}) | parameters))
    mask_answers()
    kind = "your local mock service" if lesson.is_mock else "the real service"
    print(f"Lesson {lesson.number} talks to {kind}: {lesson.issuer}")
    lesson.progress.opened(lesson.number)
    if credentials:
        lesson.need_credentials(scopes)
    return lesson


def _parameters_in(names: Mapping[str, Any]) -> Parameters:
    known = Parameters.__annotations__
    return cast(Parameters, {name: value for name, value in names.items() if name in known})
