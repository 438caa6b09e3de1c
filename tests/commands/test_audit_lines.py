"""`dialtone audit`: lines of JSON, up to now or as they come; and the controls for policies."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from dialtone_kit.base.errors import MockOnly, ServiceError
from dialtone_kit.commands import audit, doctor
from dialtone_kit.commands.cli import main
from dialtone_kit.lesson.lab_realm import LabRealm
from dialtone_kit.local import service
from dialtone_kit.local.controls import Controls
from dialtone_kit.local.state_folder import state_dir
from dialtone_kit.wire.recorder import Wire


def dialtone(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert isinstance(ended.value.code, int)
    return ended.value.code


def lab(**options: object) -> LabRealm:
    return LabRealm(service.ensure().base_url, Controls(service.ensure), Wire(), **options)  # type: ignore[arg-type]


def test_without_a_service_it_is_one_line_and_nothing_is_started(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert dialtone("audit") == 1
    assert capsys.readouterr().err.startswith("dialtone: No local service has run here yet.")
    assert service.find() is None


def test_each_event_is_a_line_of_json(
    shared_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with lab() as one, lab() as other:
        one.client.get_token()
        assert dialtone("audit", "--realm", one.realm) == 0
        lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert [line["event"] for line in lines] == [
            "authorization_decision",
            "registration_requested",
            "registration",
            "token_issued",
        ]
        assert {line["realm"] for line in lines} == {one.realm}
        assert one.client.credentials is not None
        assert dialtone("audit", "--client", one.client.credentials.client_id) == 0
        mine = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert mine == lines[2:]
        assert dialtone("audit") == 0
        everything = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert {one.realm, other.realm} <= {line["realm"] for line in everything}
        ids = [line["id"] for line in everything]
        assert ids == sorted(set(ids))


def test_more_than_a_page_comes_whole(shared_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "PAGE", 2)
    with lab() as one:
        for _ in range(5):
            one.client.get_token()
        assert len(list(audit.events(one.realm))) == 8


def test_following_tells_what_happens_later_and_nothing_twice(shared_home: Path) -> None:
    with lab() as one:
        naps = iter(range(3))
        seen: list[str] = []

        def nap(_: float) -> None:
            if next(naps, None) is None:
                raise KeyboardInterrupt
            one.client.get_token()

        with suppress(KeyboardInterrupt):
            for line in audit.events(one.realm, follow=True, sleep=nap):
                seen.append(line)
        events = [json.loads(line) for line in seen]
        assert [event["event"] for event in events][2:] == ["registration", *["token_issued"] * 3]
        assert len({event["id"] for event in events}) == len(events)


def test_ctrl_c_ends_following_as_it_should_and_a_closed_pipe_ends_it_quietly(
    shared_home: Path,
) -> None:
    with lab() as one:
        command = [
            sys.executable,
            "-c",
            "from dialtone_kit.commands.cli import main; main()",
            "audit",
        ]
        child = subprocess.Popen(
            [*command, "--realm", one.realm, "--follow"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=dict(os.environ),
        )
        assert child.stdout is not None
        assert json.loads(child.stdout.readline())["realm"] == one.realm
        begun = threading.Timer(0.2, one.client.get_token)
        begun.start()
        while json.loads(child.stdout.readline())["event"] != "token_issued":
            pass
        child.send_signal(signal.SIGINT)
        _, output = child.communicate(timeout=20)
        assert (child.returncode, output) == (0, "")
        for _ in range(300):  # more than a pipe's buffer of 64 KiB holds
            one.client.get_token()
        reader = subprocess.Popen(
            [*command, "--realm", one.realm],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=dict(os.environ),
        )
        assert reader.stdout is not None
        assert reader.stderr is not None
        reader.stdout.readline()
        reader.stdout.close()
        assert (reader.wait(timeout=20), reader.stderr.read()) == (0, "")


def test_the_real_service_has_no_such_controls() -> None:
    nothing = Controls(None)
    for call in (nothing.policies, nothing.audit, lambda: nothing.write_policies("lab-1", "")):
        with pytest.raises(MockOnly):
            call()


def test_a_lab_realm_without_a_rule_by_the_kits_own_hands(shared_home: Path) -> None:
    with lab(without="htm_matches", scopes=()) as weak:
        assert weak.realm.startswith("lab-")
    with pytest.raises(ServiceError, match="can't be switched off"):
        lab(without="well_formed")


def test_policies_by_the_kits_own_hands(shared_home: Path) -> None:
    controls = Controls(service.ensure)
    assert {one.file for one in controls.policies() if one.valid} == {
        "default.cedar",
        "strict.cedar",
        "acme.cedar",
    }
    with lab() as one:
        version = controls.write_policies(one.realm, "permit (principal, action, resource);")
        assert len(version) == 12
        with pytest.raises(ServiceError, match=rf"{one.realm}\.cedar:2: "):
            controls.write_policies(one.realm, "\npermit (principal, action);")


def test_doctor_says_where_policies_are_and_what_is_wrong_with_one(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (before,) = doctor.policies()
    assert (before.ok, "when it first starts" in before.text) == (True, True)
    service.ensure()
    (fine,) = doctor.policies()
    assert (
        fine.ok,
        fine.text.endswith("all valid; yours to edit; changes apply to the next request"),
    ) == (
        True,
        True,
    )
    (state_dir() / "policies" / "acme.cedar").write_text("permit (principal, action\nresource);")
    (broken,) = doctor.policies()
    assert not broken.ok
    assert "policies/acme.cedar:2: unexpected token" in broken.text
    service.stop()
    (away,) = doctor.policies()
    assert away.ok
    assert dialtone("doctor") in (0, 1)
    assert "Policies: " in capsys.readouterr().out
