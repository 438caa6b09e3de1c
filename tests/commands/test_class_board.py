"""`dialtone class board` and `report`, as a trainer runs them."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from dialtone_kit.classroom.board_app import HEADER
from dialtone_kit.commands import class_board
from tests.support.class_of import NOON, event, give, make_class
from tests.support.command_line import MAIN, dialtone


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_link_leads_to_the_board_and_ctrl_c_leaves_nothing_behind(tmp_path: Path) -> None:
    folder = make_class(tmp_path / "class", 2)
    give(folder, 1, [event(NOON, "01", "opened")])
    line = [sys.executable, "-c", MAIN, "class", "board", str(folder), "--no-browser"]
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as board:
        try:
            assert board.stdout is not None
            url, _, token = board.stdout.readline().split()[-1].partition("#")
            with httpx.Client(trust_env=False) as http:
                answer = http.get(f"{url}parts", headers={HEADER: token})
                assert "Seat 1" in answer.json()["parts"]["everyone"]
                assert http.get(f"{url}parts").status_code == 401
            board.send_signal(signal.SIGINT)
            _, errors = board.communicate(timeout=20)
        finally:
            board.kill()
    assert (board.returncode, errors) == (0, "")
    assert names(folder) == ["class.toml", "learners", "learners.csv"]


def test_the_browser_is_led_by_a_private_file_and_not_by_its_arguments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, opened = make_class(tmp_path / "class", 1), list[str]()

    def serve(*about: object) -> None:
        opener = folder / class_board.OPENER
        assert opener.stat().st_mode & 0o777 == 0o600
        opened.append(opener.read_text())
        raise KeyboardInterrupt

    monkeypatch.setattr(class_board, "_serve", serve)
    monkeypatch.setattr(class_board.webbrowser, "open", opened.append)
    assert dialtone("class", "board", str(folder)) == 0
    url = capsys.readouterr().out.splitlines()[0].split()[-1]
    assert opened[0] == (folder / class_board.OPENER).as_uri()
    assert url in opened[1]
    assert not (folder / class_board.OPENER).exists()


def test_a_port_that_is_taken_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = make_class(tmp_path / "class", 1)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert dialtone("class", "board", str(folder), "--no-browser", "--port", port) == 2
    assert f"--port {port} can't be used" in capsys.readouterr().err
    assert not list(folder.glob("*.lock"))


@pytest.mark.parametrize("command", ["board", "report"])
def test_a_folder_that_is_no_class_is_one_line(
    tmp_path: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert dialtone("class", command, str(tmp_path)) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "isn't the folder of a class" in error


def test_a_report_is_written_into_the_class_or_where_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = make_class(tmp_path / "class", 1)
    (tmp_path / "out").mkdir(mode=0o755)
    assert dialtone("class", "report", str(folder)) == 0
    assert dialtone("class", "report", str(folder), "--output", str(tmp_path / "out")) == 0
    output = capsys.readouterr()
    assert str(tmp_path / "out" / "report.html") in output.out
    assert "There are no events yet" in output.err
    assert names(folder / "report") == names(tmp_path / "out")


def test_a_report_on_runs_leaves_that_on_learners_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = make_class(tmp_path / "class", 1)
    assert dialtone("class", "report", str(folder)) == 0
    before = (folder / "report" / "report.html").read_bytes()
    assert dialtone("class", "report", "--runs", str(folder)) == 0
    assert (folder / "report" / "report.html").read_bytes() == before
    assert "Nothing has been run yet" in (folder / "report-of-runs" / "report.html").read_text()
    assert dialtone("class", "end", "--yes", str(folder)) == 0
    assert not folder.exists()


@pytest.mark.parametrize("command", ["board", "report", "end"])
def test_every_help_has_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert dialtone("class", command, "--help") == 0
    assert f"Example: dialtone class {command}" in capsys.readouterr().out
