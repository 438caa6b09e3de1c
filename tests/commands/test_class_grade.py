"""dialtone class grade: a class hands in, and each gets the verdict that the lesson would give."""

from __future__ import annotations

import json
import stat
from collections.abc import Mapping
from pathlib import Path

import pytest

from dialtone_kit.classroom.class_events import RUNS, SHARED
from dialtone_kit.classroom.grading import sandbox
from dialtone_kit.classroom.tables import read_csv_text
from dialtone_kit.commands import class_grade, class_grade_table
from tests.classroom.grading.hostile import LOOKS, cell
from tests.support import handed_in
from tests.support.class_of import NOON, email_of, give, tried
from tests.support.command_line import dialtone
from tests.support.handed_in import (
    a_class,
    answered,
    cell_of,
    exercise,
    file_of,
    solution,
    stub,
    text_of,
    wrong,
    zipped,
)
from tests.support.sandboxes import require_bubblewrap

IDS = {
    number: [f"{number}.{name}" for name in names.split()]
    for number, names in {
        "01": "facts mix-up origin",
        "03": "coordinates signature six-proofs",
        "05": "ath make-request htu nonce",
    }.items()
}
RIGHT, WRONG, NOT_TRIED, UNKNOWN = "right", "not quite", "not tried", "can't tell"
Expected = Mapping[tuple[int, str], tuple[str, str]]  # by seat and exercise: verdict and code


class Handed:
    """Notebooks of a class, and what each has to get."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.expected: dict[tuple[int, str], tuple[str, str]] = {}
        self.zipped: dict[str, str] = {}

    def put(self, name: str, text: str) -> None:
        """Every third file comes in one archive, as from a learning platform."""
        if len(self.expected) % 3 == 0:
            self.zipped[name] = text
        else:
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")

    def expect(self, seat: int, number: str, **other: tuple[str, str]) -> None:
        """All right, but for what is named, by the exercise's own name with _ for -."""
        for one in IDS[number]:
            name = one[3:].replace("-", "_")
            self.expected[seat, one] = other.get(name, other.get("all", (RIGHT, "")))

    def close(self) -> None:
        if self.zipped:
            (self.folder / "platform.zip").write_bytes(zipped(self.zipped))


def grades(folder: Path) -> dict[tuple[int, str], tuple[str, str]]:
    rows = list(read_csv_text((folder / "grades.csv").read_bytes()))
    return {(int(r["seat"]), r["exercise"]): (r["verdict"], r["code"]) for r in rows}


@pytest.fixture
def everyone(tmp_path: Path) -> Handed:
    return Handed(tmp_path / "in")


def test_five_of_a_class_get_what_the_lesson_would_say(
    home: Path, everyone: Handed, capsys: pytest.CaptureFixture[str]
) -> None:
    require_bubblewrap()
    folder = a_class(home / "class")
    everyone.put("Anna_01-discovery (1).ipynb", text_of(solution("01")))
    everyone.expect(1, "01")
    give(folder, 1, [tried(NOON, "01.facts", "wrong")], SHARED)
    give(folder, 2, [tried(NOON, "01.facts", "wrong")], RUNS)
    slash = cell_of(wrong("01.mix-up", "slash-forgiven"))
    everyone.put(f"bob/{email_of(2)}/01.ipynb", text_of(answered("01", {"01.mix-up": slash})))
    everyone.expect(2, "01", mix_up=(WRONG, "M19"))
    exits = "import os\nos._exit(0)\n" + 'lesson.check("01.facts", 1)'
    everyone.put("Lee, Cy_01.ipynb", text_of(answered("01", {"01.facts": exits})))
    everyone.expect(3, "01", facts=(UNKNOWN, ""))
    book = stub("01")
    book["cells"].remove(exercise(book, "01.origin"))
    everyone.put("seat 5.ipynb", text_of(book))
    everyone.expect(5, "01", all=(NOT_TRIED, ""), origin=(UNKNOWN, ""))
    (everyone.folder / "feedback.html").write_text("")
    everyone.put("learner7 broken.ipynb", text_of(solution("01"))[:5000])
    everyone.close()
    assert dialtone("class", "grade", str(folder), str(everyone.folder)) == 1  # one was damaged
    assert grades(folder) == everyone.expected
    kept = json.loads((folder / "grades.json").read_text())["grades"]
    assert [row["own record"] for row in kept[:4]] == ["not quite", "not tried", "not tried", ""]
    said = capsys.readouterr().out
    broken = "learner7 broken.ipynb: This isn't a notebook: the file isn't JSON."
    assert broken in said.partition("Not graded:")[2].partition("To look at:")[0]
    assert "01.origin: The cell is missing." in said
    assert "Left out because they aren't notebooks: 1." in said
    assert {stat.S_IMODE((folder / n).stat().st_mode) for n in ("grades.csv", "grades.json")} == {
        0o600
    }


@pytest.mark.full
def test_thirty_sets_eight_of_them_damaged_or_hostile(
    home: Path, everyone: Handed, capsys: pytest.CaptureFixture[str]
) -> None:
    require_bubblewrap()
    folder = a_class(home / "class")
    _good(everyone)
    _mistaken(everyone)
    _untidy(everyone)
    lines = _bad(everyone, folder)
    everyone.close()
    assert dialtone("class", "grade", str(folder), str(everyone.folder)) == 1
    got = grades(folder)
    differing = {k: (got.get(k), v) for k, v in everyone.expected.items() if got.get(k) != v}
    assert differing == {}
    assert set(got) == set(everyone.expected)
    said = capsys.readouterr().out
    assert [line for line in lines if line not in said] == []
    sentences = {r["sentence"] for r in json.loads((folder / "grades.json").read_text())["grades"]}
    assert [one for one in sentences if "reached: " in one and "reached: ." not in one] == []


def _good(everyone: Handed) -> None:
    """Seats 1 to 8: the solutions, under names as they come."""
    names = {
        1: "Anna_{} (1).ipynb",
        2: "Bob Ünal_483_assignsubmission_file_/{}.ipynb",
        3: "lee cy {}.ipynb",
        4: "anna-lena-gross_{}.ipynb",
        5: "Submissions/seat-5/{}.ipynb",
        6: "emre_yilmaz_{}.ipynb",
        7: "learner7@example.com_{}.ipynb",
        8: "GÜL {} final FINAL.ipynb",
    }
    for seat, name in names.items():
        number = ("01", "03", "05")[seat % 3]
        everyone.put(name.format(file_of(number)[:-6]), text_of(solution(number)))
        everyone.expect(seat, number)


def _mistaken(everyone: Handed) -> None:
    """Seats 9 to 16: one foreseen mistake each; 17 to 19: not begun."""
    mistakes = [
        ("01.mix-up", "slash-forgiven"),
        ("01.facts", "endpoint-built-by-hand"),
        ("03.coordinates", "shortest-bytes"),
        ("03.coordinates", "private-half-included"),
        ("05.ath", "ath-in-hex"),
        ("05.htu", "slash-dropped"),
        ("05.make-request", "no-ath"),
        ("05.make-request", "one-proof-for-all"),
    ]
    for seat, mistake in enumerate(mistakes, 9):
        case, number = wrong(*mistake), mistake[0][:2]
        book = answered(number, {case.exercise: cell_of(case)})
        everyone.put(f"{handed_in.names()[seat - 1]} {number}.ipynb", text_of(book))
        name = case.exercise[3:].replace("-", "_")
        everyone.expect(seat, number, **{name: (WRONG, case.code)})
    for seat, number in ((17, "01"), (18, "03"), (19, "05")):
        everyone.put(f"seat {seat}.ipynb", text_of(stub(number)))
        everyone.expect(seat, number, all=(NOT_TRIED, ""))


def _untidy(everyone: Handed) -> None:
    """Seats 20 to 22: moved and renamed, copied and changed, letters of another drawing."""
    moved = solution("01")
    first, last = exercise(moved, "01.facts"), exercise(moved, "01.origin")
    moved["cells"].remove(first)
    moved["cells"].append(first)
    last["metadata"]["tags"], last["id"] = [], "another-id"
    everyone.put("seat 20.ipynb", text_of(moved))
    everyone.expect(20, "01")
    copied = solution("05")
    twin = exercise(copied, "05.htu") | {"id": "copy", "source": 'lesson.check("05.htu", str)'}
    copied["cells"].append(twin)
    everyone.put("seat 21.ipynb", text_of(copied))
    everyone.expect(21, "05", htu=(UNKNOWN, ""))
    literal = (
        'lesson.check("03.six-proofs", dict(A="typ_is_dpop", B="jwk_is_public", '
        'C="signature_verifies", D="htm_matches", E="htu_matches", F="iat_is_fresh"))'
    )
    everyone.put("seat 22.ipynb", text_of(answered("03", {"03.six-proofs": literal})))
    everyone.expect(22, "03", six_proofs=(UNKNOWN, ""))


def _bad(everyone: Handed, folder: Path) -> list[str]:
    """Seats 23 to 30: damaged or hostile; the lines that a trainer has to see."""
    for seat, name, verdict in (
        (23, "fork bomb", WRONG),
        (24, "endless loop", WRONG),
        (25, "patches the checker", UNKNOWN),
        (26, "exits", UNKNOWN),
        (27, "memory hog", WRONG),
    ):
        book = answered("05", {"05.htu": cell(name)})
        everyone.put(f"seat {seat}.ipynb", text_of(book))
        everyone.expect(seat, "05", htu=(verdict, ""))
    home = {"home": "os.listdir('/root/.ssh')", "class": f"os.listdir({str(folder)!r})"}
    looks = LOOKS.format(expressions=home, here="", kit="", folder="", port=1)
    everyone.put("seat 28.ipynb", text_of(answered("05", {"05.htu": looks})))
    everyone.expect(28, "05", htu=(WRONG, "M04"))
    everyone.put("seat 29.ipynb", text_of(solution("05"))[:-200])
    everyone.put("seat 30.ipynb", json.dumps({"nbformat": 3, "worksheets": []}))
    (everyone.folder / "more.zip").write_bytes(zipped({"../seat 29.ipynb": "{}"}))
    return [
        "seat 29.ipynb: This isn't a notebook: the file isn't JSON.",
        "seat 30.ipynb: The notebook has format 3, not 4",
        "../seat 29.ipynb: Its name leads out of the archive.",
    ]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["in"], "isn't the folder of a class"),
        (["class"], "Name what was handed in, too"),
        ([], "Missing argument"),
    ],
)
def test_what_is_missing_is_said_in_one_line(
    arguments: list[str],
    says: str,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    a_class(home / "class")
    monkeypatch.chdir(home)
    assert dialtone("class", "grade", *arguments) != 0
    said = capsys.readouterr().err
    assert says in said
    assert said.count("\n") == 1


def test_without_bubblewrap_nothing_is_run(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sandbox.shutil, "which", lambda _: None)
    folder = a_class(home / "class")
    assert dialtone("class", "grade", str(folder), str(home)) == 1
    said = capsys.readouterr().err
    assert "Install the package bubblewrap, or use --trust" in said
    assert said.count("\n") == 1


def test_what_an_answer_could_read_is_not_graded(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A class in the folder of a virtual environment, which the sandbox shows."""
    require_bubblewrap()
    (home / "in").mkdir()
    folder = a_class(home / "venv" / "class")
    assert dialtone("class", "grade", str(folder), str(home / "in")) == 1
    assert "Nothing was graded." in capsys.readouterr().out
    shown = [*sandbox._of_python(), str(home / "venv")]
    monkeypatch.setattr(sandbox, "_of_python", lambda: shown)
    assert dialtone("class", "grade", str(folder), str(home / "in")) == 1
    said = capsys.readouterr().err
    assert "Move it elsewhere" in said
    assert said.count("\n") == 1


def test_on_windows_it_is_refused_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox.sys, "platform", "win32")
    for trust in (True, False):
        with pytest.raises(sandbox.NoSandbox, match="run it in WSL"):
            sandbox.require(trust=trust)


def test_with_trust_it_is_graded_without_it(
    home: Path, monkeypatch: pytest.MonkeyPatch, everyone: Handed
) -> None:
    monkeypatch.setattr(sandbox.shutil, "which", lambda _: None)
    folder = a_class(home / "class")
    everyone.put("Anna.ipynb", text_of(solution("01")))
    everyone.expect(1, "01")
    everyone.close()
    assert dialtone("class", "grade", "--trust", str(folder), str(everyone.folder)) == 0
    assert grades(folder) == everyone.expected


@pytest.mark.parametrize("root", [True, False])
def test_root_is_told_to_be_someone_else(
    root: bool, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(class_grade.platform, "is_root", lambda: root)
    (home / "in").mkdir()
    folder = a_class(home / "class")
    assert dialtone("class", "grade", "--trust", str(folder), str(home / "in")) == 1
    output = capsys.readouterr()
    assert "Nothing was graded." in output.out
    assert output.err == (f"{class_grade.AS_ROOT}\n" if root else "")


def test_a_class_does_not_end_while_it_is_graded(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = a_class(home / "class")

    def end_meanwhile(*_: object) -> int:
        return dialtone("class", "end", "--yes", str(folder))

    monkeypatch.setattr(class_grade_table, "grade_and_show", end_meanwhile)
    assert dialtone("class", "grade", "--trust", str(folder), str(home)) == 1
    assert "`dialtone class grade` still uses" in capsys.readouterr().err
    assert dialtone("class", "end", "--yes", str(folder)) == 0
