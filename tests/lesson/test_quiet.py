"""Tracebacks of a lesson's own calls: no code and no control token, whatever IPython shows."""

from __future__ import annotations

import re
from http.client import HTTPConnection
from pathlib import Path
from typing import NoReturn

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from dialtone_kit import start
from dialtone_kit.client.identity import IdentityClient
from dialtone_kit.lesson import approving, registering
from dialtone_kit.local.challenge import control_token
from dialtone_kit.local.record import read_record

CODE = re.compile(r"\b[A-HJ-NP-Z2-9]{4}-[A-HJ-NP-Z2-9]{4}\b")
CONFIRMING = (IdentityClient, "confirm_enrollment", "")
# A call, and what is interrupted in it: a function, once this sign is in its arguments.
CALLS = {
    "registering.register(client, controls, 'a@b.example', 'x', ('openid',), print)": CONFIRMING,
    "lesson.code_form(client.request_enrollment('c@d.example', 'x', '', ('openid',)))": CONFIRMING,
    "lesson.approve(client.start_device('openid'), 'e@f.example')": (approving, "_send", "{"),
    "controls.inbox()": (HTTPConnection, "request", "Bearer"),
}


@pytest.mark.parametrize("cell", CALLS)
def test_a_lessons_call_that_is_interrupted_shows_nothing_secret(
    shared_home: Path, monkeypatch: pytest.MonkeyPatch, cell: str
) -> None:
    shell, lesson = InteractiveShell(), start("02", {"interactive": False})  # type: ignore[no-untyped-call]
    record, hits = read_record(), []
    assert record is not None
    names = {"client": lesson.client, "controls": lesson.controls, "registering": registering}
    shell.user_ns.update(names, lesson=lesson)
    place, name, sign = CALLS[cell]
    works = getattr(place, name)

    def interrupted(*about: object, **more: object) -> object:
        if sign not in str(about):  # not yet: it carries nothing secret
            return works(*about, **more)
        hits.append(name)
        return _interrupt()

    monkeypatch.setattr(place, name, interrupted)
    with capture_output() as captured:
        shell.run_line_magic("xmode", "Verbose")
        shell.run_cell(cell)  # type: ignore[no-untyped-call]
    text = captured.stdout + captured.stderr
    assert hits == [name]
    assert "KeyboardInterrupt" in text
    assert control_token(record) not in text
    assert CODE.findall(text) == []


def _interrupt() -> NoReturn:
    raise KeyboardInterrupt
