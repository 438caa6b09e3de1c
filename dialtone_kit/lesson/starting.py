"""`start()`: the first line of every lesson."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Unpack

from dialtone_kit.base.display import mask_answers
from dialtone_kit.base.errors import LessonStop, brief
from dialtone_kit.lesson.parameters import Parameters, read_parameters

if TYPE_CHECKING:
    from dialtone_kit.lesson.lesson import Lesson
    from dialtone_kit.local.record import Record

SHARE = (
    "To let your trainer see how far you are, run lesson.share() in a cell of your own. It shows "
    "what it sends."
)


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
    given by keyword wins. `interactive=None` finds out whether a person is there. Raises LessonStop
    for one of the wrong type, such as the number into which papermill turns `-p client_name 007`.

    Any lesson can be the first: with `credentials` True it restores stored ones that were granted
    `scopes`, or registers at the mock and says so. Raises LessonStop when the real service has no
    client of yours: registering there is lesson 02's job.
    """
    # The client, the wire view and more are only needed now.
    from dialtone_kit.lesson.lesson import Lesson

    given = read_parameters(_parameters_in(names or {}) | parameters)
    lesson = Lesson(_two_digits(number), **given)
    mask_answers()
    kind = _kind(lesson.place) if lesson.place else "the real service"
    print(f"Lesson {lesson.number} talks to {kind}: {lesson.issuer}")
    if lesson.number == "00" and lesson.place and lesson.place.seat:
        print(SHARE)
    lesson.progress.opened(lesson.number)
    if credentials:
        lesson.need_credentials(scopes)
    return lesson


def _kind(place: Record) -> str:
    """What to call the service that a lesson found."""
    if not place.class_name:
        return "your local service"
    seat = f" (seat {place.seat})" if place.seat else ""
    return f"the service of your class{seat}"


def _two_digits(number: object) -> str:
    """The lesson's number as "03". Raises LessonStop, naming those there are."""
    from dialtone_kit.lesson.catalog import notebooks

    known, text = [book.number for book in notebooks()], str(number).zfill(2)
    if text not in known:
        raise LessonStop(
            f'There is no lesson {brief(number)}: the first argument of start() is "{known[0]}" to '
            f'"{known[-1]}".'
        )
    return text


def _parameters_in(names: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in names.items() if name in Parameters.__annotations__}
