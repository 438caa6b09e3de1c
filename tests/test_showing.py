"""Nothing public shows the secret it holds: at the end of a cell, in a string, or pickled."""

from __future__ import annotations

import contextlib
import pickle
from datetime import UTC, datetime
from inspect import isclass
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

import dialtone_kit
from dialtone_kit import spiffe
from dialtone_kit.base import display
from dialtone_kit.base.masking import Secret
from dialtone_kit.client.device_login import DeviceLogin
from tests.support.fake_service import BASE, CREDENTIALS, SECRET

JWT = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJjbGlfeCJ9.c2lnbmF0dXJlc2lnbmF0dXJl"
HELD = Secret(JWT)
KEY, NOW = dialtone_kit.ProofKey.generate(), datetime(2026, 11, 27, tzinfo=UTC)
TOKEN = dialtone_kit.Token(HELD, "DPoP", 300, "openid", KEY, 0.0, HELD)
ID = spiffe.SpiffeId.parse("spiffe://dialtone.test/x")
EVIDENCE = spiffe.Evidence("kubernetes", JWT, JWT)
SHOWN: dict[type, object] = {
    type(one): one
    for one in (
        HELD,
        KEY,
        TOKEN,
        CREDENTIALS,
        EVIDENCE,
        dialtone_kit.DPoPAuth(KEY, TOKEN),
        dialtone_kit.Enrollment("e", HELD, BASE, BASE, NOW, "a@b", "x", None, BASE, BASE),
        dialtone_kit.IdentityClient(BASE, credentials=CREDENTIALS),
        dialtone_kit.Request("GET", BASE, 0.0, access_token=JWT),
        DeviceLogin(HELD, HELD, BASE, HELD, NOW, 5),
        spiffe.JwtSvid(ID, HELD, ("a",), NOW),
        spiffe.Workload(BASE, ID, lambda _: EVIDENCE),
        spiffe.WorkloadKey.generate(),
        spiffe.X509Svid(ID, (), spiffe.WorkloadKey.generate()),
    )
}
WITHOUT_SECRETS = {dialtone_kit.SeenProofs, spiffe.SpiffeId, spiffe.TrustBundle}
HIDDEN = (JWT, JWT[4:24], SECRET, "PRIVATE")


@pytest.fixture(scope="module")
def shell() -> InteractiveShell:
    return InteractiveShell()  # type: ignore[no-untyped-call]


def test_every_public_class_is_looked_at() -> None:
    public = [getattr(room, name) for room in (dialtone_kit, spiffe) for name in room.__all__]
    classes = {one for one in public if isclass(one) and not issubclass(one, Exception)}
    assert classes - WITHOUT_SECRETS <= set(SHOWN)


@pytest.mark.parametrize("kind", SHOWN, ids=lambda kind: kind.__name__)
def test_it_is_not_shown(shell: InteractiveShell, kind: type) -> None:
    one = SHOWN[kind]
    forms, _ = shell.display_formatter.format([one])  # type: ignore[union-attr, no-untyped-call]
    alone, _ = shell.display_formatter.format(one)  # type: ignore[union-attr, no-untyped-call]
    texts = [repr(one), str(one), f"{one}", *forms.values(), *alone.values()]
    assert [text for text in texts if any(hidden in str(text) for hidden in HIDDEN)] == []


@pytest.mark.parametrize(
    "kind",
    [kind for kind in SHOWN if kind not in (spiffe.Evidence, dialtone_kit.Request)],
    ids=lambda kind: kind.__name__,
)
def test_it_is_not_pickled(kind: type) -> None:
    with contextlib.suppress(TypeError, AttributeError, pickle.PicklingError):
        assert not any(hidden.encode() in pickle.dumps(SHOWN[kind]) for hidden in HIDDEN)


def ends_in(shell: InteractiveShell, value: Any) -> str:
    shell.user_ns["value"] = value
    with capture_output() as captured:
        assert shell.run_cell("value").success  # type: ignore[no-untyped-call]
    return captured.stdout


def test_an_answer_at_the_end_of_a_cell_is_masked_and_stays_as_it_is(
    shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = {"access_token": JWT, "expires_in": 300, "more": [{"refresh_token": "opaque-value"}]}
    assert JWT in ends_in(shell, answer)
    monkeypatch.setattr("IPython.get_ipython", lambda: shell)
    display.mask_answers()
    display.mask_answers()  # by the next lesson in this kernel
    text = ends_in(shell, answer)
    assert JWT not in text
    assert "opaque-value" not in text
    assert f"•••••• (JWT, {len(JWT)} characters)" in text
    assert "'expires_in': 300" in text
    assert answer["access_token"] == JWT
    shell.run_cell("value['itself'] = value")  # type: ignore[no-untyped-call]
    assert JWT not in ends_in(shell, answer)


def test_outside_a_notebook_nothing_is_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("IPython.get_ipython", lambda: None)
    display.mask_answers()


def test_a_notebook_shows_a_token_line_by_line(shell: InteractiveShell) -> None:
    forms, _ = shell.display_formatter.format(SHOWN[dialtone_kit.Token])  # type: ignore[union-attr, no-untyped-call]
    first, *fields, last = forms["text/plain"].splitlines()
    assert (first, last) == ("Token(", ")")
    assert [line.strip().partition("=")[0] for line in fields][:2] == ["access_token", "token_type"]
    assert max(map(len, fields)) < 100
