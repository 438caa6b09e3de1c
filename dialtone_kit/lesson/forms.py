"""How a lesson fills in its forms: by the person at the widget, or alone when nobody is there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from dialtone_kit.base.errors import LessonStop
from dialtone_kit.base.notebook import link
from dialtone_kit.client.credentials import find
from dialtone_kit.client.enrollment_state import EnrollmentState, look_up
from dialtone_kit.client.enrollments import Enrollment
from dialtone_kit.client.identity import IdentityClient
from dialtone_kit.client.quiet import hiding
from dialtone_kit.lesson import registering
from dialtone_kit.lesson.misconceptions import entry_for_view
from dialtone_kit.local.controls import Controls
from dialtone_kit.widgets import CodeForm, EmailForm


class RegisteringLesson(Protocol):
    """What the forms need of the lesson."""

    @property
    def client(self) -> IdentityClient: ...
    @property
    def controls(self) -> Controls: ...
    @property
    def issuer(self) -> str: ...
    @property
    def is_mock(self) -> bool: ...
    @property
    def email(self) -> str: ...
    @property
    def client_name(self) -> str: ...
    @property
    def interactive(self) -> bool: ...


def email_form(lesson: RegisteringLesson, scopes: Sequence[str], description: str) -> EmailForm:
    """The email form of `lesson`; it resumes an enrollment that is waiting for its code."""
    waiting = registering.pending(lesson.client, lesson.email, lesson.client_name)
    if waiting is None and not lesson.interactive:
        _check_unattended(lesson, scopes)
    email = lesson.email or ("" if lesson.interactive else registering.own_address())
    form = EmailForm(
        lambda address: _request(lesson, address, scopes, description),
        email,
        lesson.interactive,
        enrollment=waiting,
        note=_note(lesson, scopes),
        clear_limits="lesson.reset_limits()" if lesson.is_mock else "",
    )
    form.explain = entry_for_view
    return form


def _request(
    lesson: RegisteringLesson, address: str, scopes: Sequence[str], description: str
) -> Enrollment:
    """Request an enrollment; unattended at the mock, a rate limit is cleared on the way."""
    if lesson.interactive or not lesson.is_mock:
        lesson.controls.claim(address, lesson.client.realm)
        return lesson.client.request_enrollment(
            address, lesson.client_name, description, tuple(scopes)
        )
    return registering.request(
        lesson.client,
        lesson.controls,
        address,
        lesson.client_name,
        scopes=scopes,
        description=description,
        say=print,
    )


@hiding  # unattended, it confirms: the code is in its frames
def code_form(
    lesson: RegisteringLesson, enrollment: Enrollment, verification_code: str
) -> CodeForm:
    """The form for the emailed code. Unattended, the parameter or the mock's inbox supplies it."""
    client = lesson.client
    form = CodeForm(
        lambda code: client.confirm_enrollment(enrollment, code),
        enrollment.expires_at,
        code_source=_code_source(lesson, enrollment, verification_code),
        interactive=lesson.interactive,
        email=enrollment.email,
        inbox="the inbox cell" if lesson.is_mock else f"the mailbox of {enrollment.email}",
        approved=lambda: client.confirm_enrollment(enrollment),
        approval_url=link(enrollment.approval_url),
        watch=_watch(lesson, enrollment) if lesson.interactive else None,
    )
    form.explain = entry_for_view
    return form


def _watch(lesson: RegisteringLesson, enrollment: Enrollment) -> Callable[[], EnrollmentState]:
    """Ask for the status of `enrollment`, off the lesson's wire: the reader's log stays theirs."""
    enrollment.must_be_of(lesson.issuer)
    asking = IdentityClient(lesson.issuer, None, timeout=3.0)
    return lambda: look_up(asking.http, enrollment)


def _code_source(
    lesson: RegisteringLesson, enrollment: Enrollment, verification_code: str
) -> Callable[[], str] | None:
    if verification_code:
        return lambda: verification_code
    if lesson.is_mock:
        about = enrollment.enrollment_id
        return lambda: lesson.controls.code_for(enrollment.email, enrollment.realm, about=about)
    return None


def _check_unattended(lesson: RegisteringLesson, scopes: Sequence[str]) -> None:
    """Keep an unattended run from registering a second client at the real service by accident."""
    if lesson.is_mock:
        return
    stored = find(lesson.issuer, scopes, lesson.client_name)
    if stored is not None:
        raise LessonStop(
            f"{stored.client_id} is registered there already; lessons 03 and up use it. To "
            "register another one, use a different client_name."
        )
    if not lesson.email:
        raise LessonStop(
            "Give the sponsor's address as the parameter email: the code is sent to it."
        )


def _note(lesson: RegisteringLesson, scopes: Sequence[str]) -> str:
    stored = find(lesson.issuer, scopes, lesson.client_name)
    if stored is None:
        return ""
    return (
        f"You already have credentials here ({stored.client_id}); this registers one more client."
    )
