"""What reaches the browser and the notebook's file: modules that load, traits that hold nothing."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources

import pytest

from dialtone_kit.widgets import CodeForm, EmailForm, InboxView
from dialtone_kit.widgets.view import bundle, style

STATIC = resources.files("dialtone_kit.widgets").joinpath("static")
SHARED = {"base.js", "typed_code.js"}
FILES = {one.name for one in STATIC.iterdir() if one.name.endswith(".js")}
SCRIPTS = sorted(FILES - SHARED)
LATER = datetime(2100, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Enrollment:
    email: str
    expires_at: datetime = LATER


@dataclass(frozen=True)
class Credentials:
    client_id: str = "cli_my_agent_1"


@dataclass(frozen=True)
class Mail:
    id: str = "1"
    to: str = "you@example.com"
    subject: str = "Your code"
    sent_at: str = "2026"
    text: str = "It is ABCD-2345"
    code: str = "ABCD-2345"


def shown(panel):
    """The panel's view after a display, and the messages that it sends from now on."""
    panel._repr_mimebundle_()
    sent = []
    panel._view.send = sent.append
    return panel._view, sent


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_bundle_is_one_module_without_imports_or_markup(script):
    module = bundle(script)
    assert not re.search(r"^\s*import\b", module, re.M)
    assert re.findall(r"^export\b.*", module, re.M) == ["export default { render };"]
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", module)


def test_no_script_or_style_names_another_place():
    for text in [bundle(script) for script in SCRIPTS] + [style()]:
        assert not re.search(r"https?://[a-z]|@import|url\(", text)


def test_every_view_brings_the_whole_style_the_shared_rules_first():
    sheets = {one.name: one.read_text() for one in STATIC.iterdir() if one.name.endswith(".css")}
    for panel in (InboxView(lambda: []), EmailForm(Enrollment)):
        css = shown(panel)[0].get_state()["_css"]
        assert css.startswith(sheets["kit.css"])
        assert all(sheet in css for sheet in sheets.values())


def test_the_style_has_a_fallback_for_every_colour_of_jupyterlab():
    uses = re.findall(r"var\(--jp-[a-z0-9-]+(.)", style())
    assert uses
    assert set(uses) == {","}


@pytest.mark.row("C2")
def test_no_trait_and_no_text_holds_what_was_typed_or_emailed():
    form = EmailForm(Enrollment, "prefilled@example.com")
    code = CodeForm(lambda _: Credentials(), LATER, email="you@example.com")
    inbox = InboxView(lambda: [Mail()])
    for panel, kind in ((form, "submit"), (code, "submit"), (inbox, "refresh")):
        view, sent = shown(panel)
        value = "you@example.com" if panel is form else "ABCD-2345"
        panel.receive({"kind": kind, "round": 0, "value": value})
        kept = json.dumps(
            {k: v for k, v in view.get_state().items() if k not in ("_esm", "_css")}, default=str
        )
        assert "example.com" not in kept
        assert "2345" not in kept
        assert sent
        plain = panel._repr_mimebundle_()[0]["text/plain"]
        assert "example.com" not in plain
        assert "2345" not in plain


def test_the_state_goes_to_a_view_that_says_ready():
    form = EmailForm(Enrollment)
    view, sent = shown(form)
    view._handle_custom_msg({"kind": "ready"}, [])
    assert sent[0]["phase"] == "asking"
    assert sent[0]["round"] == 0


def test_the_views_see_the_waiting_and_then_the_outcome():
    form = EmailForm(Enrollment)
    view, sent = shown(form)
    view._handle_custom_msg({"kind": "submit", "round": 0, "value": "you@example.com"}, [])
    assert [(state["busy"], state["phase"]) for state in sent] == [
        (True, "asking"),
        (False, "sent"),
    ]
    json.dumps(sent)


def test_two_displays_share_one_view_model():
    form = EmailForm(Enrollment)
    one, two = form._repr_mimebundle_()[0], form._repr_mimebundle_()[0]
    assert one == two


def test_a_message_that_is_not_an_object_is_passed_over():
    view, sent = shown(EmailForm(Enrollment))
    view._handle_custom_msg(["ready"], [])
    assert sent == []


def test_without_a_person_no_widget_is_made():
    form = EmailForm(Enrollment, "you@example.com", interactive=False)
    form._repr_mimebundle_()
    assert form._view is None
