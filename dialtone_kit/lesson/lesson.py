"""A lesson: one object for everything around the protocol. `starting.start()` makes it.

It finds or starts the service, restores what earlier lessons left, and hands out everything that a
notebook uses: client, wire view, forms, checks, progress.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import httpx

from dialtone_kit.base.display import Shown
from dialtone_kit.base.errors import MockOnly
from dialtone_kit.base.masking import escaped
from dialtone_kit.base.notebook import is_interactive
from dialtone_kit.base.private_files import PrivateFolder
from dialtone_kit.base.urls import require_https_or_loopback
from dialtone_kit.client.credentials import Credentials
from dialtone_kit.client.identity import IdentityClient
from dialtone_kit.client.transport import open_client
from dialtone_kit.lesson import registering
from dialtone_kit.lesson.progress import Progress
from dialtone_kit.lesson.sharing import Sharing
from dialtone_kit.lesson.views import Views
from dialtone_kit.lesson.work import Work
from dialtone_kit.local import place
from dialtone_kit.local.controls import Controls
from dialtone_kit.local.record import Record
from dialtone_kit.local.reviving import RevivingWire
from dialtone_kit.local.seat import read_seat
from dialtone_kit.local.state_folder import progress_file, state_dir
from dialtone_kit.wire.recorder import Wire
from dialtone_kit.wire.shell_files import ShellFiles

if TYPE_CHECKING:
    from dialtone_kit.client.device_login import DeviceLogin
    from dialtone_kit.client.enrollments import Enrollment
    from dialtone_kit.keys import ProofKey
    from dialtone_kit.lesson.exercises.verdict import Verdict
    from dialtone_kit.widgets import (
        CodeForm,
        DeviceCard,
        EmailForm,
        InboxView,
        Prediction,
        Quiz,
    )

MOCK = "mock"
LIMITED = "No need to wait here: run lesson.reset_limits() in a cell, then register again."


class Lesson(Views):
    """Lesson `number`, such as "03", with the service at `base_url`."""

    def __init__(
        self,
        number: str,
        base_url: str = MOCK,
        realm: str = "default",
        *,
        email: str = "",
        client_name: str = "my-agent",
        interactive: bool | None = None,
        seat: int | None = None,
    ) -> None:
        self.number, self.realm, self.email, self.client_name = number, realm, email, client_name
        self.interactive = is_interactive(interactive)
        local = place.ensure(say=print, current=True) if base_url == MOCK else place.at(base_url)
        if local is not None:
            place.only_it(local)
        base_url = require_https_or_loopback(local.base_url if local else base_url)
        controls = Controls(place.for_controls if local else None)
        self._shell_files = ShellFiles(PrivateFolder(state_dir() / "curl"))
        self._shell_files.remove_old()
        files = self._shell_files
        wire = RevivingWire(place.revive, files) if local else Wire(files)
        when_limited = LIMITED if local else ""
        client = IdentityClient(base_url, realm, wire=wire, when_limited=when_limited)
        super().__init__(base_url, controls, wire, client, is_mock=local is not None)
        self.place: Record | None = local.record if local else None
        self.http = self.client.http
        self.progress = Progress(progress_file())
        self._sharing = Sharing(
            self.progress.path.parent, self.progress.events, self.controls.share, read_seat
        )
        self.progress.kept = self._sharing.wake
        seat = local.record.seat if seat is None and local else seat
        self._work = Work(number, self.progress, interactive=self.interactive, seat=seat)

    @property
    def issuer(self) -> str:
        """The issuer this lesson talks to."""
        return self.client.issuer

    @property
    def credentials(self) -> Credentials | None:
        """The client's credentials, once there are any."""
        return self.client.credentials

    def need_credentials(self, scopes: Sequence[str] = ("openid",)) -> Credentials:
        """Stored credentials that were granted `scopes`, or (mock only) new ones."""
        credentials = registering.ensure_credentials(
            self.client,
            scopes,
            controls=self.controls if self.is_mock else None,
            email=self.email,
            client_name=self.client_name,
            say=print,
        )
        self.wire.clear()  # what the lesson shows begins here
        return credentials

    def api(self, name: str) -> str:
        """The URL of an API to call: `whoami` or `notes` of the local service.

        The real service's `userinfo_endpoint` stands in for both. Raises MockOnly if it has none.
        """
        if self.is_mock:
            return f"{self.issuer}/api/{name}"
        url = self.client.metadata.get("userinfo_endpoint")
        if url is None:
            raise MockOnly(
                f"{self.issuer} has no userinfo endpoint, so there is no API to call. "
                'Set base_url = "mock" to make these calls.'
            )
        return str(url)

    def stranger(self) -> httpx.Client:
        """Someone else's HTTP client: it shares no cookies with the lesson, only the wire view."""
        return open_client(self.base_url, timeout=10.0, wrap=self.wire.transport)

    # -- registration, with a person or without ------------------------------------------------

    def email_form(
        self, scopes: Sequence[str] = ("openid",), description: str = "A client of the lessons"
    ) -> EmailForm:
        """Ask for the sponsor's address and request an enrollment with it."""
        from dialtone_kit.lesson import forms

        return forms.email_form(self, scopes, description)

    def code_form(self, enrollment: Enrollment, verification_code: str = "") -> CodeForm:
        """Ask for the code from the email; unattended, from the parameter or the inbox."""
        from dialtone_kit.lesson import forms

        return forms.code_form(self, enrollment, verification_code)

    def device_card(
        self,
        login: DeviceLogin,
        key: ProofKey | None = None,
        *,
        client: IdentityClient | None = None,
    ) -> DeviceCard:
        """Show what a device would, and wait for the person's answer at the service's pace.

        `key` is the one to bind the token to; `client` the one that started `login`, by default the
        lesson's. With nobody here the local service's page is answered with yes.
        """
        from dialtone_kit.lesson.approving import device_card

        return device_card(self, login, key, client or self.client)

    def approve(self, login: DeviceLogin, email: str = "", *, yes: bool = True) -> Shown:
        """Answer the device page of `login` as the person with the mailbox `email` (mock only)."""
        from dialtone_kit.lesson.approving import answer_page

        person = email or self.email or registering.own_address()
        return answer_page(self, login, person, say_yes=yes)

    def inbox(self, email: str | None = None) -> InboxView | Shown:
        """The emails the mock sent in this realm. The real service writes to your own mailbox."""
        from dialtone_kit.widgets import InboxView

        if not self.is_mock:
            text = "The real service sends its emails to the sponsor's own mailbox: look there."
            return Shown(f"<p>{escaped(text)}</p>", text)
        return InboxView(
            lambda: self.controls.inbox(email, self.realm), self.interactive, email=email or ""
        )

    def reset_limits(self) -> None:
        """Forget this hour's registrations in this realm (mock only); in a class, your own."""
        count = self.controls.clear_limits(self.realm)
        print(f"Limits of realm {self.realm} cleared ({count}); register again.")

    def remove_realms(self) -> None:
        """In a class: remove all your private realms there, such as those of a killed notebook."""
        print(f"Private realms removed: {self.controls.remove_realms()}.")

    # -- questions and exercises ---------------------------------------------------------------

    def predict(self, question_id: str) -> Prediction:
        """Ask before the cell runs: what will happen? The first answer counts."""
        return self._work.predict(question_id)

    def quiz(self, which: str | None = None, *, tell: bool | None = None) -> Quiz:
        """The question at this lesson's end; or the quiz before ("pre") or after ("post") them all.

        Before the lessons the answers are recorded and not marked, unless `tell` is True.
        """
        return self._work.quiz(which or self.number, tell=tell)

    def quiz_form(self) -> str:
        """The form of your first quiz, A or B; the last one is the other."""
        return self._work.survey.form("pre")

    def estimate(self) -> Quiz:
        """What you expect of yourself: kept, and shown next to what happened."""
        return self._work.estimate()

    def worst_code(self) -> str:
        """The misconception that you should look at first, such as M06, by your record."""
        from dialtone_kit.lesson.by_code import worst_code

        return worst_code(self.progress)

    def check(self, exercise_id: str, answer: object) -> Verdict:
        """Judge an answer: right, not quite (and why), not tried, or can't tell."""
        return self._work.check(exercise_id, answer, self)

    def hint(self, exercise_id: str) -> Shown:
        """The next hint for an exercise, one at a time."""
        return self._work.hint(exercise_id)

    def material(self, exercise_id: str) -> Any:
        """What an exercise works on: made at the first call in this kernel, then the same."""
        return self._work.material(exercise_id, self)

    def reset_exercise(self, exercise_id: str) -> None:
        """Forget one exercise: its outcome, tries, hints and material."""
        self._work.reset_exercise(exercise_id)
        print(f"Exercise {exercise_id} has been reset.")

    def reset(self) -> None:
        """Forget what you did in this lesson; the other lessons stay."""
        self._work.reset()
        print(f"Lesson {self.number} has been reset.")

    def progress_report(self) -> Shown:
        """The state of this lesson's exercises."""
        return self._work.report()

    def map(self) -> Shown:
        """The map of lesson 00, with your own marks."""
        from dialtone_kit.lesson.marks import map_shown

        return map_shown(self.progress)

    def report(self) -> Shown:
        """Your report: what you did, and each misconception before, during and after the lessons.

        It is also written into the state folder, as one HTML file that only you can read.
        """
        from dialtone_kit.lesson.report import report_of, write_report

        return write_report(report_of(self.progress, time.time()), state_dir())

    def share(self, on: bool = True) -> Shown | None:
        """In a class: let your trainer see how you get on, after showing what is sent.

        Events only: which lesson and exercise, right or wrong, which misconception. `False` stops.
        """
        if on:
            return self._sharing.start()
        self._sharing.stop()
        print("Nothing more is shared.")
        return None

    # -- around the lesson ---------------------------------------------------------------------

    def done(self) -> Shown:
        """End the lesson: what you can do now, what surprised you, what comes next.

        Private realms, servers, processes and files are removed.
        """
        self._shell_files.remove()
        self._clear_the_stage()
        self._sharing.finish()
        shown = self._work.done(self.wire.round_trips)
        from dialtone_kit.lesson.report import renew_report

        renew_report(self.progress, time.time(), state_dir())
        return shown
