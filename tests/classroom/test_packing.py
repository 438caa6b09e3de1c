"""A pack is whole or isn't there, has nothing personal in it, and installs without a network."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.classroom import packing
from dialtone_kit.classroom.machine import code_hash, read_machines
from dialtone_kit.classroom.pack_check import wheelhouse
from dialtone_kit.classroom.pack_lessons import edited_lessons
from dialtone_kit.classroom.pip import build_kit, run_pip
from dialtone_kit.classroom.targets import Target, this_python
from tests.project.test_packaging import PACKAGE_HOSTS, ROOT
from tests.support.tiny_wheels import tiny_wheel

HERE = Target(this_python())


def cell(source: str, *tags: str) -> dict[str, Any]:
    output = {"output_type": "stream", "name": "stdout", "text": ["me@example.com"]}
    return {
        "cell_type": "code",
        "source": [source],
        "metadata": {"tags": list(tags)},
        "outputs": [output],
        "execution_count": 3,
    }


@pytest.fixture
def notebooks(tmp_path: Path) -> Path:
    """The lessons of a small clone, in which someone has worked."""
    folder = tmp_path / "clone/notebooks"
    for one in (folder, folder / "solutions", folder / "pictures", folder / ".ipynb_checkpoints"):
        one.mkdir(parents=True)
        cells = [cell('email = ""', "parameters"), cell("1 + 1")]
        notebook = {"cells": cells, "metadata": {"widgets": {"typed": "me@example.com"}}}
        (one / "00-start-here.ipynb").write_text(json.dumps(notebook))
    for name in ("README.md", "TRAINERS.md", "my-notes.txt"):
        (folder / name).write_text(name)
    (tmp_path / "clone/pyproject.toml").touch()
    return folder


def no_more(arguments: Sequence[str]) -> None:
    """The kit of these tests needs nothing."""


def tiny_kit(source: Path, wheels: Path) -> Path:
    return tiny_wheel(wheels, "dialtone_kit")


def made(notebooks: Path, output: Path, *, solutions: bool = False) -> Path:
    packing.pack(notebooks, output, [HERE], solutions=solutions, pip=no_more, build=tiny_kit)
    return output


def names(pack: Path) -> list[str]:
    return [name.partition("/")[2] for name in zipfile.ZipFile(pack).namelist()]


def test_a_pack_has_the_lessons_the_wheels_and_how_to_install_them(
    notebooks: Path, tmp_path: Path
) -> None:
    assert names(made(notebooks, tmp_path / "out/pack.zip")) == [
        "README.md",
        "SHA256SUMS",
        "check.py",
        "install.ps1",
        "install.sh",
        "notebooks/00-start-here.ipynb",
        "notebooks/README.md",
        "notebooks/pictures/00-start-here.ipynb",
        "pack.json",
        "wheels/dialtone_kit-1.0-py3-none-any.whl",
    ]
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["pack.zip"]


def test_solutions_come_only_when_asked_for(notebooks: Path, tmp_path: Path) -> None:
    pack = made(notebooks, tmp_path / "pack.zip", solutions=True)
    assert "notebooks/solutions/00-start-here.ipynb" in names(pack)


def test_nothing_that_was_typed_or_shown_is_in_a_pack(notebooks: Path, tmp_path: Path) -> None:
    archive = zipfile.ZipFile(made(notebooks, tmp_path / "pack.zip", solutions=True))
    lessons = [name for name in archive.namelist() if "/0" in name and "pictures" not in name]
    assert len(lessons) == 2
    assert [name for name in lessons if b"me@example" in archive.read(name)] == []


def test_an_address_in_the_parameters_cell_stops_it(notebooks: Path, tmp_path: Path) -> None:
    lesson = notebooks / "00-start-here.ipynb"
    lesson.write_text(lesson.read_text().replace('email = \\"\\"', 'email = \\"me@example.com\\"'))
    with pytest.raises(DialtoneError, match="00-start-here"):
        made(notebooks, tmp_path / "pack.zip")
    assert not (tmp_path / "pack.zip").exists()


def test_lessons_that_someone_worked_in_are_named_and_those_only_run_are_not(
    notebooks: Path,
) -> None:
    assert edited_lessons(notebooks) == []  # no repository
    for line in ("init -q", "add .", "-c user.name=a -c user.email=a@b commit -qm x"):
        subprocess.run(["git", "-C", str(notebooks.parent), *line.split()], check=True)
    lesson = notebooks / "00-start-here.ipynb"
    lesson.write_text(lesson.read_text().replace('"execution_count": 3', '"execution_count": 4'))
    assert edited_lessons(notebooks) == []
    lesson.write_text(lesson.read_text().replace("1 + 1", "2"))
    assert edited_lessons(notebooks) == [lesson.name]


def test_the_same_files_make_the_same_archive(notebooks: Path, tmp_path: Path) -> None:
    one = made(notebooks, tmp_path / "one.zip").read_bytes()
    os.utime(notebooks / "README.md", (0, 0))
    (notebooks / "README.md").chmod(0o600)
    assert made(notebooks, tmp_path / "two.zip").read_bytes() == one


@pytest.mark.parametrize("failure", [DialtoneError("no"), OSError(28, "full"), KeyboardInterrupt()])
def test_a_pack_that_fails_leaves_the_old_one_and_nothing_else(
    notebooks: Path, tmp_path: Path, failure: BaseException
) -> None:
    def fail(arguments: Sequence[str]) -> None:
        raise failure

    old = made(notebooks, tmp_path / "out/pack.zip").read_bytes()
    expected = KeyboardInterrupt if isinstance(failure, KeyboardInterrupt) else DialtoneError
    with pytest.raises(expected):
        packing.pack(
            notebooks,
            tmp_path / "out/pack.zip",
            [HERE],
            solutions=False,
            pip=fail,
            build=tiny_kit,
        )
    assert (tmp_path / "out/pack.zip").read_bytes() == old
    assert len(list((tmp_path / "out").iterdir())) == 1


def test_without_a_clone_it_says_where_to_run_it(notebooks: Path, tmp_path: Path) -> None:
    (notebooks.parent / "pyproject.toml").unlink()
    with pytest.raises(DialtoneError, match="clone"):
        made(notebooks, tmp_path / "pack.zip")


def test_a_whole_pack_is_ok_and_a_changed_one_is_not(notebooks: Path, tmp_path: Path) -> None:
    pack = made(notebooks, tmp_path / "pack.zip")
    assert wheelhouse(pack).ok
    with zipfile.ZipFile(pack, "a") as archive:
        archive.writestr("dialtone-pack/wheels/evil-1.0-py3-none-any.whl", "")
    assert "evil" in wheelhouse(pack).text
    pack.write_bytes(pack.read_bytes()[:-400])
    assert "isn't a whole pack" in wheelhouse(pack).text
    assert "No such file" in wheelhouse(tmp_path / "none.zip").text


def test_a_pack_of_other_code_is_reported(
    notebooks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packing, "code_hash", lambda: "00000000")
    assert "other code" in wheelhouse(made(notebooks, tmp_path / "pack.zip")).text


def check(folder: Path, *arguments: str) -> tuple[int, str]:
    line = [sys.executable, str(folder / "check.py"), *arguments]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.returncode, done.stdout


@pytest.fixture
def unpacked(notebooks: Path, tmp_path: Path) -> Path:
    with zipfile.ZipFile(made(notebooks, tmp_path / "pack.zip")) as archive:
        archive.extractall(tmp_path)
    return tmp_path / "dialtone-pack"


def test_a_machine_is_checked_before_anything_is_installed(unpacked: Path) -> None:
    code, shown = check(unpacked, "--seat", "7")
    assert (code, "look" in shown) == (0, False)
    [machine] = read_machines(shown, "shown")
    assert (machine.seat, machine.wrong, machine.facts["kit"]) == (7, (), "none")


def test_a_pack_for_an_older_version_of_this_python_is_fine(unpacked: Path) -> None:
    about = json.loads((unpacked / "pack.json").read_text())
    about["targets"][0]["python"] = f"{this_python()}.0"
    (unpacked / "pack.json").write_text(json.dumps(about))
    assert "ok   Python\n" in check(unpacked)[1]


@pytest.mark.parametrize(
    ("member", "value", "why"),
    [
        ("python", "3.99", "PYTHON=python3.99 sh install.sh"),
        ("python", "3.99.4", "PYTHON=python3.99 sh install.sh"),
        ("python", f"{this_python()}.99", f"is for {this_python()}.99 or newer. Upgrade"),
        ("machine", "pdp11", "Ask for another pack"),
        ("glibc", "2.999", "glibc"),
    ],
)
def test_a_machine_that_the_pack_is_not_for_is_told(
    unpacked: Path, member: str, value: str, why: str
) -> None:
    about = json.loads((unpacked / "pack.json").read_text())
    about["targets"][0][member] = value
    (unpacked / "pack.json").write_text(json.dumps(about))
    code, shown = check(unpacked)
    assert code == 1
    assert why in shown


@pytest.mark.parametrize(
    "name", ["pack.json", "SHA256SUMS", "wheels/dialtone_kit-1.0-py3-none-any.whl"]
)
def test_a_damaged_pack_is_reported_and_an_edited_lesson_is_not(unpacked: Path, name: str) -> None:
    (unpacked / "notebooks/00-start-here.ipynb").write_text("{}")
    assert check(unpacked)[0] == 0
    (unpacked / name).unlink()
    code, shown = check(unpacked)
    assert code == 1
    assert f"{name} is " in shown


def install(unpacked: Path, python: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", unpacked / "install.sh"],
        env={**os.environ, "PYTHON": str(python), "PIP_NO_INDEX": "0"},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def stand_in(tmp_path: Path) -> Path:
    """A Python that runs check.py, and otherwise only notes how it was called."""
    file = tmp_path / "python"
    file.write_text(
        f"""#!/bin/sh
[ "$1" = check.py ] && exec {sys.executable} "$@"
echo "$PIP_CONFIG_FILE $*" >> {tmp_path}/called
[ "$2" = venv ] && mkdir -p .venv/bin && cp "$0" .venv/bin/python || exit 0
"""
    )
    file.chmod(0o700)
    return file


def test_pip_installs_from_the_pack_alone(unpacked: Path, stand_in: Path) -> None:
    done = install(unpacked, stand_in)
    assert done.returncode == 0, done.stderr
    made, pip = (stand_in.parent / "called").read_text().splitlines()
    assert made == " -m venv --clear .venv"
    assert {"--isolated", "--no-index", "-f", "wheels", "dialtone-kit"} <= set(pip.split())
    assert pip.startswith("/dev/null -m pip ")


def test_nothing_is_installed_on_a_machine_that_fails_the_check(
    unpacked: Path, stand_in: Path
) -> None:
    (unpacked / "pack.json").write_text("{}")
    done = install(unpacked, stand_in)
    assert (done.returncode, done.stdout.count("look")) == (1, 1)
    assert not (stand_in.parent / "called").exists()


@pytest.mark.full  # half a minute on a busy machine; the stand-in above takes the same steps
def test_a_small_pack_installs_with_a_real_pip(unpacked: Path) -> None:
    done = install(unpacked, sys.executable)
    assert done.returncode == 0, done.stderr
    assert list((unpacked / ".venv").rglob("dialtone_kit-1.0.dist-info/METADATA"))


@pytest.mark.full  # minutes: 80 MB of wheels
@pytest.mark.index
def test_the_kit_installs_from_its_pack_without_a_network(tmp_path: Path) -> None:
    packing.pack(
        ROOT / "notebooks",
        tmp_path / "pack.zip",
        [HERE],
        solutions=False,
        pip=run_pip,
        build=build_kit,
    )
    assert wheelhouse(tmp_path / "pack.zip").ok
    with zipfile.ZipFile(tmp_path / "pack.zip") as archive:
        archive.extractall(tmp_path)
    folder = tmp_path / packing.ROOT
    named = [path for path in folder.glob("*.*") if PACKAGE_HOSTS.search(path.read_text())]
    assert named == []
    done = install(folder, sys.executable)
    assert done.returncode == 0, done.stderr
    _, shown = check(folder, "--seat", "7")
    [machine] = read_machines(shown, "shown")
    assert (machine.seat, machine.facts["code"]) == (7, code_hash())
    assert machine.facts["jupyterlab"] != "none"
