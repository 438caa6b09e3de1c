"""doctor: each line says ok or what to do, and looking changes nothing."""

from __future__ import annotations

from email.utils import formatdate
from pathlib import Path

import pytest
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from dialtone_kit.base.errors import CredentialProblem
from dialtone_kit.base.finding import Finding
from dialtone_kit.base.masking import Secret
from dialtone_kit.base.private_files import PrivateFolder
from dialtone_kit.client import credentials
from dialtone_kit.commands import (
    class_ready,
    doctor,
    doctor_environment,
    doctor_reach,
    doctor_service,
)
from dialtone_kit.commands.cli import main
from dialtone_kit.local import process, service, state_folder
from dialtone_kit.local.record import Record, free_port, new_record, record_path
from dialtone_kit.local.seat import written
from tests.support.class_room import Room
from tests.support.command_line import dialtone
from tests.support.mcp_scene import serving
from tests.support.strangers import stranger


def wrong(findings: object) -> list[str]:
    return [f"{f.what}: {f.text}" for f in findings if not f.ok]  # type: ignore[attr-defined]


def test_a_fresh_machine_is_fine_and_nothing_is_started(home: Path) -> None:
    findings = list(doctor.examine())
    assert wrong(f for f in findings if f.what != "Packages") == []
    assert {"Python", "Packages", "Kernel", "State folder", "Credentials", "Local service"} <= {
        finding.what for finding in findings
    }
    assert not (home / "state" / "service.json").exists()
    assert not (home / "config").exists()


def test_doctor_names_the_usual_port_and_no_other_in_advance(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for free, text in ((8787, "starts it on 8787"), (40123, "a free port, as 8787 is taken")):
        monkeypatch.setattr(doctor_service, "free_port", lambda free=free: free)
        (finding,) = doctor_service.port()
        assert finding.ok
        assert text in finding.text
        assert "40123" not in finding.text


def test_a_running_service_is_reached_and_its_clock_is_compared(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    running = service.ensure()
    found = {finding.what: finding for finding in doctor.examine()}
    assert found["Local service"].ok
    assert running.base_url in found["Local service"].text
    assert found["Database"].text == "SQLite"
    assert found["Reachability"].ok
    assert found["Clock"].ok
    with pytest.raises(SystemExit):
        main(["doctor"])
    assert "Local service: runs on" in capsys.readouterr().out


def test_the_database_is_named_without_its_password(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIALTONE_DATABASE_URL", "postgresql://me:hush@db.example/x?password=hush")
    shown = doctor_service.database().text
    assert shown == "postgresql://db.example/x, as DIALTONE_DATABASE_URL says"
    # the running service says what it uses: it may have been started with another URL
    monkeypatch.setattr(process, "database", lambda folder: "postgresql://other.example/y")
    assert doctor_service.database().text == "postgresql://other.example/y"


def test_a_stranger_on_the_port_is_reported_with_the_way_out(home: Path) -> None:
    record = new_record(free_port(0))
    with stranger(record.port):
        [problem] = wrong(doctor_service.port())
    assert "dialtone serve --port N" in problem


def test_a_readable_secret_is_reported(home: Path) -> None:
    new_record(1)
    record_path().chmod(0o640)
    assert wrong(doctor_service.state()) == [
        "service.json: could be read by others; the next lesson repairs it."
    ]


def test_a_loose_credential_file_is_reported(home: Path) -> None:
    file = home / "config" / "cli_x_1" / "client.json"
    file.parent.mkdir(parents=True, mode=0o700)
    file.write_text("{}")
    file.chmod(0o644)
    [problem] = wrong(doctor_service.configuration())
    assert "chmod 600" in problem


def test_a_state_on_a_network_disk_is_reported(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state_folder, "_mounts", lambda: [(Path("/"), "nfs4")])
    [problem] = wrong(doctor_service.state())
    assert "nfs4" in problem


def test_an_unreachable_service_is_one_line_and_exit_code_1(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["doctor", "--base-url", f"http://127.0.0.1:{free_port(0)}"])
    assert ended.value.code == 1
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith("look Reachability: No connection to http://127.0.0.1:")


def test_a_service_whose_database_is_away_is_reported(home: Path) -> None:
    """Its discovery document needs no database, and its keys do."""
    away = {"error": "temporarily_unavailable", "error_description": "Nothing can be stored."}
    keys = [JSONResponse(away, 503, headers={"Retry-After": "1"})] * 9 + [
        JSONResponse({"keys": []})
    ]

    def app(url: str) -> ASGIApp:
        issuer = f"{url}/realms/default"
        document = JSONResponse(
            {"issuer": issuer, "jwks_uri": f"{issuer}/jwks", "token_endpoint": f"{issuer}/token"}
        )

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            asked_for_keys = scope["path"].endswith("/jwks")
            await (keys.pop(0) if asked_for_keys else document)(scope, receive, send)

        return answer

    with serving(app, "") as url:
        [problem] = wrong(doctor_reach.reach(url))
        assert problem == (
            f"Reachability: {url}/realms/default answers, but fails: 503 temporarily_unavailable: "
            "Nothing can be stored. Is its database running?"
        )
        del keys[:-1]
        assert not wrong(doctor_reach.reach(url))


def test_a_service_that_lost_its_database_is_not_said_to_start(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = new_record(free_port(0))
    monkeypatch.setattr(doctor_service, "read_record", lambda: record)
    (stopped,) = doctor_service.port()
    assert stopped.ok
    monkeypatch.setattr(doctor_service, "database", lambda: Finding(False, "Database", "no login"))
    [problem] = wrong(doctor_service.port())
    assert problem == "Local service: not running; it can't start without its database"


def test_a_portal_instead_of_a_service_is_reported(home: Path) -> None:
    port = free_port(0)
    with stranger(port, "<html>please log in</html>"):
        [problem] = wrong(doctor.examine(f"http://127.0.0.1:{port}"))[-1:]
    assert problem.startswith("Reachability: ")


@pytest.mark.parametrize(
    ("off", "fine"), [(0, True), (5, True), (7, False), (-59, True), (-62, False), (3600, False)]
)
def test_a_clock_is_wrong_when_proofs_would_be_refused(off: int, fine: bool) -> None:
    theirs = 1_800_000_000
    finding = doctor_reach.clock(formatdate(theirs, usegmt=True), theirs + off)
    assert finding.ok is fine
    if not fine:
        assert "M06" in finding.text
        assert ("ahead" if off > 0 else "behind") in finding.text


def test_a_service_without_a_date_is_fine() -> None:
    assert doctor_reach.clock("", 0).ok


@pytest.mark.parametrize(
    ("requirement", "problem"),
    [
        ("click>=8", ""),
        ("click>=99", "click is"),
        ("no-such-thing-here>=1", "is missing"),
        ("no-such-thing-here; python_version < '3'", ""),
        ("no-such-thing-here; extra == 'test'", ""),
    ],
)
def test_packages_are_held_against_the_metadata(requirement: str, problem: str) -> None:
    found = doctor_environment._problem_with(requirement)
    assert problem in found
    assert bool(found) is bool(problem)


def test_a_group_of_ones_own_is_judged_as_the_store_judges_it(home: Path) -> None:
    folder = home / "config"
    folder.mkdir()
    for mode, usable in ((0o2775, True), (0o755, True), (0o777, False)):
        folder.chmod(mode)
        assert (wrong(doctor._guarded(doctor_service.configuration)) == []) is usable
        if usable:
            credentials.require_writable()
        else:
            with pytest.raises(CredentialProblem):
                credentials.require_writable()


def test_a_folder_that_can_not_be_written_to_is_reported_with_its_variable(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor_service.os, "access", lambda path, mode: False)
    assert any("DIALTONE_STATE_DIR" in text for text in wrong(doctor_service.state()))
    assert any("DIALTONE_CONFIG_DIR" in text for text in wrong(doctor_service.configuration()))


def test_a_file_that_a_run_with_sudo_left_is_reported(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = state_folder.state_dir() / "mock.sqlite3"
    theirs.write_bytes(b"")
    assert wrong(doctor_service.state()) == []
    monkeypatch.setattr(doctor_service.os, "access", lambda path, mode: path != theirs)
    [problem] = wrong(doctor_service.state())
    assert problem.startswith("mock.sqlite3: can't be read and written by you. Run: sudo chown ")


# -- in a class ----------------------------------------------------------------------------------


def sits(home: Path, base_url: str, token: str, seat: int | None = 1) -> None:
    """From here on this machine has seat 1 of a class, or with None the trainer's place."""
    port = int(base_url.rpartition(":")[2])
    PrivateFolder(home).write(
        "session.json", written(Record(base_url, port, Secret(token), seat, "", "Spring"))
    )


def test_in_a_class_it_is_the_class_service_that_is_looked_at(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DIALTONE_CLASS", str(home / "session.json"))
    room = Room(home / "room")
    room.start()
    sits(home, room.base_url, room.learners[0].token)
    found = {finding.what: finding for finding in doctor.examine()}
    assert found["Class"].text == f"Spring, seat 1. Lessons use {room.base_url}, and it answers"
    assert room.base_url in found["Reachability"].text
    assert found["Clock"].ok
    assert "not needed" in found["Local service"].text
    room.stop()
    found = {finding.what: finding for finding in doctor.examine()}
    assert not found["Class"].ok
    assert found["Class"].text.startswith("Spring, seat 1. The class's service at http://127")
    assert "ask your trainer" in found["Class"].text
    assert "not checked" in found["Reachability"].text
    assert not (home / "state" / "service.json").exists()


def test_with_the_trainers_place_the_policies_of_the_class_are_looked_at(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIALTONE_CLASS", str(home / "session.json"))
    room = Room(home / "room")
    room.start()
    sits(home, room.base_url, room.learners[0].token)
    assert list(doctor_service.policies_of_class()) == []  # not a learner's business
    sits(home, room.base_url, room.secret, None)
    assert [one.ok for one in doctor_service.policies_of_class()] == [True]
    (room.state_dir / "policies" / "default.cedar").write_text("permit (principal);")
    [found] = doctor_service.policies_of_class()
    assert not found.ok
    assert found.text.startswith("default.cedar:1: ")
    assert found.text.endswith("; the last valid version stays in force.")
    room.stop()


def test_the_seat_of_the_session_file_is_in_the_line_for_the_trainer(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(class_ready, "examine", lambda: [])
    monkeypatch.setenv("DIALTONE_CLASS", str(home / "session.json"))
    sits(home, "http://127.0.0.1:9", f"seat_{'t' * 43}")
    for more, seat in (((), "seat=1 "), (("--seat", "2"), "seat=2 ")):
        dialtone("class", "ready", "--here", *more)
        assert seat in capsys.readouterr().out
    (home / "session.json").write_text("{}")
    dialtone("class", "ready", "--here")
    assert "seat=" not in capsys.readouterr().out
