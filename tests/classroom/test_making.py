"""A class is made whole or not at all; late learners come in; what was lost is made again."""

from __future__ import annotations

import errno
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.classroom import making
from dialtone_kit.classroom.links import Links
from dialtone_kit.classroom.roster import Person, Roster
from dialtone_kit.classroom.running.parameters import defaults
from dialtone_kit.classroom.session import Learner, NoSession, open_session
from dialtone_kit.classroom.settings import BadSettings, settings_of
from dialtone_kit.lesson import catalog
from dialtone_kit.lesson.parameters import read_parameters
from tests.support.books import FOLDER
from tests.support.class_of import make_class

ANN, BOB, CY = (Person(name, f"{name.lower()}@example.com") for name in ("Ann", "Bob", "Cy"))
HUB = {"links": Links("https://hub.example.org")}


def make(folder: Path, *people: Person, **given: Any) -> making.Made:
    return making.make(folder, Roster(people or (ANN, BOB)), given)


def update(
    folder: Path, *people: Person, remove: bool = False, given: Mapping[str, Any] | None = None
) -> making.Made:
    return making.update(folder, Roster(people), given or {}, lambda missing: remove)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def seats(folder: Path) -> dict[int, str]:
    return {one.seat: one.name for one in open_session(folder).learners}


def test_a_class_is_private_in_all_its_files(tmp_path: Path) -> None:
    made = make(tmp_path / "c", **HUB)
    modes = {path: path.stat().st_mode & 0o777 for path in (tmp_path / "c").rglob("*")}
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o700}
    assert {mode for path, mode in modes.items() if path.is_file()} == {0o600}
    assert (tmp_path / "c").stat().st_mode & 0o777 == 0o700
    assert made.session.learners == (
        Learner(1, "Ann", "ann@example.com"),
        Learner(2, "Bob", "bob@example.com"),
    )
    assert names(tmp_path) == ["c"]


def test_the_parameters_of_a_learner_are_what_a_lesson_takes(tmp_path: Path) -> None:
    odd = Person("Odd", "o'dd+1@example.com")
    make(tmp_path / "c", ANN, odd)
    given = yaml.safe_load((tmp_path / "c/learners/0002/parameters.yaml").read_text())
    assert read_parameters(given) == {"email": odd.email}


def test_papermill_knows_each_parameter_of_a_learner_in_every_lesson(tmp_path: Path) -> None:
    make(tmp_path / "c", ANN)
    given = yaml.safe_load((tmp_path / "c/learners/0001/parameters.yaml").read_text())
    for book in catalog.notebooks():
        assert given.keys() <= defaults(FOLDER / book.file).keys(), book.file


def test_the_settings_are_those_that_were_chosen(tmp_path: Path) -> None:
    name = 'Spring "26" \\ Zoë'
    made = make(tmp_path / "c", name=name, lessons=("01", "05"), keep_days=7, **HUB)
    settings = settings_of(made.session)
    assert (settings.name, settings.lessons, settings.links) == (name, ("01", "05"), HUB["links"])
    assert (settings.until - settings.made).days == 7
    assert tomllib.loads(settings.as_toml()) == made.session.settings


@pytest.mark.parametrize(
    "given", [{"lessons": ("77",)}, {"links": Links("http://hub.example.org")}]
)
def test_settings_that_can_not_be_used_make_nothing(tmp_path: Path, given: dict[str, Any]) -> None:
    with pytest.raises(DialtoneError):
        make(tmp_path / "c", **given)
    assert names(tmp_path) == []


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(making, "_write_lists", full)
    with pytest.raises(DialtoneError, match="No space left"):
        make(tmp_path / "c")
    assert names(tmp_path) == []


def test_what_a_killed_run_left_goes_with_the_next_and_what_a_running_one_makes_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".c.9999999.ab12").mkdir()
    (tmp_path / f".c.{os.getpid()}.ab12").mkdir()
    make(tmp_path / "c")
    assert names(tmp_path) == [f".c.{os.getpid()}.ab12", "c"]


def test_late_learners_get_the_next_seats_and_nobody_else_moves(tmp_path: Path) -> None:
    make(tmp_path / "c", **HUB)
    mine = tmp_path / "c/learners/0002/progress.jsonl"
    mine.write_text("{}\n")
    made = update(tmp_path / "c", CY, BOB, ANN)
    assert [one.seat for one in made.new] == [3]
    assert seats(tmp_path / "c") == {1: "Ann", 2: "Bob", 3: "Cy"}
    assert (tmp_path / "c/learners/0003/parameters.yaml").is_file()
    assert "cy@example.com" in (tmp_path / "c/links.csv").read_text()
    assert mine.read_text() == "{}\n"


def test_whoever_left_the_roster_stays_until_the_trainer_says_so(tmp_path: Path) -> None:
    make(tmp_path / "c")
    made = update(tmp_path / "c", ANN)
    assert ([one.name for one in made.missing], made.removed) == (["Bob"], ())
    made = update(tmp_path / "c", ANN, remove=True)
    assert [one.name for one in made.removed] == ["Bob"]
    assert names(tmp_path / "c/learners/0002") == []
    assert [one.seat for one in update(tmp_path / "c", ANN, BOB).new] == [3]


def test_a_name_that_changed_is_changed_and_the_address_decides_who_it_is(tmp_path: Path) -> None:
    make(tmp_path / "c")
    assert update(tmp_path / "c", Person("Ann Lee", "ANN@Example.com"), BOB).renamed == 1
    assert seats(tmp_path / "c") == {1: "Ann Lee", 2: "Bob"}


def test_settings_that_the_trainer_edited_are_kept(tmp_path: Path) -> None:
    made = make(tmp_path / "c", **HUB)
    file = tmp_path / "c/class.toml"
    file.write_text(file.read_text().replace("https://hub.example.org", "") + "[service]\nx = 1\n")
    edited = file.read_text()
    made = update(tmp_path / "c", ANN, BOB, given=HUB)
    assert file.read_text() == edited
    assert making.differs(made.session, HUB)
    assert not making.differs(made.session, {"keep_days": 30})
    assert not (tmp_path / "c/links.csv").exists()


@pytest.mark.parametrize("broken", ["", "seat,name\n1,Ann\n", "seat,name,email\nx,Ann,a\n", None])
def test_a_lost_list_of_learners_is_made_again_with_the_same_seats(
    tmp_path: Path, broken: str | None
) -> None:
    make(tmp_path / "c")
    file = tmp_path / "c/learners.csv"
    file.unlink()
    if broken is not None:
        file.touch(0o600)
        file.write_text(broken)
    assert "learners.csv" in update(tmp_path / "c", BOB, ANN).mended
    assert seats(tmp_path / "c") == {1: "Ann", 2: "Bob"}


def test_damaged_parameters_do_not_stop_a_lost_list_from_being_made_again(tmp_path: Path) -> None:
    make(tmp_path / "c")
    (tmp_path / "c/learners.csv").unlink()
    (tmp_path / "c/learners/0002/parameters.yaml").write_text('email: "bob\\q"\n')
    assert "learners.csv" in update(tmp_path / "c", ANN, BOB).mended
    assert seats(tmp_path / "c") == {1: "Ann", 3: "Bob"}


def test_lost_settings_and_parameters_are_made_again(tmp_path: Path) -> None:
    make(tmp_path / "c")
    (tmp_path / "c/class.toml").unlink()
    (tmp_path / "c/learners/0001/parameters.yaml").write_text("")
    (tmp_path / "c/learners/0001/progress.jsonl").write_text("{}\n")
    made = update(tmp_path / "c", ANN, BOB, given={"keep_days": 5})
    assert made.mended == ("class.toml", "seat 1: parameters.yaml")
    assert settings_of(made.session).keep_days == 5
    assert names(tmp_path / "c/learners/0001") == ["parameters.yaml", "progress.jsonl"]


def test_a_list_with_one_seat_given_twice_is_damaged(tmp_path: Path) -> None:
    make(tmp_path / "c")
    (tmp_path / "c/learners.csv").write_text("seat,name,email\n1,A,a@x.org\n1,B,b@x.org\n")
    with pytest.raises(NoSession, match="damaged"):
        open_session(tmp_path / "c")


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "c").mkdir(0o700)
    (tmp_path / "c/mine.txt").write_text("mine")
    with pytest.raises(NoSession, match="isn't the folder of a class"):
        update(tmp_path / "c", ANN)
    assert names(tmp_path / "c") == ["mine.txt"]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('keep_days = "30"', "keep_days must be a number"),
        ("keep_days = 0", "from 1 to 3650"),
        ("keep_days = true", "keep_days must be a number"),
        ("name = 3", "name must be a text"),
        ("links = 3", "links must be a table"),
        ("made = 3", "made must be a date"),
    ],
)
def test_a_setting_of_the_wrong_kind_is_named(tmp_path: Path, line: str, why: str) -> None:
    make(tmp_path / "c")
    file = tmp_path / "c/class.toml"
    file.write_text(f'lessons = ["00"]\n{line}\n')
    with pytest.raises(BadSettings, match=why):
        settings_of(open_session(tmp_path / "c"))


@pytest.mark.full  # 10,000 files
def test_5_000_learners_get_their_seats(tmp_path: Path) -> None:
    many = [Person(f"L{number}", f"l{number}@example.com") for number in range(5_000)]
    assert len(make(tmp_path / "c", *many).session.learners) == 5_000
    assert len(list((tmp_path / "c/learners").iterdir())) == 5_000


@pytest.mark.parametrize("line", ["", 'name = ""\n'])
def test_a_class_without_a_name_is_called_as_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    folder = make_class(tmp_path / "spring", 1)
    settings = folder / "class.toml"
    settings.write_text(settings.read_text().replace('name = "Spring class"\n', line))
    monkeypatch.chdir(folder)
    session = open_session(Path())
    assert (session.name, settings_of(session).name) == ("spring", "spring")
