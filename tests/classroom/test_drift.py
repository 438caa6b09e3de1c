"""Lines that learners send back: read from any text, compared, and nothing personal in them."""

from __future__ import annotations

import textwrap
from dataclasses import replace
from pathlib import Path

import pytest

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.finding import Finding
from dialtone_kit.classroom.drift import collected, compared
from dialtone_kit.classroom.machine import Machine, code_hash, read_machines, this_machine


def machine(seat: int, python: str = "3.11.2", *wrong: str, system: str = "Linux") -> Machine:
    return Machine({"python": python, "kit": "1.0", "system": system}, wrong, seat)


def looks(*machines: Machine, expected: tuple[int, ...] = ()) -> list[str]:
    return [f"{one.what}: {one.text}" for one in compared(machines, expected) if not one.ok]


def test_a_line_is_read_back_from_the_middle_of_an_email() -> None:
    sent = this_machine([Finding(False, "State folder", "x"), Finding(True, "Kernel", "")], 12)
    text = f"Hi!\n> {sent} \nBest, Ann <ann@example.com>"
    [read] = read_machines(text, "mail.txt")
    assert read == sent
    assert read.wrong == ("State-folder",)
    assert read.facts["code"] == code_hash()
    assert read.facts["jupyterlab"] != "none"
    assert {"/", "@", "~"}.isdisjoint(str(sent).removeprefix("dialtone-ready/1"))


def test_a_line_that_email_has_wrapped_and_quoted_is_whole_again() -> None:
    sent, other = this_machine([], 3), this_machine([], 4)
    wrapped = "\n".join(textwrap.wrap(str(sent), 72, initial_indent="> ", subsequent_indent="> "))
    assert list(read_machines(f"{wrapped}\n{other}\n", "mail.txt")) == [sent, other]


def test_what_is_cut_off_is_not_said_to_be_missing_on_the_machine() -> None:
    whole, cut = machine(1), replace(machine(2), facts={"python": "3.11.2"})
    assert looks(whole, cut) == ["kit: 1.0 on 1; can't be read on seat 2"]
    lacking = replace(whole, facts={**whole.facts, "kit": "none"}, seat=3)
    assert looks(whole, lacking) == ["kit: 1.0 on 1; none on seat 3"]


def test_without_a_seat_a_machine_is_called_by_where_its_line_is() -> None:
    [read] = read_machines(f"\n{this_machine([])}\n", "mail.txt")
    assert (read.seat, read.name) == (None, "mail.txt, line 2")


@pytest.mark.parametrize(
    "line",
    [
        "dialtone-ready/1",
        "dialtone-ready/2 python=3.11",
        "dialtone-ready/1 python=\x1b[31m",
        f"dialtone-ready/1 python={'9' * 200}",
    ],
)
def test_what_is_no_such_line_is_skipped(line: str) -> None:
    assert list(read_machines(line, "x")) == []


def test_equal_machines_are_ok_and_another_system_is_only_mentioned() -> None:
    alike = [machine(1), machine(2), machine(3, system="Darwin")]
    assert looks(*alike) == []
    assert [one.text for one in compared(alike)] == [
        "3.11.2 on all 3",
        "1.0 on all 3",
        "Linux on 2; Darwin on seat 3",
    ]


def test_who_differs_and_who_has_a_problem_is_named() -> None:
    class_ = [machine(1), machine(2), machine(3, "3.12.1"), machine(4, "3.11.2", "Kernel", "Disk")]
    assert looks(*class_) == [
        "Seat 4: look at Kernel, Disk",
        "python: 3.11.2 on 3; 3.12.1 on seat 3",
    ]


def test_whose_line_is_missing_is_named() -> None:
    assert looks(machine(2), expected=(1, 2, 3)) == ["Missing: nothing came from seats 1, 3."]


def test_the_later_line_of_a_seat_counts(tmp_path: Path) -> None:
    for name, one in (("1.txt", machine(5, "3.11.2", "Kernel")), ("2.txt", machine(5))):
        (tmp_path / name).write_text(str(one))
    assert collected([tmp_path / "1.txt", tmp_path / "2.txt"]) == [machine(5)]


def test_a_file_without_lines_and_a_missing_one_are_one_line(tmp_path: Path) -> None:
    (tmp_path / "empty.txt").touch()
    with pytest.raises(DialtoneError, match="No line"):
        collected([tmp_path / "empty.txt"])
    with pytest.raises(DialtoneError, match="can't be read"):
        collected([tmp_path / "none.txt"])
