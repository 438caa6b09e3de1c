"""What an exercise is made of: its name, its hints, its check."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

import httpx

from dialtone_kit.base.display import Shown
from dialtone_kit.client.credentials import Credentials
from dialtone_kit.client.device_login import DeviceLogin
from dialtone_kit.client.identity import IdentityClient
from dialtone_kit.wire.recorder import Wire

if TYPE_CHECKING:  # few lessons use them, and they bring much along
    from dialtone_kit.lesson.attack_rooms import Found
    from dialtone_kit.lesson.lab_realm import LabRealm
    from dialtone_kit.lesson.reverse_proxy import ReverseProxy
    from dialtone_kit.lesson.workloads import Cluster


class LiveLesson(Protocol):
    """What a check needs of the lesson: the running service and a registered client."""

    @property
    def is_mock(self) -> bool: ...
    @property
    def issuer(self) -> str: ...
    @property
    def client(self) -> IdentityClient: ...
    @property
    def wire(self) -> Wire: ...
    @property
    def http(self) -> httpx.Client: ...
    @property
    def credentials(self) -> Credentials | None: ...
    def lab_realm(self, like: str = ..., scopes: Sequence[str] = ...) -> LabRealm: ...
    def approve(self, login: DeviceLogin, email: str = ...) -> Shown: ...
    def cluster(self) -> Cluster: ...
    def found(self, flag: object) -> Found: ...
    def reverse_proxy(self) -> ReverseProxy: ...
    def material(self, exercise_id: str) -> Any: ...
    def worst_code(self) -> str: ...


Check = Callable[[Any, LiveLesson], int | None]


@dataclass(frozen=True)
class Exercise:
    """One exercise: `judge` is its check, `praise` the sentence for a right answer, with the why.

    `make` prepares what the learner works on (see `lesson.material`). The check may return how many
    requests a right answer took. With `keeps` a right answer is the learner's own sentence, and
    stays in their record.
    """

    id: str
    title: str
    hints: Sequence[str]
    praise: str
    level: Literal["core", "stretch"]
    judge: Check
    make: Callable[[LiveLesson], Any] | None = None
    keeps: bool = False


def exercise(
    exercise_id: str,
    title: str,
    *,
    hints: Sequence[str],
    praise: str,
    level: Literal["core", "stretch"] = "core",
    make: Callable[[LiveLesson], Any] | None = None,
    keeps: bool = False,
) -> Callable[[Check], Exercise]:
    """Turn the decorated check into the exercise `exercise_id`, such as "03.coordinates"."""
    return lambda judge: Exercise(exercise_id, title, hints, praise, level, judge, make, keeps)
