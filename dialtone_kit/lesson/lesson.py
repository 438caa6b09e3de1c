"""A lesson: `start()` finds or starts the service, restores what earlier lessons left, and hands
out everything that a notebook uses: client, wire view, forms, checks, progress.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dialtone_kit.base.display import Shown
from dialtone_kit.base.errors import MockOnly
from dialtone_kit.base.masking import escaped, masked
from dialtone_kit.base.notebook import is_interactive, link
from dialtone_kit.base.urls import require_https_or_loopback
from dialtone_kit.client.credentials import Credentials
from dialtone_kit.client.identity import Enrollment, IdentityClient
from dialtone_kit.lesson import registering
from dialtone_kit.lesson.progress import Answer, Progress
from dialtone_kit.local import service
from dialtone_kit.local.controls import Controls
from dialtone_kit.local.reviving import RevivingWire
from dialtone_kit.local.state_folder import state_dir
from dialtone_kit.wire.recorder import Wire

if TYPE_CHECKING:
    from dialtone_kit.lesson.exercises import Verdict
    from dialtone_kit.lesson.lab_realm import LabRealm
    from dialtone_kit.widgets import CodeForm, EmailForm, InboxView, Prediction, Quiz

MOCK = "mock"


def start(
    number: int | str,
    *,
    base_url: str = MOCK,
    realm: str = "default",
    email: str = "",
    client_name: str = "my-agent",
    interactive: bool | None = None,
    scopes: Sequence[str] = ("openid",),
    credentials: bool = True,
) -> Lesson:
    """Begin lesson `number` with the local mock, or with the service at `base_url`.

    Any lesson can be the first: with `credentials` True it restores stored ones that were granted
    `scopes`, or registers at the mock and says so. At the real service that is lesson 02's part,
    and LessonStop says so. `interactive=None` finds out itself whether a person is there.
    """
    lesson = Lesson(
        f"{int(number):02d}",
        base_url,
        realm,
        email=email,
        client_name=client_name,
        interactive=is_interactive(interactive),
    )
    kind = "your local mock service" if lesson.is_mock else "the real service"
    print(f"Lesson {lesson.number} talks to {kind}: {lesson.issuer}")
    lesson.progress.opened(lesson.number)
    if credentials:
        lesson.need_credentials(scopes)
    return lesson


class Lesson:
    """What a notebook holds in its hand: one object for everything around the protocol."""

    def __init__(
        self,
        number: str,
        base_url: str,
        realm: str,
        *,
        email: str = "",
        client_name: str = "my-agent",
        interactive: bool = False,
    ) -> None:
        self.number, self.realm, self.email, self.client_name = number, realm, email, client_name
        self.interactive = interactive
        local = _local_service(base_url)
        self.is_mock = local is not None
        self.base_url = require_https_or_loopback(local.base_url if local else base_url)
        self.controls = Controls(_service if local else None)
        self.wire = RevivingWire(_revive) if local else Wire()
        self.client = IdentityClient(self.base_url, realm, wire=self.wire)
        self.http = self.client.http
        self.progress = Progress(state_dir() / "progress.json")
        self._lab_realms: list[LabRealm] = []
        self._materials: dict[str, Any] = {}  # what exercises were made of in this kernel

    @property
    def issuer(self) -> str:
        """The issuer that this lesson asks."""
        return self.client.issuer

    @property
    def credentials(self) -> Credentials | None:
        """The client's credentials, once there are any."""
        return self.client.credentials

    def need_credentials(self, scopes: Sequence[str] = ("openid",)) -> Credentials:
        """Stored credentials that were granted `scopes`, or (mock only) new ones."""
        found = registering.restore(self.client, scopes, self.client_name, print)
        if found is not None and self.is_mock and not registering.still_known(self.client, found):
            print("The local service does not know them (its state was cleared).")
            found = None
        if found is None and not self.is_mock:
            raise registering.must_register(self.issuer, scopes)
        self.client.credentials = found or registering.register(
            self.client,
            self.controls,
            email=self.email,
            client_name=self.client_name,
            scopes=scopes,
            say=print,
        )
        self.wire.clear()  # the lesson's own exchanges begin here
        return self.client.credentials

    # -- registration, with a person or without ------------------------------------------------

    def email_form(
        self, scopes: Sequence[str] = ("openid",), description: str = "A client of the lessons"
    ) -> EmailForm:
        """Ask for the sponsor's address and request an enrollment with it."""
        from dialtone_kit.lesson.forms import email_form

        return email_form(self, scopes, description)

    def code_form(self, enrollment: Enrollment, verification_code: str = "") -> CodeForm:
        """Ask for the code from the mail; with nobody there, the parameter or the mock's inbox."""
        from dialtone_kit.lesson.forms import code_form

        return code_form(self, enrollment, verification_code)

    def inbox(self, email: str | None = None) -> InboxView | Shown:
        """The mails that the mock sent in this realm. The real service writes to your mailbox."""
        from dialtone_kit.widgets import InboxView

        if not self.is_mock:
            text = "The real service has sent the mail to the sponsor's own mailbox: look there."
            return Shown(f"<p>{escaped(text)}</p>", text)
        return InboxView(
            lambda: self.controls.inbox(email, self.realm), self.interactive, email=email or ""
        )

    def reset_limits(self) -> None:
        """Forget this hour's registrations in this realm (mock only)."""
        count = self.controls.clear_limits(self.realm)
        print(f"Limits of realm {self.realm} cleared ({count}); register again.")

    # -- questions and exercises ---------------------------------------------------------------

    def predict(self, question_id: str) -> Prediction:
        """Ask before the cell runs: what will happen? The first answer is kept."""
        from dialtone_kit.lesson import questions
        from dialtone_kit.widgets import Prediction

        item = questions.prediction(question_id)
        earlier = self.progress.prediction(question_id)
        return Prediction(item, self.progress.predicted, self.interactive, answered=earlier)

    def quiz(self, number: str | None = None, *, tell: bool = True) -> Quiz:
        """The quiz of this lesson, or of lesson `number`; with `tell=False` it is not marked."""
        from dialtone_kit.lesson import questions
        from dialtone_kit.widgets import Quiz

        items = questions.quiz(number or self.number)
        return Quiz(items, self._answered, self.interactive, tell=tell)

    def check(self, exercise_id: str, answer: object) -> Verdict:
        """Judge an answer: right, wrong (and what about it), not tried, or can't tell."""
        from dialtone_kit.lesson import exercises

        verdict = exercises.check(exercise_id, answer, self)
        self.progress.checked(exercise_id, verdict.outcome, verdict.code or None)
        return verdict

    def hint(self, exercise_id: str) -> Shown:
        """The next hint to an exercise, one at a time."""
        from dialtone_kit.lesson import exercises

        hints = exercises.find(exercise_id).hints
        taken = min(self.progress.hinted(exercise_id), len(hints))
        more = "" if taken < len(hints) else " (the last one; the solution notebook stands beside)"
        text = f"Hint {taken} of {len(hints)}{more}: {hints[taken - 1]}"
        return Shown(f"<p>{escaped(text)}</p>", masked(text))

    def material(self, exercise_id: str) -> Any:
        """What an exercise works on: made at the first call in this kernel, then the same."""
        from dialtone_kit.lesson import exercises

        if exercise_id not in self._materials:
            self._materials[exercise_id] = exercises.material(exercise_id, self)
        return self._materials[exercise_id]

    def reset_exercise(self, exercise_id: str) -> None:
        """Forget one exercise: its outcome, tries and hints, and what it was made of."""
        self.progress.reset_exercise(exercise_id)
        self._materials.pop(exercise_id, None)
        print(f"Exercise {exercise_id} starts anew.")

    def reset(self) -> None:
        """Forget what you did in this lesson; the other lessons stay."""
        self.progress.reset_lesson(self.number)
        self._materials.clear()
        print(f"Lesson {self.number} starts anew.")

    def progress_report(self) -> Shown:
        """Where the exercises of this lesson stand."""
        from dialtone_kit.lesson.recap import report

        return report(self.number, self.progress)

    # -- around the lesson ---------------------------------------------------------------------

    def link(self, url: str, text: str = "") -> Shown:
        """A link that a person can follow, also under JupyterHub and Binder."""
        target = link(require_https_or_loopback(url))
        shown = (
            f'<a href="{escaped(target)}" target="_blank" rel="noopener noreferrer">'
            f"{escaped(text or url)}</a>"
        )
        return Shown(shown, masked(f"{text}: {url}" if text else url))

    def lab_realm(
        self,
        like: str = "default",
        scopes: Sequence[str] = ("openid",),
        *,
        without: str | None = None,
    ) -> LabRealm:
        """A private realm with a registered client, removed by `done()` at the latest (mock only).

        `without` names one proof rule that is off there. Use it in a `with`, or as it is; a kernel
        that ends removes it too.
        """
        from dialtone_kit.lesson.lab_realm import LabRealm

        if not self.is_mock:
            raise MockOnly(
                "Private realms are made by the local mock only; the real service has none to "
                'break. Set base_url = "mock" to run this part.'
            )
        made = LabRealm(
            self.base_url, self.controls, self.wire, like=like, scopes=scopes, without=without
        )
        self._lab_realms.append(made)
        return made

    def done(self) -> Shown:
        """End the lesson: what was done, what comes next. Private realms are removed."""
        from dialtone_kit.lesson.recap import recap

        while self._lab_realms:
            self._lab_realms.pop().remove()
        self.progress.done(self.number)
        return recap(self.number, self.progress)

    def _answered(self, answer: Answer) -> None:
        self.progress.answered(answer)


def _local_service(base_url: str) -> service.LocalService | None:
    """The local service when `base_url` means it, by the word or by its own URL."""
    if base_url == MOCK:
        return service.ensure(say=print)
    found = service.find() if base_url.startswith("http://") else None
    return found if found is not None and found.base_url == base_url.rstrip("/") else None


def _service() -> service.LocalService:
    return service.ensure(say=print)


def _revive() -> bool:
    """Bring the local service back; was that needed?"""
    if service.find() is not None:
        return False
    _service()
    return True
