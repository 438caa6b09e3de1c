"""Everything that the kit shows to people, in each state and look: for eyes, keyboards and readers.

The looks are light, dark, JupyterLab's high contrast, and the system's own forced colours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.support import gallery, shots, sights
from tests.support.axe import violations
from tests.support.grant_desk import begin
from tests.support.lab import Lab, Person, faint_texts, write_notebook
from tests.support.running_mock import Mock

WRONG = "AAAA-AAAA"
SCHEMES = (("light", "none"), ("dark", "none"), ("light", "active"), ("dark", "active"))


@dataclass
class Visitor:
    """Somebody at the pages of a realm, with as many enrollments and devices as they need."""

    mock: Mock
    realm: str
    page: Any

    def enroll(self) -> tuple[dict[str, Any], str]:
        """An enrollment whose page is open, and its code."""
        enrollment, code = self.mock.enroll(self.realm, client_name="agent-" + "x" * 40)
        self.page.goto(enrollment["approval_url"])
        return enrollment, code

    def send(self, code: str) -> None:
        self.page.get_by_label("Verification code").fill(code)
        self.page.keyboard.press("Enter")
        self.page.wait_for_selector("[role=status], [role=alert]")

    def connect(self, user_code: str = "", email: str = "bea@example.com") -> None:
        """The device page, its first form filled in and sent."""
        device = begin(self.mock.register(self.realm), audience="https://api.example/" + "y" * 40)
        self.page.goto(device["verification_uri_complete"])
        self.page.get_by_label("Code shown on the device").fill(user_code or device["user_code"])
        self.page.get_by_label("Your email address").fill(email)
        self.page.get_by_role("button").click()
        self.page.wait_for_selector("[name=visit], [role=alert]", state="attached")

    def decide(self, code: str) -> None:
        self.page.get_by_label("Code from your email").fill(code)
        self.page.get_by_role("button", name="Yes").click()
        self.page.wait_for_selector("[role=status], [role=alert]")


def a_lost_form(visitor: Visitor) -> None:
    visitor.enroll()
    visitor.page.context.clear_cookies()
    visitor.send(WRONG)


def wrong_codes(count: int) -> Callable[[Visitor], None]:
    def send(visitor: Visitor) -> None:
        enrollment, _ = visitor.enroll()
        for _ in range(count - 1):
            visitor.mock.confirm(visitor.realm, enrollment, WRONG)
        visitor.send(WRONG)

    return send


def approved(visitor: Visitor) -> None:
    visitor.send(visitor.enroll()[1])


def confirmed(visitor: Visitor) -> None:
    enrollment, code = visitor.enroll()
    visitor.mock.confirm(visitor.realm, enrollment, code)
    visitor.page.reload()


def too_late(visitor: Visitor) -> None:
    visitor.enroll()
    visitor.mock.move_clock(visitor.realm, 3601)
    visitor.page.reload()


def unknown(visitor: Visitor) -> None:
    visitor.page.goto(f"{visitor.mock.issuer(visitor.realm)}/register/approve?enrollment=nobody")


def no_device_yet(visitor: Visitor) -> None:
    visitor.page.goto(f"{visitor.mock.issuer(visitor.realm)}/device")


def a_linked_device(visitor: Visitor) -> None:
    visitor.page.goto(f"{visitor.mock.issuer(visitor.realm)}/device?user_code=BCDF-GHJK")


def a_wrong_decision(visitor: Visitor) -> None:
    visitor.connect()
    visitor.decide(WRONG)


def a_device_approved(visitor: Visitor) -> None:
    visitor.connect()
    visitor.decide(visitor.mock.code_for("bea@example.com", visitor.realm))


def a_device_denied(visitor: Visitor) -> None:
    visitor.connect()
    visitor.page.get_by_role("button", name="No").click()
    visitor.page.wait_for_selector("[role=status]")


def a_device_too_late(visitor: Visitor) -> None:
    visitor.connect()
    visitor.mock.move_clock(visitor.realm, 3601)
    visitor.decide(WRONG)


# Each page in each state: how to get there, and words that are only there.
PAGES: dict[str, tuple[Callable[[Visitor], Any], str]] = {
    "sponsor, asked": (Visitor.enroll, "Do you vouch for"),
    "sponsor, wrong code": (wrong_codes(1), "4 tries left"),
    "sponsor, form lost": (a_lost_form, "out of date"),
    "sponsor, locked": (wrong_codes(5), "Locked"),
    "sponsor, approved": (approved, "Approved. No code"),
    "sponsor, confirmed": (confirmed, "Already done"),
    "sponsor, expired": (too_late, "Expired"),
    "sponsor, unknown": (unknown, "No such enrollment"),
    "device, asked": (no_device_yet, "An agent without a browser"),
    "device, by link": (a_linked_device, "This code came with the link"),
    "device, wrong code": (lambda visitor: visitor.connect(WRONG), "unknown or no longer"),
    "device, question": (Visitor.connect, "May my-agent act for you?"),
    "device, wrong answer": (a_wrong_decision, "not the code"),
    "device, approved": (a_device_approved, "Approved. You can close"),
    "device, denied": (a_device_denied, "You said no"),
    "device, over": (a_device_too_late, "Start again on the device"),
}


@pytest.fixture(scope="module")
def window(browser: Any) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(15_000)
    yield context.new_page()
    context.close()


@pytest.fixture(params=PAGES)
def visitor(request: pytest.FixtureRequest, window: Any, mock: Mock, realm: str) -> Visitor:
    """At one of PAGES."""
    go, words = PAGES[request.param]
    one = Visitor(mock, realm, window)
    go(one)
    assert words in window.locator("main").inner_text()
    return one


@pytest.mark.sample(2)
def test_a_page_is_for_everybody(visitor: Visitor, request: pytest.FixtureRequest) -> None:
    page, found = visitor.page, {}
    for scheme, forced in SCHEMES:
        page.emulate_media(color_scheme=scheme, forced_colors=forced)
        wrong = violations(page) + faint_texts(page, "body") + sights.edgeless(page, "body")
        wrong += sights.faint_placeholders(page, "body")
        found[f"{scheme}, forced colours {forced}"] = wrong
        shots.keep(page, f"page-{request.node.callspec.id}-{scheme}-{forced}".replace(", ", "-"))
    page.emulate_media(color_scheme="light", forced_colors="none", reduced_motion="reduce")
    found["motion"] = sights.moving(page, "body")
    found["names"] = sights.nameless(page, "body")
    found["keyboard"] = sights.unreachable(page, "main")
    for width in (640, 320):
        page.set_viewport_size({"width": width, "height": 900})
        found[f"{width} pixels"] = sights.sideways(page, "main")
    page.set_viewport_size({"width": 1280, "height": 900})
    assert {look: wrong for look, wrong in found.items() if wrong} == {}


# --- widgets and outputs, in one JupyterLab ---

OUTPUTS = "[data-shown]"
# The theme, and what the system does: in forced colours, black ground under a light theme's inks.
LOOKS = {
    "light": ("JupyterLab Light", "light", "none"),
    "dark": ("JupyterLab Dark", "light", "none"),
    "high contrast": ("JupyterLab Dark High Contrast", "light", "none"),
    "forced colours": ("JupyterLab Light", "dark", "active"),
}
_MARK = """(names) => document.querySelectorAll(".jp-Notebook .jp-Cell").forEach((cell, n) => {
  cell.querySelector(".jp-OutputArea-output")?.setAttribute("data-shown", names[n - 1]);
  cell.querySelectorAll("details").forEach((node) => { node.open = true; });
})"""


@pytest.fixture(scope="module")
def desk(lab: Lab, browser: Any) -> Iterator[Person]:
    """A person with the whole gallery run, and everything that unfolds unfolded."""
    write_notebook(lab.root / "gallery.ipynb", *gallery.SOURCES)
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    person = Person(lab, context.new_page(), "gallery.ipynb")
    person.run_all()
    assert person.errors() == []
    person.page.wait_for_function(
        "(count) => document.querySelectorAll('.dialtone-kit .dk-badge').length >= count",
        arg=sum(name.split()[0] in WIDGETS for name in gallery.NAMES),
    )
    person.page.evaluate(_MARK, list(gallery.NAMES))
    yield person
    person.switch_theme("JupyterLab Light")
    context.close()


WIDGETS = ("email", "code", "device", "inbox", "prediction", "quiz", "checker", "token")


def shown(name: str) -> str:
    """The CSS selector of an output of the gallery."""
    return f'[data-shown="{name}"]'


def test_the_gallery_has_each_widget_in_each_state(desk: Person) -> None:
    for name, (_, words) in gallery.CELLS.items():
        output = desk.page.locator(shown(name))
        output.get_by_text(words).first.wait_for(state="attached")
    styled = "(node) => getComputedStyle(node).borderTopStyle"
    frames = [one.evaluate(styled) for one in desk.page.locator(".dialtone-kit").all()]
    assert set(frames) == {"solid"}  # the style sheet is there: else nothing below says much


@pytest.mark.sample(2)
@pytest.mark.parametrize("look", LOOKS)
def test_an_output_breaks_no_rule_and_can_be_read(desk: Person, look: str) -> None:
    theme, scheme, forced = LOOKS[look]
    page = desk.page
    page.emulate_media(color_scheme=scheme, forced_colors=forced)
    desk.switch_theme(theme)
    wrong = violations(page, OUTPUTS)
    wrong += faint_texts(page, OUTPUTS) + sights.faint_placeholders(page, OUTPUTS)
    wrong += sights.edgeless(page, OUTPUTS) + sights.nameless(page, OUTPUTS)
    page.emulate_media(color_scheme="light", forced_colors="none")
    assert wrong == []


def test_nothing_moves_for_somebody_who_asked_for_less_motion(desk: Person) -> None:
    desk.page.emulate_media(reduced_motion="no-preference")
    assert any("dk-tile" in line for line in sights.moving(desk.page, OUTPUTS))  # it would be seen
    desk.page.emulate_media(reduced_motion="reduce")
    assert sights.moving(desk.page, OUTPUTS) == []


@pytest.mark.parametrize("width", [640, 320])
def test_nothing_but_code_and_pictures_has_to_be_moved_sideways(desk: Person, width: int) -> None:
    narrow = f"{OUTPUTS} {{ flex: none !important; width: {width}px !important }}"
    style = desk.page.add_style_tag(content=narrow)
    assert desk.page.locator(shown("wire")).evaluate("(node) => node.offsetWidth") == width
    wrong = sights.sideways(desk.page, OUTPUTS)
    style.evaluate("(node) => node.remove()")
    assert wrong == []


_FRAMES = """(outputs) => [...document.querySelectorAll(outputs)].map((output) => {
  const framed = [...output.querySelectorAll("*")].find((node) =>
    parseFloat(getComputedStyle(node).borderRightWidth) && node.offsetWidth > 300);
  return framed && [output.dataset.shown, Math.round(framed.getBoundingClientRect().right)];
}).filter(Boolean)"""


@pytest.mark.parametrize("width", [1000, 1280, 1700])
def test_all_frames_end_at_one_line(desk: Person, width: int) -> None:
    desk.page.set_viewport_size({"width": width, "height": 1000})
    edges = dict(desk.page.evaluate(_FRAMES, OUTPUTS))
    desk.page.set_viewport_size({"width": 1280, "height": 1000})
    assert {name.split()[0] for name in edges} >= {*WIDGETS, "said", "wire", "sequence", "done"}
    assert max(edges.values()) - min(edges.values()) <= 1, edges


# A state for each widget and output in which it has the most to press.
PRESSED = (
    *("email asking", "email sent", "code asking", "inbox full", "prediction unanswered"),
    *("prediction wrong", "quiz unanswered", "checker red", "token two", "said", "wire"),
    *("sequence", "done", "note", "device waiting", "family dead"),
)


@pytest.mark.sample(2)
@pytest.mark.parametrize("name", PRESSED)
def test_every_control_is_reached_by_tab_and_shows_it(desk: Person, name: str) -> None:
    assert sights.unreachable(desk.page, shown(name)) == []


# What is pressed from the first control on (after "=": typed), and what is then there.
USES = {
    "email asking": (["=robin@mail.example", "Enter"], "text=A code is on its way"),
    "code asking": (["=WXYZ-6789", "Enter"], "text=Registered as"),
    "device waiting": (["Tab", "Enter"], "text=from now on the agent waits"),
    "inbox full": (["Tab", "Tab", "Enter"], "text=Copied: paste it"),
    "prediction unanswered": (["Space", "ArrowDown", "Tab", "Space"], "text=you were sure"),
    "quiz unanswered": ([*["Space", "Tab", "Space", "Tab"] * 8, "Enter"], "text=Thank you"),
    "checker green": (["Tab", "Tab", "Control+a", "=x", "Enter"], "text=stopped by rule 3"),
    "token one": (["Tab", "Enter"], "details:not([open])"),
    "wire": (["Enter"], "details:not([open])"),
    "sequence": (["Space"], "details:not([open])"),
}


@pytest.mark.sample(2)
@pytest.mark.parametrize("name", USES)
def test_a_widget_is_used_by_keyboard_alone(desk: Person, name: str) -> None:
    keys, outcome = USES[name]
    sights.focus_first(desk.page, shown(name))
    for key in keys:
        if key.startswith("="):
            desk.page.keyboard.type(key[1:])
        else:
            desk.page.keyboard.press(key)
    desk.page.locator(shown(name)).locator(outcome).first.wait_for()
