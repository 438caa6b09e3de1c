"""dialtone purge: all that the kit keeps is listed, asked about, and gone; nothing else is."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dialtone_kit.base.masking import Secret
from dialtone_kit.base.private_files import PrivateFolder
from dialtone_kit.client.credentials import Credentials, save_credentials
from dialtone_kit.lesson.starting import start
from dialtone_kit.local import kept, process
from dialtone_kit.local.record import Record, new_record
from dialtone_kit.local.running import find
from dialtone_kit.local.seat import written
from dialtone_kit.wire.shell_files import ShellFiles
from tests.support.command_line import dialtone


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()}


def of_another_service(issuer: str = "https://id.example.com/realms/default") -> Path:
    secret = Secret("sec_" + "a" * 43)
    return save_credentials(Credentials("cli_far_1", secret, f"{issuer}/token", issuer))


@pytest.fixture
def used(home: Path) -> Path:
    """A home in which somebody has learned, without a running service."""
    record = new_record(18787)
    state = home / "state"
    for name in ("mock.sqlite3", "mock.sqlite3-wal", "mock.key", "mock.log", "progress.jsonl"):
        (state / name).write_text("x")
    (state / "policies" / ".in-force").mkdir(parents=True)
    (state / "policies" / "acme.cedar").write_text("permit (principal, action, resource);")
    issuer = f"{record.base_url}/realms/default"
    own = Credentials("cli_near_1", Secret("sec_" + "b" * 43), f"{issuer}/token", issuer)
    save_credentials(own)
    return home


def test_after_lessons_everything_goes_and_the_service_ends(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lesson = start(3, interactive=False)
    assert lesson.credentials is not None
    lesson.report()
    far = of_another_service()
    running = find()
    assert running is not None
    capsys.readouterr()
    assert dialtone("purge", "--yes") == 0
    output = capsys.readouterr().out
    goes, _, stays = output.partition("Stays:")
    for name in ("mock.sqlite3", "mock.key", "service.json", "policies/acme.cedar", "report.html"):
        assert f"/{name}  " in goes
        assert f"/state/{name}\n" in stays  # "Gone: …"
    assert str(far.name) in stays
    assert not (home / "state").exists()
    assert files(home / "config") == {"cli_far_1/client.json"}
    assert find() is None
    assert "sec_" not in output
    assert dialtone("purge", "--yes") == 0
    assert "There is nothing to remove." in capsys.readouterr().out


def test_without_a_terminal_and_without_yes_it_is_one_line(
    used: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = files(used)
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    assert dialtone("purge") == 2
    output = capsys.readouterr()
    assert (output.out, output.err.count("\n")) == ("", 1)
    assert "--yes" in output.err
    assert files(used) == before


@pytest.mark.parametrize(("answer", "goes"), [("y\n", True), ("n\n", False), ("\n", False)])
def test_in_a_terminal_it_asks(
    used: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    answer: str,
    goes: bool,
) -> None:
    before = files(used)
    monkeypatch.setattr("sys.stdin", Terminal(answer))
    assert dialtone("purge") == 0
    output = capsys.readouterr().out
    assert "Remove what goes?" in output
    assert ("Nothing was removed." in output) is not goes
    assert (files(used) == before) is not goes
    assert (files(used) == set()) is goes


def test_no_link_is_followed_and_nothing_beside_it_goes(
    used: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outside = used / "outside"
    outside.mkdir()
    (outside / "precious").write_text("x")
    state = used / "state"
    (state / "lab").symlink_to(outside)
    (state / "policies" / "link").symlink_to(outside)
    (state / "mock.log").unlink()
    (state / "mock.log").symlink_to(outside / "precious")
    for name in ("notes.txt", "lab-notes", "mock.sqlite3.backup", "spiffe.toml"):
        (state / name).write_text("mine")
    assert dialtone("purge", "--yes") == 0
    assert files(outside) == {"precious"}
    mine = {"notes.txt", "lab-notes", "mock.sqlite3.backup", "spiffe.toml", "policies"}
    assert {path.name for path in state.iterdir()} == mine
    assert [path.name for path in (state / "policies").iterdir()] == ["link"]
    assert "notes.txt  4 bytes  not a file of the kit" in capsys.readouterr().out


def test_the_clients_of_another_local_service_stay(used: Path) -> None:
    far = of_another_service("http://127.0.0.1:18999/realms/default")
    assert dialtone("purge", "--yes") == 0
    assert files(used) == {str(far.relative_to(used))}


@pytest.fixture
def joined(used: Path) -> Path:
    """Somebody who has joined a class, and has credentials of two of its realms."""
    url = "https://192.0.2.2:8788"
    record = Record(url, 8788, Secret(f"seat_{'t' * 43}"), 6, "", "Spring")
    PrivateFolder(used / "config").write("class.json", written(record))
    for client_id, realm in (("cli_room_1", "default"), ("cli_lab_1", "lab-0123456789ab")):
        issuer = f"{url}/realms/{realm}"
        own = Credentials(client_id, Secret("sec_" + "c" * 43), f"{issuer}/token", issuer)
        save_credentials(own)
    return used


def test_in_a_class_the_credentials_of_its_service_go_and_those_of_another_stay(
    joined: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    far = of_another_service("https://192.0.2.2:9999/realms/default")
    assert dialtone("purge", "--yes") == 0
    assert files(joined) == {str(far.relative_to(joined))}
    goes = capsys.readouterr().out.partition("Stays:")[0]
    assert "cli_lab_1/client.json" in goes
    assert "credentials of https://192.0.2.2:8788/realms/default" in goes


def test_whoever_leaves_a_class_is_told_which_credentials_stay(
    joined: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    of_another_service()
    before = files(joined)
    assert dialtone("class", "leave") == 0
    shown = capsys.readouterr().out
    assert shown.startswith("You left the class")
    assert shown.count("/client.json\n") == 2
    assert {"cli_room_1", "cli_lab_1"} <= {
        line.split("/")[-2] for line in shown.split() if "/" in line
    }
    assert files(joined) == before - {"config/class.json"}
    assert dialtone("class", "leave") == 0
    assert capsys.readouterr().out == "You hadn't joined a class here.\n"


def test_no_empty_folder_stays(used: Path) -> None:
    (used / "config" / "pending").mkdir(mode=0o700)
    assert dialtone("purge", "--yes") == 0
    assert not (used / "config").exists()


def test_half_a_file_of_a_killed_write_goes_too(used: Path) -> None:
    (used / "state" / ".mock.key.0123456789abcdef").write_text("x")
    (used / "config" / "cli_near_1" / ".client.json.0123456789abcdef").write_text("x")
    assert dialtone("purge", "--yes") == 0
    assert files(used) == set()


def test_what_stays_by_the_list_really_stays(
    used: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = (
        "state/.mock.log.old",
        "state/.policies.backup/acme.cedar",
        "state/lab/thesis/chapter.txt",
        "state/policies/notes.txt",
        "config/cli_near_1/.client.json.copy",
    )
    for name in mine:
        (used / name).parent.mkdir(parents=True, exist_ok=True)
        (used / name).write_text("mine")
    (used / "state" / "lab" / "settings").mkdir()
    (used / "state" / "mock.log").write_text("x")
    assert dialtone("purge", "--yes") == 0
    stays = capsys.readouterr().out.partition("Stays:")[2].partition("Gone:")[0]
    for name in (".mock.log.old", ".policies.backup", "lab/thesis", "policies/notes.txt"):
        assert f"/state/{name}  " in stays
    assert files(used) == set(mine)


def test_the_secrets_of_a_curl_line_go_too(used: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = PrivateFolder(used / "state" / "curl")
    ShellFiles(folder).write("post-token", {"CLIENT_SECRET": "sec_" + "c" * 43})
    (folder.path / ".post-token-7.0123456789abcdef").write_text("x")
    assert dialtone("purge", "--yes") == 0
    assert files(used) == set()
    assert "the secrets of a curl line" in capsys.readouterr().out


def test_what_can_not_be_removed_is_said_and_the_exit_code_is_1(
    used: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(one: kept.Kept) -> None:
        if one.path.name == "mock.key":
            raise PermissionError(13, "Permission denied")
        remove(one)

    remove = kept.remove
    monkeypatch.setattr(kept, "remove", refuse)
    assert dialtone("purge", "--yes") == 1
    assert "mock.key (Permission denied)" in capsys.readouterr().out
    assert files(used) == {"state/mock.key"}


def test_it_goes_on_when_the_reader_of_its_lines_is_gone(used: Path) -> None:
    """As in `dialtone purge --yes | head -1`."""
    reading, writing = os.pipe()
    os.close(reading)
    code = "from dialtone_kit.commands.cli import main; main(['purge', '--yes'])"
    ran = subprocess.run(
        [sys.executable, "-c", code], stdout=writing, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(writing)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert files(used) == set()


def test_it_refuses_while_somebody_serves(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = "from dialtone_kit.commands.cli import main; main(['serve'])"
    serving = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    try:
        assert serving.stdout is not None
        serving.stdout.readline()
        capsys.readouterr()
        (home / "state" / "mock.pid").rename(home / "pid")  # even if the note of it is lost
        assert dialtone("purge", "--yes") == 1
        (home / "pid").rename(home / "state" / "mock.pid")
        assert dialtone("purge", "--yes") == 1
        output = capsys.readouterr()
        assert output.out == ""
        assert output.err.count("Ctrl-C") == output.err.count("\n") == 2
        assert process.running(home / "state") is not None
        assert os.path.lexists(home / "state" / "mock.sqlite3")
    finally:
        serving.terminate()
        serving.wait(20)
