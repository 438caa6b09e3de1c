"""The email form and the code form without a browser: what each message does and shows."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from dialtone_kit.base.errors import LessonStop, RateLimited, ServiceError, ServiceUnreachable
from dialtone_kit.client.enrollment_state import EnrollmentState
from dialtone_kit.widgets import CodeForm, EmailForm, email_problem

HOUR = datetime.fromtimestamp(4600, UTC)


@dataclass(frozen=True)
class FakeEnrollment:
    email: str
    expires_at: datetime = HOUR


@dataclass(frozen=True)
class FakeCredentials:
    client_id: str = "cli_my_agent_1"


@dataclass
class Service:
    """Remembers what it was asked, and raises what a test lays down, one after another."""

    raises: list[Exception] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def enroll(self, email: str) -> FakeEnrollment:
        self._answer(email)
        return FakeEnrollment(email)

    def confirm(self, code: str) -> FakeCredentials:
        self._answer(code)
        return FakeCredentials()

    def _answer(self, value: str) -> None:
        self.asked.append(value)
        if self.raises:
            raise self.raises.pop(0)


@pytest.fixture
def service():
    return Service()


def email_form(service, **options):
    return EmailForm(service.enroll, now=lambda: 1000, **options)


def code_form(service, **options):
    return CodeForm(service.confirm, HOUR, now=options.pop("now", lambda: 1000), **options)


def press(form, kind, value=""):
    form.receive({"kind": kind, "round": form.round, "value": value})


def wrong_code(tries_left):
    error = ServiceError(401, "unauthorized", "That is not the code.")
    error.tries_left = tries_left
    return error


# -- what is an address ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address", ["you@example.com", "a.b+c@sub.example.org", "u@exämple.de", "you@host"]
)
def test_an_address_is_accepted(address):
    assert email_problem(address) is None


@pytest.mark.parametrize(
    "address",
    [
        "",
        "you",
        "@example.com",
        "you@",
        "ü@exämple.de",
        "a@b@c.de",
        "a b@example.com",
        "a@b.de,c@d.de",
        "a@example.com\n",
        "a@example.com\r\nBcc: x",
        "\x00a@example.com",
        "a@b..",
        "<a@b.de>",
        "a" * 250 + "@example.com",
    ],
)
def test_what_is_not_an_address_is_refused_and_not_sent(address, service):
    form = email_form(service)
    press(form, "submit", address)
    if address.strip() != "a@example.com":  # the form forgives a space or a line end around it
        assert service.asked == []
        assert form.state()["problem"]["text"]
    assert email_problem(address)


# -- the email form --------------------------------------------------------------------------


def test_an_address_is_sent_and_required(service):
    form = email_form(service)
    assert form.state()["phase"] == "asking"
    press(form, "submit", "  you@example.com ")
    assert form.require() == FakeEnrollment("you@example.com")
    state = form.state()
    assert (state["phase"], state["email"], state["seconds_left"]) == (
        "sent",
        "you@example.com",
        3600,
    )


def test_an_unanswered_form_stops_the_lesson_in_one_line(service):
    with pytest.raises(LessonStop, match="Type your email address") as stop:
        email_form(service).require()
    assert "\n" not in str(stop.value)


def test_a_double_click_sends_once(service):
    form = email_form(service)
    click = {"kind": "submit", "round": form.round, "value": "you@example.com"}
    form.receive(click)
    form.receive(click)
    assert service.asked == ["you@example.com"]


def test_a_click_while_the_service_is_asked_does_nothing(service):
    form = email_form(service)
    states = []

    def impatient(email):
        states.append(form.state() | {"busy": form.busy})
        press(form, "submit", "other@example.com")
        return service.enroll(email)

    form._send = impatient
    press(form, "submit", "you@example.com")
    assert service.asked == ["you@example.com"]
    assert states[0]["busy"] is True


def test_a_refusal_is_shown_and_can_be_mended(service):
    service.raises = [ServiceError(403, "access_denied", "This domain may not register agents.")]
    form = email_form(service)
    press(form, "submit", "you@example.com")
    assert "may not register" in form.state()["problem"]["text"]
    assert form.state()["email"] == "you@example.com"
    press(form, "submit", "me@example.com")
    assert form.state()["problem"] == {}
    assert form.require().email == "me@example.com"


def test_a_wrong_address_is_kept_to_be_mended_and_the_form_says_what_to_do(service):
    form = email_form(service)
    press(form, "submit", "you@exa mple.com")
    assert form.state()["email"] == "you@exa mple.com"
    assert "correct the address" in form.state()["problem"]["text"]
    assert "such as you@example.com" in form.state()["problem"]["text"]


def test_a_limit_names_one_time_only_that_of_the_countdown(service):
    service.raises = [RateLimited("3 an hour are the limit. Try again in 120 s.", 120)]
    form = email_form(service)
    press(form, "submit", "you@example.com")
    text = form.state()["problem"]["text"]
    assert text == "429 rate_limited: 3 an hour are the limit."


def test_a_limit_is_shown_with_the_time_left_and_the_line_that_clears_it(service):
    service.raises = [RateLimited("Three in an hour.", 120)]
    clock = [1000.0]
    form = EmailForm(service.enroll, clear_limits="lesson.reset_limits()", now=lambda: clock[0])
    press(form, "submit", "you@example.com")
    assert form.state()["problem"]["wait"] == 120
    assert form.state()["problem"]["clear_limits"] == "lesson.reset_limits()"
    clock[0] += 50  # a view drawn later gets the time left then
    assert form.state()["problem"]["wait"] == 70
    press(form, "submit", "you@example.com")
    assert form.require()


@pytest.mark.parametrize(
    "error", [ServiceUnreachable("No connection."), KeyError("x"), OSError("y")]
)
def test_no_error_of_a_callable_gets_out(service, error):
    service.raises = [error]
    form = email_form(service)
    press(form, "submit", "you@example.com")
    assert form.state()["problem"]["text"]
    assert not form.busy


def test_a_secret_in_an_error_is_masked(service):
    service.raises = [ServiceError(400, "invalid_request", "bad sec_" + "a" * 43)]
    form = email_form(service)
    press(form, "submit", "you@example.com")
    assert "a" * 10 not in form.state()["problem"]["text"]


def test_a_new_code_can_be_asked_for_and_another_address_typed(service):
    form = email_form(service)
    press(form, "submit", "you@example.com")
    press(form, "again")
    assert form.state()["again"] is True
    press(form, "other")
    assert (form.state()["phase"], form.state()["email"]) == ("asking", "")
    assert service.asked == ["you@example.com"] * 2


def test_a_pending_enrollment_is_taken_up(service):
    pending = FakeEnrollment("before@example.com")
    form = email_form(service, enrollment=pending)
    assert form.state()["restored"] is True
    assert form.require() is pending
    assert service.asked == []


def test_without_a_person_the_parameter_is_sent_at_once(service):
    form = email_form(service, email="you@example.com", interactive=False)
    assert form.require().email == "you@example.com"
    assert service.asked == ["you@example.com"]
    assert form._repr_mimebundle_() == {"text/plain": repr(form)}
    assert "you@example.com" not in repr(form)


def test_without_a_person_a_refusal_is_the_cells_error(service):
    service.raises = [ServiceError(403, "access_denied", "no")]
    with pytest.raises(ServiceError):
        email_form(service, email="you@example.com", interactive=False)


def test_without_a_person_a_bad_address_stops_the_lesson(service):
    with pytest.raises(LessonStop, match="not a single email address"):
        email_form(service, email="nobody", interactive=False)


# -- the code form ---------------------------------------------------------------------------


def test_the_right_code_gives_the_credentials(service):
    form = code_form(service)
    assert (form.state()["phase"], form.state()["tries_left"]) == ("asking", None)
    press(form, "submit", "Your code is abcd\u22122345.")
    assert service.asked == ["ABCD-2345"]
    assert form.require().client_id == "cli_my_agent_1"
    assert form.state()["phase"] == "confirmed"


@pytest.mark.row("C2")
def test_no_state_holds_the_code(service):
    service.raises = [wrong_code(4)]
    form = code_form(service)
    for _ in range(2):
        press(form, "submit", "ABCD-2345")
        assert "2345" not in repr(form.state())
        assert "2345" not in repr(form)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("ABCD-2O45", "0, O, 1 or I"),
        ("12", "0, O, 1 or I"),
        ("ABCD-2345 or WXYZ-6789", "more than one"),
    ],
)
def test_what_can_be_no_code_costs_no_try(service, typed, said):
    form = code_form(service)
    press(form, "submit", typed)
    assert service.asked == []
    assert said in form.state()["problem"]["text"]
    assert form.state()["problem"]["keep"] is True  # it is corrected, not typed again
    assert form.state()["tries_left"] is None


def test_wrong_codes_count_the_tries_down(service):
    service.raises = [wrong_code(4), wrong_code(3)]
    form = code_form(service)
    for left in (4, 3):
        press(form, "submit", "ABCD-2345")
        assert (form.state()["phase"], form.state()["tries_left"]) == ("asking", left)
    with pytest.raises(LessonStop, match="Type the code"):
        form.require()


@pytest.mark.parametrize(
    ("error", "clock", "phase", "message"),
    [
        (ServiceError(410, "gone", "Locked."), 1000, "locked", "wrong codes"),
        (ServiceError(410, "gone", "Locked."), 4601, "locked", "wrong codes"),
        (wrong_code(0), 1000, "locked", "wrong codes"),
        (ServiceError(410, "gone", "It expired."), 4601, "expired", "This code has expired"),
        (ServiceError(410, "gone", "It expired."), 1000, "expired", "This code has expired"),
        (ServiceError(410, "gone", "Not here."), 1000, "over", "this enrollment is over"),
        (ServiceError(409, "conflict", "again"), 1000, "confirmed before", "already confirmed"),
    ],
)
def test_each_end_has_its_own_message(service, error, clock, phase, message):
    service.raises = [error]
    form = code_form(service, now=lambda: clock)
    press(form, "submit", "ABCD-2345")
    assert form.state()["phase"] == phase
    with pytest.raises(LessonStop, match=message):
        form.require()
    press(form, "submit", "ABCD-2345")
    assert len(service.asked) == 1


def test_a_lost_connection_leaves_the_form_open(service):
    service.raises = [ServiceUnreachable("No connection.")]
    form = code_form(service)
    press(form, "submit", "ABCD-2345")
    assert (form.state()["phase"], form.state()["problem"]["keep"]) == ("asking", True)
    press(form, "submit", "ABCD-2345")
    assert form.require()


def look(form):
    form.receive({"kind": "look"})


def test_the_tries_left_are_the_services_not_counted_here(service):
    states = [EnrollmentState("pending", 4), EnrollmentState("pending", 1)]
    service.raises = [wrong_code(3)]
    form = code_form(service, watch=lambda: states.pop(0))
    look(form)
    assert form.state()["tries_left"] == 4  # a wrong code on the sponsor's page
    press(form, "submit", "ABCD-2345")
    assert form.state()["tries_left"] == 3
    assert not re.search(
        r"\d tr", form.state()["problem"]["text"]
    )  # said once, where it is renewed
    look(form)
    assert form.state()["tries_left"] == 1


@pytest.mark.parametrize("told", ["locked", "expired"])
@pytest.mark.parametrize("clock", [1000, 4601])
def test_how_a_410_ended_is_the_services_word_whatever_our_clock_says(service, told, clock):
    service.raises = [ServiceError(410, "gone", "Start a new one.")]
    form = code_form(service, now=lambda: clock, watch=lambda: EnrollmentState(told))
    press(form, "submit", "ABCD-2345")
    assert form.state()["phase"] == told


@pytest.mark.parametrize(
    ("told", "phase"),
    [("locked", "locked"), ("expired", "expired"), ("confirmed", "confirmed before")],
)
def test_a_look_shows_what_happened_elsewhere(service, told, phase):
    form = code_form(service, watch=lambda: EnrollmentState(told))
    look(form)
    assert form.state()["phase"] == phase
    assert form.state()["end"]


def test_the_time_left_goes_by_the_services_clock(service):
    form = code_form(service, watch=lambda: EnrollmentState("pending", 5, 60.0))
    assert form.state()["seconds_left"] == 3600
    look(form)
    assert form.state()["seconds_left"] == 60


def test_a_look_that_fails_or_comes_late_changes_nothing(service):
    def fails():
        raise ServiceUnreachable("No connection.")

    form = code_form(service, watch=fails)
    look(form)
    assert (form.state()["phase"], form.state()["problem"]) == ("asking", {})

    def late():
        press(form, "submit", "ABCD-2345")
        return EnrollmentState("locked", 0)

    form = code_form(service, watch=late)
    look(form)
    assert form.state()["phase"] == "confirmed"


def test_a_look_uses_up_no_round_so_a_click_at_that_moment_counts(service):
    form = code_form(service, watch=lambda: EnrollmentState("pending", 5))
    seen = form.round
    look(form)
    form.receive({"kind": "submit", "round": seen, "value": "ABCD-2345"})
    assert form.require()


def test_an_approval_on_the_page_is_shown_and_needs_no_code(service):
    watch = iter([EnrollmentState("approved", 5)])
    form = code_form(service, approved=FakeCredentials, watch=lambda: next(watch))
    look(form)
    assert form.state()["approved"] is True
    press(form, "approved")
    assert form.require()


def test_the_approve_page_replaces_the_code(service):
    form = code_form(service, approved=FakeCredentials, approval_url="http://127.0.0.1:8787/x")
    assert form.state()["can_approve"] is True
    press(form, "approved")
    assert form.require().client_id == "cli_my_agent_1"


def test_without_a_person_the_code_comes_from_its_source(service):
    form = code_form(service, interactive=False, code_source=lambda: "ABCD-2345")
    assert form.require()
    assert service.asked == ["ABCD-2345"]
    assert "2345" not in repr(form)


def test_without_a_person_and_a_code_the_lesson_says_which_parameter(service):
    form = code_form(service, interactive=False)
    with pytest.raises(LessonStop, match="verification_code"):
        form.require()


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"kind": 3},
        {"kind": "submit"},
        {"kind": "submit", "round": 0, "value": None},
        {"kind": "submit", "round": 0, "value": ["ABCD-2345"]},
        {"kind": "nonsense", "round": 0},
        {"kind": "approved", "round": 0},
    ],
)
def test_no_message_of_a_browser_breaks_a_form(service, message):
    for form in (email_form(service), code_form(service)):
        form.receive(message)
        assert service.asked == []
        assert not form.busy


def test_two_views_pressed_at_the_same_moment_send_once(service):
    both, entered = threading.Barrier(2), threading.Event()

    def slow(email):
        entered.set()
        return service.enroll(email)

    form = EmailForm(slow, now=lambda: 1000)
    click = {"kind": "submit", "round": 0, "value": "you@example.com"}

    def press_together():
        both.wait(timeout=5)
        form.receive(click)

    views = [threading.Thread(target=press_together) for _ in range(2)]
    for view in views:
        view.start()
    for view in views:
        view.join(timeout=5)
    assert entered.is_set()
    assert service.asked == ["you@example.com"]
