"""What `dialtone class serve` says about the policy files: news only, and once."""

from __future__ import annotations

from pathlib import Path

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.classroom.policy_watch import PolicyWatch
from dialtone_kit.local.controls import PolicyFile

WRONG = "default.cedar:21: unexpected token `;`"


class Service:
    """What it says about default.cedar; `asked` counts."""

    def __init__(self) -> None:
        self.error, self.away, self.asked = "", False, 0

    def __call__(self) -> list[PolicyFile]:
        self.asked += 1
        if self.away:
            raise DialtoneError("It doesn't answer.")
        error = self.error or None
        return [PolicyFile("default.cedar", ("default",), not error, error, "v1", True)]


def test_a_mistake_is_said_once_and_that_it_is_gone(tmp_path: Path) -> None:
    file, service, said = tmp_path / "default.cedar", Service(), list[str]()
    file.write_text("1")
    watch = PolicyWatch(tmp_path, service, said.append)
    for content, error in (("22", ""), ("333", WRONG), ("333", WRONG), ("4444", WRONG), ("5", "")):
        file.write_text(content)
        service.error = error
        watch.look()
        watch.look()  # nothing has changed since
    assert said == [
        f"{tmp_path}/{WRONG}; the last valid version stays in force.",
        f"{file} is valid again, and in force.",
    ]
    assert service.asked <= 5


def test_a_service_that_can_not_be_asked_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "default.cedar").write_text("1")
    service, said = Service(), list[str]()
    service.away = True
    watch = PolicyWatch(tmp_path, service, said.append)
    watch.look()
    watch.look()
    assert said == ["Whether the policies are valid isn't known: It doesn't answer."]
