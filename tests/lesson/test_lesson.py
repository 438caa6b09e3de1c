"""start(): any lesson first, any number of times, with the mock or without it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import time
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from dialtone_kit import DPoPAuth, IdentityClient, ProofKey, build_proof, start
from dialtone_kit.base.errors import DialtoneError, LessonStop, MockOnly, RateLimited, ServiceError
from dialtone_kit.base.masking import Secret
from dialtone_kit.client import credentials as store
from dialtone_kit.client.credentials import Credentials
from dialtone_kit.lesson import catalog
from dialtone_kit.lesson.lesson import Lesson
from dialtone_kit.local import service
from dialtone_kit.local.reviving import Reviving
from dialtone_kit.local.running import find
from dialtone_kit.rules import Request
from dialtone_kit.widgets import ProofChecker

REAL = "https://id.example.com"


@pytest.fixture
def lesson(shared_home: Path) -> Lesson:
    return start(3)


def own(client: IdentityClient) -> Credentials:
    assert client.credentials is not None
    return client.credentials


def kill_the_service() -> None:
    found = find()
    assert found is not None
    os.kill(found.pid or 0, signal.SIGKILL)
    psutil.wait_procs([psutil.Process(found.pid)], timeout=5)


# -- starting ----------------------------------------------------------------------------------


def test_any_lesson_can_be_the_first_in_an_empty_home(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lesson = start("04")
    output = capsys.readouterr().out
    assert lesson.is_mock
    assert lesson.number == "04"
    assert lesson.credentials is not None
    assert lesson.issuer in output
    assert "Registered cli_my_agent_" in output
    assert str(home) not in output
    assert not lesson.wire.round_trips
    assert lesson.client.get_token(key=ProofKey.generate()).token_type == "DPoP"


def test_the_next_lesson_takes_what_the_first_one_left(
    lesson: Lesson, capsys: pytest.CaptureFixture[str]
) -> None:
    again = start(5)
    assert again.credentials == lesson.credentials
    assert "Credentials from an earlier lesson" in capsys.readouterr().out


def test_more_scopes_than_the_stored_credentials_have_are_registered_for(lesson: Lesson) -> None:
    wider = start(5, scopes=("openid", "notes:read"))
    assert wider.credentials != lesson.credentials
    assert wider.credentials is not None
    assert "notes:read" in wider.credentials.granted_scopes


def test_credentials_of_a_service_whose_state_was_cleared_are_not_used(
    lesson: Lesson, capsys: pytest.CaptureFixture[str]
) -> None:
    lesson.controls.reset("default", confirm="default")
    again = start(4)
    assert again.credentials != lesson.credentials
    assert "does not know them" in capsys.readouterr().out


def test_the_first_lessons_start_without_credentials(shared_home: Path) -> None:
    assert start(2, credentials=False).credentials is None


def test_a_notebook_hands_in_its_globals_and_only_the_parameters_are_taken(
    shared_home: Path,
) -> None:
    names = {
        "base_url": "mock",
        "realm": "strict",
        "email": "ada@example.com",
        "client_name": "ada",
        "interactive": True,
        "credentials": False,  # names that a lesson uses for something else
        "scopes": ("notes:read",),
        "number": 7,
        "lesson": object(),
    }
    lesson = start("03", names)
    assert (lesson.number, lesson.realm, lesson.interactive) == ("03", "strict", True)
    assert (lesson.email, lesson.client_name) == ("ada@example.com", "ada")
    assert own(lesson.client).granted_scopes == ("openid",)


def test_a_parameter_given_by_keyword_wins(shared_home: Path) -> None:
    lesson = start("02", {"realm": "strict", "client_name": "ada"}, realm="acme", credentials=False)
    assert (lesson.realm, lesson.client_name) == ("acme", "ada")


def test_a_keyword_that_is_not_a_parameter_is_an_error(shared_home: Path) -> None:
    with pytest.raises(TypeError, match="relm"):
        start("02", relm="strict", credentials=False)  # type: ignore[call-arg]


@pytest.mark.parametrize("base_url", ["http://id.example.com", "id.example.com", "ftp://x/"])
def test_an_unsafe_base_url_is_one_line(shared_home: Path, base_url: str) -> None:
    with pytest.raises(DialtoneError) as refused:
        start(1, base_url=base_url, credentials=False)
    assert "\n" not in str(refused.value)


def test_the_local_service_is_known_by_its_own_url_too(lesson: Lesson) -> None:
    assert start(3, base_url=lesson.base_url).is_mock


# -- the service goes away ---------------------------------------------------------------------


def test_a_kill_in_mid_lesson_is_mended_by_the_next_call_and_nothing_is_lost(
    lesson: Lesson, capsys: pytest.CaptureFixture[str]
) -> None:
    token = lesson.client.get_token(key=ProofKey.generate())
    capsys.readouterr()
    kill_the_service()
    assert lesson.client.userinfo(token)["sub"] == own(lesson.client).client_id
    assert capsys.readouterr().out.count("\n") == 1
    kill_the_service()
    assert lesson.http.get(lesson.client.metadata["jwks_uri"]).status_code == 200
    kill_the_service()
    assert lesson.controls.inbox()


def test_a_request_goes_again_only_when_no_one_can_have_seen_it() -> None:
    revived: list[bool] = []

    def sending(error: Exception, *, was_gone: bool) -> Reviving:
        answers = iter([error, httpx.Response(200)])

        def answer(request: httpx.Request) -> httpx.Response:
            it = next(answers)
            if isinstance(it, Exception):
                raise it
            return it

        return Reviving(httpx.MockTransport(answer), lambda: revived.append(was_gone) or was_gone)

    get, post = httpx.Request("GET", "http://x/"), httpx.Request("POST", "http://x/")
    proved = httpx.Request("GET", "http://x/", headers={"DPoP": "proof"})
    for request in (get, post, proved):
        transport = sending(httpx.ConnectError("refused"), was_gone=True)
        assert transport.handle_request(request).status_code == 200
    dropped = httpx.ReadError("reset")
    assert sending(dropped, was_gone=True).handle_request(get).status_code == 200
    for request in (post, proved):
        with pytest.raises(httpx.ReadError):
            sending(dropped, was_gone=True).handle_request(request)
    with pytest.raises(httpx.ReadError):  # a living service that drops one: part of a lesson
        sending(dropped, was_gone=False).handle_request(get)


# -- registration without a person -------------------------------------------------------------


def test_twelve_registrations_within_the_hour_meet_the_limit_and_go_on(
    shared_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(12):
        lesson = start(2, credentials=False, interactive=False)
        enrollment = lesson.email_form().require()
        credentials = lesson.code_form(enrollment).require()
        assert store.load_credentials(credentials.client_id) == credentials
    assert "lesson.reset_limits()" in capsys.readouterr().out


def test_a_limit_in_a_cell_names_the_line_that_clears_it(lesson: Lesson) -> None:
    client = lesson.client
    for _ in range(3):
        client.request_enrollment("cell@example.com", "my-agent")
    with pytest.raises(RateLimited) as refused:
        client.request_enrollment("cell@example.com", "my-agent")
    assert "run lesson.reset_limits() in a cell" in refused.value._render_traceback_()[1]
    lesson.reset_limits()
    assert client.request_enrollment("cell@example.com", "my-agent")


def test_an_enrollment_that_waits_for_its_code_is_gone_on_with(shared_home: Path) -> None:
    first = start(2, credentials=False, interactive=False, email="ada@example.com")
    enrollment = first.email_form().require()
    code = first.controls.code_for("ada@example.com")
    again = start(2, credentials=False, interactive=False, email="ada@example.com")
    waiting = again.email_form().require()
    assert waiting.enrollment_id == enrollment.enrollment_id
    assert again.code_form(waiting, verification_code=code).require().issuer == again.issuer


def test_an_enrollment_that_the_service_forgot_is_requested_again(shared_home: Path) -> None:
    first = start(2, credentials=False, interactive=False, email="ada@example.com")
    enrollment = first.email_form().require()
    first.controls.reset("default", confirm="default")
    again = start(2, credentials=False, interactive=False, email="ada@example.com")
    assert again.email_form().require().enrollment_id != enrollment.enrollment_id


def test_with_a_person_the_forms_wait_and_say_what_to_do(shared_home: Path) -> None:
    lesson = start(2, credentials=False, interactive=True)
    with pytest.raises(LessonStop, match="form above"):
        lesson.email_form().require()


def test_reset_limits_says_what_it_did(lesson: Lesson, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    lesson.reset_limits()
    output = capsys.readouterr().out
    assert re.fullmatch(r"Limits of realm default cleared \(\d+\); register again\.\n", output)


# -- a private realm ---------------------------------------------------------------------------


def test_a_private_realm_has_its_own_time_and_leaves_nothing_behind(lesson: Lesson) -> None:
    with lesson.lab_realm() as lab:
        token = lab.client.get_token(key=ProofKey.generate())
        assert lab.client.userinfo(token)["realm"] == lab.realm
        assert lab.move_clock(3601) == 3601
        with pytest.raises(ServiceError) as refused:
            lab.client.userinfo(token)
        assert refused.value.status == 401
        fresh = lab.client.get_token(key=ProofKey.generate())  # the client moved along
        assert lab.client.verify(fresh)["realm"] == lab.realm
        client_id = own(lab.client).client_id
    assert not store.path_for(client_id).exists()
    assert lesson.http.get(f"{lab.issuer}/jwks").status_code == 404
    assert lesson.client.get_token(key=ProofKey.generate())


def test_done_removes_private_realms(lesson: Lesson) -> None:
    lab = lesson.lab_realm("strict")
    lesson.done()
    assert lesson.http.get(f"{lab.issuer}/jwks").status_code == 404
    lab.remove()  # twice is fine


# -- exercises and questions -------------------------------------------------------------------


def test_checks_and_hints_are_kept_and_can_be_reset(lesson: Lesson) -> None:
    assert lesson.check("03.coordinates", None).outcome == "not tried"
    assert lesson.check("03.coordinates", 42).outcome == "wrong"
    hints = [repr(lesson.hint("03.coordinates")) for _ in range(5)]
    assert hints[0].startswith("Hint 1 of ")
    assert hints[-1] == hints[-2]
    assert "the last one" in hints[-1]
    assert "<code>b64url(numbers.x.to_bytes(32, " in lesson.hint("03.coordinates").html
    assert lesson.progress.exercise("03.coordinates").attempts == 1
    assert "not quite (1 try, 3 hints)" in repr(lesson.progress_report())
    lesson.reset_exercise("03.coordinates")
    assert lesson.progress.exercise("03.coordinates").attempts == 0
    lesson.check("03.coordinates", 42)
    lesson.reset()
    assert lesson.progress.exercise("03.coordinates").outcome == "not tried"


def test_the_recap_leads_to_the_next_lesson(lesson: Lesson) -> None:
    shown = lesson.done()
    assert 'href="04-verify-token.ipynb"' in shown.html
    assert "Next: lesson 04" in shown.text
    assert "That was the last lesson." in repr(start(catalog.notebooks()[-1].number).done())


def test_a_link_is_safe_and_goes_through_a_hubs_proxy(
    lesson: Lesson, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"{lesson.issuer}/register/approve?enrollment=enroll_1"
    assert repr(lesson.link(url)) == url
    monkeypatch.setenv("JUPYTERHUB_SERVICE_PREFIX", "/user/ada/")
    shown = lesson.link(url, "approve <it>").html
    assert f'href="/user/ada/proxy/{service.ensure().port}/realms/default/register' in shown
    assert "approve &lt;it&gt;" in shown
    with pytest.raises(DialtoneError):
        lesson.link("javascript:alert(1)")


def test_nothing_secret_is_in_a_lessons_outputs(
    lesson: Lesson, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = own(lesson.client).client_secret.reveal()
    code = lesson.controls.inbox()[0].code
    assert code
    shown = repr(lesson.__dict__) + repr(lesson.controls.inbox()) + repr(lesson.inbox())
    shown += capsys.readouterr().out
    assert secret not in shown
    assert code not in shown


# -- the real service --------------------------------------------------------------------------


def stored_for_the_real_one() -> Credentials:
    issuer = f"{REAL}/realms/default"
    found = Credentials(
        "cli_my_agent_1",
        Secret("sec_" + "x" * 43),
        f"{issuer}/token",
        issuer,
        "default",
        ("openid",),
    )
    store.save_credentials(found)
    return found


def test_the_real_service_starts_no_mock_and_wants_lesson_02_first(home: Path) -> None:
    with pytest.raises(LessonStop, match="lesson 02"):
        start(3, base_url=REAL)
    assert find() is None
    assert not (home / "state" / "service.json").exists()


def test_the_real_service_is_met_with_the_stored_credentials(shared_home: Path) -> None:
    stored = stored_for_the_real_one()
    lesson = start(3, base_url=REAL)
    assert not lesson.is_mock
    assert lesson.credentials == stored


def test_what_only_the_mock_can_do_says_so(shared_home: Path) -> None:
    lesson = start(2, base_url=REAL, credentials=False)
    for call in (lesson.lab_realm, lesson.reset_limits, lesson.controls.inbox):
        with pytest.raises(MockOnly, match="mock"):
            call()
    assert "mailbox" in repr(lesson.inbox())


def test_the_api_to_call_is_the_local_services_or_else_userinfo(
    lesson: Lesson, shared_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert lesson.api("whoami") == f"{lesson.issuer}/api/whoami"
    real = start(2, base_url=REAL, credentials=False)
    document = {"userinfo_endpoint": f"{REAL}/userinfo"}
    monkeypatch.setattr(real.client.connection, "_metadata", document)
    assert real.api("whoami") == real.api("notes") == f"{REAL}/userinfo"
    monkeypatch.setattr(real.client.connection, "_metadata", {"issuer": REAL})
    with pytest.raises(MockOnly, match="no userinfo endpoint"):
        real.api("whoami")


def test_a_stranger_shares_the_wire_view_and_no_cookies(lesson: Lesson) -> None:
    enrollment = lesson.client.request_enrollment("ada@example.com", "my-agent", "", ("openid",))
    assert lesson.stranger().get(enrollment.approval_url).cookies
    assert lesson.wire.round_trips[-1].url.startswith(enrollment.approval_url.partition("?")[0])
    lesson.client.enrollment_status(enrollment)
    assert "cookie" not in lesson.wire.show().text.lower()


def test_an_unattended_run_never_registers_twice_at_the_real_service(shared_home: Path) -> None:
    lesson = start(2, base_url=REAL, credentials=False, interactive=False)
    with pytest.raises(LessonStop, match="parameter email"):
        lesson.email_form()
    stored_for_the_real_one()
    with pytest.raises(LessonStop, match="registered there already"):
        lesson.email_form()


def test_an_emptied_state_starts_again(lesson: Lesson, shared_state: Path) -> None:
    service.stop()
    shutil.rmtree(shared_state)
    assert start(4).credentials is not None


# -- the proof checker -------------------------------------------------------------------------


def act(panel: ProofChecker, kind: str, **message: object) -> dict[str, Any]:
    panel.receive({"kind": kind, "round": panel.round, **message})
    return panel.state()


def test_the_checker_opens_the_last_request_and_asks_the_service_again(lesson: Lesson) -> None:
    key = ProofKey.generate()
    token = lesson.client.get_token(key=key)
    lesson.http.get(f"{lesson.issuer}/api/whoami", auth=DPoPAuth(key, token))
    panel = lesson.proof_checker(key=key)
    state = panel.state()
    assert (state["method"], state["status"]) == ("GET", 200)
    assert {tile["outcome"] for tile in state["tiles"]} <= {"passed", "nothing to check"}
    assert act(panel, "ask")["service"]["status"] == 401  # the proof was used when it was sent
    assert "jti_is_new" in act(panel, "ask")["service"]["text"]
    edited = act(panel, "edit", **state["draft"], method="GET", url=state["url"])
    assert act(panel, "ask")["service"] == {"status": 200, "text": "The proof was accepted."}
    old = act(panel, "edit", **(edited["draft"] | {"age": "70"}), method="GET", url=state["url"])
    assert [t["rule"] for t in old["tiles"] if t["outcome"] == "refused"] == ["iat_is_fresh"]
    assert act(panel, "ask")["service"]["text"].startswith("iat_is_fresh:")
    assert act(panel, "open", case=0)["method"] == "POST"


def test_the_checker_sends_a_proof_made_by_hand_to_the_token_endpoint(lesson: Lesson) -> None:
    key, url = ProofKey.generate(), lesson.client.endpoint("token")
    request = Request("POST", url, time.time())
    panel = lesson.proof_checker(build_proof(key, "POST", url), request, key=key)
    assert act(panel, "ask")["service"]["status"] == 200
    junk = lesson.proof_checker("junk", request)
    assert act(junk, "ask")["service"]["status"] == 400
    assert junk.tiles[1].outcome == "refused"


def test_the_checker_sends_a_token_nowhere_but_to_the_service(lesson: Lesson) -> None:
    key = ProofKey.generate()
    token = lesson.client.get_token(key=key)
    lesson.http.get(f"{lesson.issuer}/api/whoami", auth=DPoPAuth(key, token))
    panel = lesson.proof_checker(key=key)
    sent = len(lesson.wire.round_trips)
    draft = panel.state()["draft"]
    act(panel, "edit", **draft, method="GET", url="http://127.0.0.1:9/api/whoami")
    assert act(panel, "ask")["service"]["status"] is None
    assert len(lesson.wire.round_trips) == sent


def test_the_checker_needs_a_request_with_a_proof(lesson: Lesson) -> None:
    with pytest.raises(LessonStop, match="run the cell that sends one"):
        lesson.proof_checker()
    with pytest.raises(DialtoneError, match="or neither"):
        lesson.proof_checker("junk")


# -- a request in a terminal -------------------------------------------------------------------


def test_done_removes_what_a_curl_line_reads(lesson: Lesson, shared_state: Path) -> None:
    lesson.client.get_token(key=ProofKey.generate())
    line = lesson.wire.curl()
    folder = shared_state / "curl"
    [file] = folder.iterdir()
    assert str(file) in line
    assert file.stat().st_mode & 0o777 == 0o600
    lesson.done()
    assert list(folder.iterdir()) == []


def test_start_removes_what_a_killed_kernel_left_for_curl(
    lesson: Lesson, shared_state: Path
) -> None:
    lesson.client.get_token(key=ProofKey.generate())
    lesson.wire.curl()
    [file] = (shared_state / "curl").iterdir()
    os.utime(file, (0, 0))
    start(3)
    assert not file.exists()


# -- the token explorer ------------------------------------------------------------------------


def test_the_explorer_verifies_tokens_of_the_lesson_and_of_its_private_realms(
    lesson: Lesson,
) -> None:
    key = ProofKey.generate()
    token = lesson.client.get_token(key=key)
    panel = lesson.token_explorer(token)
    (verdict,) = panel.verdicts
    assert verdict is not None
    assert (verdict.outcome, verdict.keys_url) == ("verified", f"{lesson.issuer}/jwks")
    assert panel.state()["tokens"][0]["binding"]["kind"] == "your key"

    lab = lesson.lab_realm()
    lab.move_clock(7200)
    two = lesson.token_explorer(token, lab.client.get_token(key=key), key=key)
    assert [v.outcome for v in two.verdicts if v] == ["verified", "verified"]
    assert {d.name for d in two.differences if d.difference == "changed"} >= {"iss", "realm"}
    lab.move_clock(3600)
    two.receive({"kind": "verify", "round": two.round})
    assert [v.rule for v in two.verdicts if v] == ["", "exp"]


def test_an_interrupted_explorer_leaves_no_token_in_the_traceback(
    lesson: Lesson, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    text = lesson.client.get_token(key=ProofKey.generate()).access_token.reveal()
    monkeypatch.setattr(IdentityClient, "verify", interrupt)
    with pytest.raises(KeyboardInterrupt) as stopped:
        lesson.token_explorer(text)
    below = stopped.traceback[1:]  # the first frame is this test's own
    assert below
    assert text not in repr([entry.frame.f_locals for entry in below])


def test_a_checker_that_can_not_start_leaves_no_proof_in_the_traceback(lesson: Lesson) -> None:
    key, url = ProofKey.generate(), f"{lesson.issuer}/token"
    proof = build_proof(key, "POST", url)
    for wrong, argument in ((DialtoneError, url), (TypeError, Request("POST", 5, now=0))):
        with pytest.raises(wrong) as stopped:
            lesson.proof_checker(proof, argument)  # type: ignore[arg-type]
        below = stopped.traceback[1:]  # the first frame is this test's own
        assert below
        assert proof not in repr([entry.frame.f_locals for entry in below])
    with pytest.raises(DialtoneError, match="got a str"):
        lesson.proof_checker(proof, url)  # type: ignore[arg-type]
