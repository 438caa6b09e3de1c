"""The commands: help with an example, one line for a mistake, quiet on Ctrl-C."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from dialtone_kit.base.errors import ServiceUnreachable
from dialtone_kit.commands import class_, cli
from dialtone_kit.lesson.starting import start
from dialtone_kit.local import running as running_module
from dialtone_kit.local import service
from dialtone_kit.local.controls import Controls
from dialtone_kit.local.record import free_port, new_record
from dialtone_kit.local.running import find
from tests.support.command_line import dialtone
from tests.support.strangers import dripping, silence, stranger


@pytest.mark.parametrize("command", [*cli.COMMANDS, *(f"class {name}" for name in class_.NAMES)])
def test_every_help_has_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert dialtone(*command.split(), "--help") == 0
    assert f"Example: dialtone {command}" in capsys.readouterr().out


def test_without_a_command_the_help_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert dialtone() == 0
    output = capsys.readouterr().out
    assert all(command in output for command in cli.COMMANDS)


@pytest.mark.parametrize(
    "line",
    [
        "nosuch",
        "run --nosuch",
        "serve --port x",
        "serve --port 0",
        "serve --port 65536",
        "serve --workers 0",
        "lab --port 1.5",
        "inbox --limit 0",
        "run --lesson 77",
        "run -p nosuch 1",
        "run -p email",
    ],
)
def test_a_wrong_option_is_one_line_and_exit_code_2(
    home: Path, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert dialtone(*line.split()) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("dialtone: ")
    assert output.err.count("\n") == 1


@pytest.mark.row("C3")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("email", "sec_" + "a" * 43),
        ("client_secret", "x"),
        ("email", "pt_" + "b" * 43),
        ("client_name", "rt_" + "c" * 43),
        ("client_name", "ey" + "J" * 20 + ".e30." + "c" * 60),
        ("api_key", "1"),
        ("base_url_password", "x"),
        ("access_token", "x"),
    ],
)
def test_a_secret_as_a_parameter_is_refused_unseen_and_nothing_runs(
    home: Path, name: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert dialtone("run", "-p", name, value, "--output", str(home / "out")) == 2
    output = capsys.readouterr().err
    assert "looks like a secret" in output
    assert value == "x" or value == "1" or value not in output
    assert not (home / "out").exists()


@pytest.mark.row("C3")
def test_a_user_in_the_base_url_is_refused(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert dialtone("run", "--base-url", "https://ada:pw@id.example.com") == 2
    assert "pw" not in capsys.readouterr().err


def test_a_port_of_someone_else_is_one_line(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    port = free_port(0)
    with stranger(port):
        assert dialtone("serve", "--port", str(port)) == 2
        assert dialtone("lab", "--port", str(port)) == 2
    output = capsys.readouterr().err.splitlines()
    assert len(output) == 2
    assert all(str(port) in line for line in output)


def test_ctrl_c_is_quiet(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted() -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(service, "stop", interrupted)
    assert dialtone("stop") == cli.INTERRUPTED
    assert capsys.readouterr().err.strip() == ""


@pytest.mark.row("U1")
def test_inbox_shows_the_emails_as_text_only(
    shared_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    start(
        2,
        credentials=False,
        interactive=False,
        email="ada@example.com",
        client_name="my\x1b[31magent",
    ).email_form().require()
    code = Controls(service.ensure).code_for("ada@example.com")
    capsys.readouterr()
    assert dialtone("inbox", "--email", "ada@example.com") == 0
    output = capsys.readouterr().out
    assert "ada@example.com" in output
    assert code in output
    assert "\x1b" not in output
    assert dialtone("inbox", "--email", "bob@example.com") == 0
    assert capsys.readouterr().out == "No emails to bob@example.com.\n"
    assert dialtone("inbox", "--realm", "strict") == 0
    assert capsys.readouterr().out == "No emails.\n"


def test_what_a_terminal_can_not_show_is_replaced(
    shared_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lesson = start(2, credentials=False, interactive=False, email="eve@example.com")
    lesson.client.request_enrollment("eve@example.com", "agent ☎", "ü")
    screen = io.TextIOWrapper(io.BytesIO(), encoding="iso-8859-1")
    monkeypatch.setattr("sys.stdout", screen)
    assert dialtone("inbox", "--email", "EVE@example.com") == 0
    screen.seek(0)
    shown = screen.read()
    assert "agent ?\n" in shown
    assert "Description:            ü\n" in shown


@pytest.mark.parametrize("command", ["inbox", "rotate-keys"])
def test_without_a_service_it_says_how_to_get_one(
    home: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert dialtone(command) == 1
    assert "dialtone serve" in capsys.readouterr().err


SOMEBODY = {
    "silent": (silence, "accepts connections but does not answer"),
    "dripping": (lambda port: dripping(port, b"HTTP/1.1 200 OK\r\nX: "), "does not answer"),
    "stranger": (stranger, "in use by another program"),
}


@pytest.mark.parametrize("who", SOMEBODY)
def test_who_holds_the_port_of_the_service_is_said_in_one_line_and_soon(
    home: Path, who: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = partial(service.ask, timeout=0.2)
    for module in (service, running_module):
        monkeypatch.setattr(module, "ask", lambda record, **_: asked(record))
    hold, says = SOMEBODY[who]
    record = new_record(free_port(0))
    began = time.monotonic()
    with hold(record.port):
        for command in ("inbox", "audit", "rotate-keys", "serve"):
            assert dialtone(command) == 1
            output = capsys.readouterr()
            assert (output.out, output.err.count("\n")) == ("", 1)
            assert says in output.err
            assert str(record.port) in output.err
            assert "dialtone serve --port N" in output.err
        assert dialtone("stop") == 0
        output = capsys.readouterr()
        assert output.out.startswith("No local service was running. Port ")
        assert says in output.out
        with pytest.raises(ServiceUnreachable, match=says):
            service.ensure()
    assert time.monotonic() - began < 8


def test_a_service_of_ours_that_hangs_is_told_from_a_stranger(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    running = service.ensure()
    asked = partial(service.ask, timeout=0.2)
    for module in (service, running_module):
        monkeypatch.setattr(module, "ask", lambda record, **_: asked(record))
    os.kill(running.pid or 0, signal.SIGSTOP)
    assert dialtone("inbox") == 1
    os.kill(running.pid or 0, signal.SIGCONT)
    line = capsys.readouterr().err
    assert f"process {running.pid}" in line
    assert "`dialtone stop`" in line


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_serve_runs_in_the_foreground_with_the_lessons_state_until_it_is_ended(
    home: Path, ending: signal.Signals
) -> None:
    code = "from dialtone_kit.commands.cli import main; main(['serve'])"
    serving = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert serving.stdout is not None
    first = serving.stdout.readline()
    found = find()
    assert found is not None
    assert found.base_url in first
    os.kill(serving.pid, ending)
    output = serving.communicate(timeout=20)[1]
    assert serving.returncode == 0
    assert "Traceback" not in output
    assert find() is None


def test_serve_says_in_one_line_that_it_runs_already_and_stop_ends_it(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    running = service.ensure()
    assert dialtone("serve") == 0
    assert capsys.readouterr().out == (
        f"The local service already runs on {running.base_url} (process {running.pid}).\n"
    )
    assert dialtone("serve", "--port", str(free_port(0))) == 2
    assert "dialtone stop" in capsys.readouterr().err
    assert dialtone("stop") == 0
    assert dialtone("stop") == 0
    assert capsys.readouterr().out.splitlines() == [
        "The local service has stopped.",
        "No local service was running.",
    ]


def test_rotate_keys_tells_when_the_new_one_signs(
    shared_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    service.ensure()
    assert dialtone("rotate-keys") == 0
    output = capsys.readouterr().out
    assert "published now, signs from" in output
    assert "Older keys verify until" in output
    assert "New SPIFFE root: in trust bundle" in output
    assert "Older SVIDs stay valid" in output
