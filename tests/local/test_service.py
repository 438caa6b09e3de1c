"""The local service: found or started, repaired, and never mistaken for someone else's."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import psutil
import pytest

from dialtone_kit.base.errors import DialtoneError, MockOnly, ServiceError, ServiceUnreachable
from dialtone_kit.local import challenge, process, service
from dialtone_kit.local.controls import Controls, Mail
from dialtone_kit.local.record import (
    UnusableRecord,
    free_port,
    new_record,
    read_record,
    record_path,
)
from dialtone_kit.local.setup import Setup
from tests.support.strangers import silence, stranger


def started(**options: object) -> tuple[service.LocalService, list[str]]:
    remarks: list[str] = []
    return service.ensure(say=remarks.append, **options), remarks  # type: ignore[arg-type]


def mocks_of(state: Path) -> list[int]:
    """The main processes of a service with this state."""
    found = []
    for one in psutil.process_iter(["cmdline", "status"]):
        line = one.info["cmdline"] or []
        if "dialtone_kit.mock" in line and str(state) in line:
            found.append(one.pid)
    return found


def one_line(text: str) -> bool:
    return "\n" not in text and len(text) < 300


# -- found or started --------------------------------------------------------------------------


def test_nothing_is_found_before_the_first_start_and_nothing_is_written(home: Path) -> None:
    assert service.find() is None
    assert not (home / "state" / "service.json").exists()


def test_it_starts_once_and_is_found_fast(home: Path) -> None:
    first, remarks = started()
    assert remarks == [f"Started the local service on {first.base_url} ."]
    began = time.perf_counter()
    found = service.find()
    assert time.perf_counter() - began < 0.1
    assert found == first
    assert started() == (first, [])


@pytest.mark.row("J2")
def test_ten_kernels_at_once_get_one_service(home: Path) -> None:
    code = "from dialtone_kit.local import service; print(service.ensure().pid)"
    kernels = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        for _ in range(10)
    ]
    pids = {kernel.communicate(timeout=120)[0].strip() for kernel in kernels}
    assert [kernel.returncode for kernel in kernels] == [0] * 10
    assert {str(pid) for pid in mocks_of(home / "state")} == pids
    assert len(pids) == 1


def test_it_outlives_its_starter_in_a_session_of_its_own(home: Path) -> None:
    code = "from dialtone_kit.local import service; print(service.ensure().pid)"
    starter = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    pid = int(starter.stdout)
    assert os.getsid(pid) == pid
    found = service.find()
    assert found is not None
    assert found.pid == pid


def test_what_it_leaves_on_disk_is_for_its_user_alone(home: Path) -> None:
    before = os.umask(0)
    try:
        started()
    finally:
        os.umask(before)
    found = list((home / "state").rglob("*"))
    files = {p.name: stat.S_IMODE(p.stat().st_mode) for p in found if p.is_file()}
    folders = {stat.S_IMODE(p.stat().st_mode) for p in found if p.is_dir()}
    assert {"service.json", "mock.log", "mock.pid", "mock.sqlite3", "service.lock"} <= set(files)
    assert set(files.values()) == {0o600}
    assert folders <= {0o700}
    assert stat.S_IMODE((home / "state").stat().st_mode) == 0o700


def test_a_module_in_the_notebooks_folder_is_not_taken_for_the_library(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "token.py").write_text("raise SystemExit('the wrong token.py')")
    monkeypatch.chdir(home)
    assert started()[0].pid


# -- ended and mended --------------------------------------------------------------------------


@pytest.mark.row("J2")
def test_stop_ends_it_and_the_next_start_keeps_the_issuer(home: Path) -> None:
    first, _ = started()
    assert service.stop() is True
    assert mocks_of(home / "state") == []
    assert service.find() is None
    assert service.stop() is False
    second, remarks = started()
    assert second.base_url == first.base_url
    assert len(remarks) == 1


@pytest.mark.row("J2")
def test_a_killed_service_comes_back_where_it_was_with_one_line(home: Path) -> None:
    first, _ = started()
    os.kill(first.pid or 0, signal.SIGKILL)
    psutil.wait_procs([psutil.Process(first.pid)], timeout=5)
    second, remarks = started()
    assert (second.base_url, second.pid) != (first.base_url, first.pid)
    assert second.base_url == first.base_url
    assert remarks == ["The local service was gone (killed?); it was restarted as it was."]


def test_a_hung_service_is_ended_and_started_again(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "PATIENCE", 0.2)
    monkeypatch.setattr(service, "ask", partial(_ask_quickly, challenge.ask))
    first, _ = started()
    os.kill(first.pid or 0, signal.SIGSTOP)
    second, remarks = started()
    assert second.base_url == first.base_url
    assert mocks_of(home / "state") == [second.pid]
    assert remarks == ["The local service had stopped answering; it was restarted."]


def _ask_quickly(ask, record, **_):  # type: ignore[no-untyped-def]
    return ask(record, timeout=0.3)


def test_stop_ends_a_hung_service(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "end", partial(process.end, grace=0.2))
    first, _ = started()
    os.kill(first.pid or 0, signal.SIGSTOP)
    assert service.stop() is True
    assert mocks_of(home / "state") == []


def test_stop_finds_a_service_whose_pid_file_was_lost(home: Path) -> None:
    started()
    (home / "state" / "mock.pid").unlink()
    assert service.stop() is True
    assert mocks_of(home / "state") == []


@pytest.mark.parametrize("note", ['{"a":' * 9_000, '{"pid": 1e400}', '{"pid": -1}', "[]"])
def test_a_pid_file_that_makes_no_sense_names_no_process(home: Path, note: str) -> None:
    (home / "state").mkdir()
    (home / "state" / "mock.pid").write_text(note)
    assert process.running(home / "state") is None
    assert process.was_left_behind(home / "state")


def test_a_pid_that_was_given_to_another_process_is_not_touched(home: Path) -> None:
    (home / "state").mkdir()
    other = {"pid": os.getpid(), "create_time": psutil.Process().create_time() - 1000}
    (home / "state" / "mock.pid").write_text(json.dumps(other))
    assert process.was_left_behind(home / "state")
    assert service.stop() is False


@pytest.mark.parametrize("content", ["", "{", "[]", '{"pid": "x"}', '{"pid": 1}'])
def test_a_damaged_pid_file_does_no_harm(home: Path, content: str) -> None:
    state = home / "state"
    state.mkdir()
    (state / "mock.pid").write_text(content)
    assert process.running(state) is None


def test_a_secret_that_others_could_read_is_replaced_and_the_port_stays(home: Path) -> None:
    first, _ = started()
    (home / "state" / "service.json").chmod(0o644)
    assert service.find() is None
    second, remarks = started()
    assert second.base_url == first.base_url
    assert second.record.secret != first.record.secret
    assert mocks_of(home / "state") == [second.pid]
    assert remarks == [
        "service.json could be read by others; the local service was given a new secret."
    ]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"base_url": "http://example.com:1", "port": 1, "secret": "x"}',
        '{"base_url": "http://127.0.0.1:x", "port": 1, "secret": "x"}',
        "[" * 100_000,
    ],
)
def test_a_damaged_record_is_not_taken_for_none(home: Path, content: str) -> None:
    path = record_path()
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(UnusableRecord, match="is damaged"):
        read_record()
    assert service.find() is None


def test_a_damaged_record_is_rewritten_and_no_process_is_orphaned(home: Path) -> None:
    started()
    (home / "state" / "service.json").write_text("{}")
    second, remarks = started()
    assert remarks == [f"service.json is damaged; it was rewritten, with port {second.port}."]
    assert mocks_of(home / "state") == [second.pid]


def test_a_link_in_place_of_the_record_is_not_followed(home: Path) -> None:
    record_path().symlink_to(home / "elsewhere.json")
    with pytest.raises(UnusableRecord):
        read_record()


def test_a_service_that_dies_at_its_start_says_its_last_words(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "COMMAND", ("-c", "raise SystemExit('no such disk')"))
    with pytest.raises(ServiceUnreachable, match="no such disk") as failed:
        started()
    assert one_line(str(failed.value))
    assert service.stop() is False


# -- strangers ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        "<html>a portal</html>",
        {"answer": "0" * 64, "pid": 1},
        {"answer": None},
        {"answer": "\ud800"},
        [],
        "[" * 9999,
    ],
)
def test_a_stranger_on_the_port_is_named_in_one_line_and_learns_nothing(
    home: Path, body: object
) -> None:
    record = new_record(free_port(0))
    with stranger(record.port, body) as heard:
        assert service.find() is None
        with pytest.raises(ServiceUnreachable) as failed:
            started()
    text = str(failed.value)
    assert one_line(text)
    assert str(record.port) in text
    assert "dialtone serve --port N" in text
    assert challenge.control_token(record) not in "".join(heard)
    assert record.secret.reveal() not in "".join(heard)
    assert "authorization" not in "".join(heard).lower()
    assert read_record() == record  # it never moves by itself


@pytest.fixture
def overtaken(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Another program takes the port after it was seen to be free; yields the ports it took."""
    taken: list[int] = []
    launch = process.launch
    with ExitStack() as others:

        def late(folder: Path, port: int, setup: Setup) -> subprocess.Popen[bytes]:
            if not taken:
                taken.append(port)
                others.enter_context(stranger(port))
            return launch(folder, port, setup)

        monkeypatch.setattr(process, "launch", late)
        yield taken


def test_who_loses_the_race_for_the_port_at_the_very_first_start_gets_another(
    home: Path, overtaken: list[int]
) -> None:
    running, remarks = started()
    assert overtaken != [running.port]
    assert remarks == [f"Started the local service on {running.base_url} ."]


def test_the_loser_is_told_later_because_the_issuer_has_a_name(
    home: Path, overtaken: list[int]
) -> None:
    overtaken.append(0)
    first, _ = started()
    service.stop()
    overtaken.clear()
    with pytest.raises(ServiceUnreachable, match="stopped while starting"):
        started()
    assert read_record() == first.record


def test_someone_who_accepts_but_stays_silent_is_recognised(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "ask", partial(_ask_quickly, challenge.ask))
    record = new_record(free_port(0))
    with silence(record.port), pytest.raises(ServiceUnreachable, match="does not answer") as failed:
        started()
    assert "End that program" in str(failed.value)


def test_an_answer_heard_before_is_worth_nothing(home: Path) -> None:
    """Each challenge has its own nonce: a recorded answer is a stranger's."""
    running, _ = started()
    nonce_of_before = challenge._digest(running.record, f"hello|n|{running.base_url}")
    service.stop()
    with stranger(running.port, {"answer": nonce_of_before, "pid": running.pid}):
        assert service.find() is None


def test_the_control_token_goes_to_no_one_who_took_the_port_since(home: Path) -> None:
    running, _ = started()
    service.stop()
    controls = Controls(lambda: running)  # what a kernel knew a moment ago
    with stranger(running.port, {"mails": []}) as heard, pytest.raises(ServiceUnreachable):
        controls.inbox()
    assert heard
    assert "authorization" not in "".join(heard).lower()


def test_a_move_to_another_port_is_made_on_purpose_only(home: Path) -> None:
    record = new_record(free_port(0))
    with stranger(record.port):
        moved, remarks = started(port=free_port(0))
        assert moved.port != record.port
        assert remarks == [f"The local service moved to port {moved.port}; register again there."]
        with pytest.raises(DialtoneError, match="dialtone stop") as failed:
            started(port=record.port)
        assert one_line(str(failed.value))
        service.stop()
        with pytest.raises(ServiceUnreachable, match=str(record.port)):
            started(port=record.port)
    assert (read_record() or record).port == moved.port


# -- the controls ------------------------------------------------------------------------------


def test_the_controls_work_on_the_real_mock(home: Path) -> None:
    controls = Controls(lambda: started()[0])
    assert controls.inbox() == []
    realm = controls.new_realm("strict")
    assert controls.move_clock(realm, 90) == 90
    assert controls.clear_limits(realm) == 0
    controls.reset(realm)
    controls.remove_realm(realm)
    controls.remove_realm(realm)  # gone already: fine
    with pytest.raises(ServiceError) as refused:
        controls.move_clock("default", 90)
    assert refused.value.status == 403


@pytest.mark.parametrize(
    "call",
    [
        lambda c: c.inbox(),
        lambda c: c.clear_limits(),
        lambda c: c.new_realm(),
        lambda c: c.move_clock("x", 1),
        lambda c: c.reset("x"),
        lambda c: c.code_for("a@example.com"),
        lambda c: c.remove_realm("x"),
        lambda c: c.fault("x", "/token", "drop"),
    ],
)
def test_the_real_service_has_no_controls_and_that_is_one_line(call) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(MockOnly) as refused:
        call(Controls(None))
    assert one_line(str(refused.value))


def test_a_mail_shows_neither_address_nor_code_in_an_output() -> None:
    mail = Mail(
        "1", "bob@corp.example", "A code", "2026-11-27", "default", "ABCD-2345", "ABCD-2345"
    )
    assert "bob" not in repr(mail)
    assert "ABCD" not in repr(mail)
