"""dialtone class serve: one service over TLS for two learners, from session file to lesson."""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import httpx
import pytest

from dialtone_kit import IdentityClient, ProofKey, Token, path_for, start
from dialtone_kit.base.errors import DialtoneError, ServiceError, ServiceUnreachable
from dialtone_kit.base.masking import Secret
from dialtone_kit.base.private_files import PrivateFolder, private_dir
from dialtone_kit.classroom import last_time
from dialtone_kit.classroom import serving as serving_module
from dialtone_kit.classroom.address import Wanted, must_be_free, place_of, trainer_of
from dialtone_kit.classroom.seats import Issued
from dialtone_kit.classroom.session import NoSession, Session, open_session
from dialtone_kit.commands import class_serve
from dialtone_kit.lesson.attack_rooms import Found
from dialtone_kit.lesson.content.lesson_11.rooms import FLAG
from dialtone_kit.lesson.lesson import Lesson
from dialtone_kit.local.controls import Controls
from dialtone_kit.local.record import Record
from dialtone_kit.local.running import LocalService
from dialtone_kit.local.seat import join, written
from dialtone_kit.local.state_folder import state_dir
from tests.support.class_of import make_class
from tests.support.class_serve import Serving
from tests.support.command_line import dialtone
from tests.support.running_mock import free_port


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    folder = make_class(tmp_path_factory.mktemp("serving") / "class", 2)
    tls = ("--host", "0.0.0.0", "--name", "127.0.0.1", "--port", str(free_port()))
    running = Serving(folder, *tls)
    running.said("is served on https://127.0.0.1:")
    yield running
    assert running.end() == 0


@pytest.fixture
def at(serving: Serving, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """From here on this process is that learner's, with a home of their own."""

    def become(seat: int) -> None:
        monkeypatch.setenv("DIALTONE_CLASS", str(serving.session_file(seat)))
        monkeypatch.setenv("DIALTONE_STATE_DIR", str(tmp_path / f"{seat}" / "state"))
        monkeypatch.setenv("DIALTONE_CONFIG_DIR", str(tmp_path / f"{seat}" / "config"))

    return become


@pytest.fixture
def lesson(at: Callable[[int], None]) -> Iterator[Lesson]:
    at(1)
    opened = start(3, interactive=False)
    yield opened
    at(1)
    opened.done()


def test_an_answer_about_files_is_judged_at_the_class_that_one_has_joined(
    serving: Serving, at: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """13.clean works in a folder of its own, where the session file isn't."""
    at(1)
    monkeypatch.delenv("DIALTONE_CLASS")
    join(serving.session_file(1))
    lesson = start(13, interactive=False)

    def clean_up(client: IdentityClient, tokens: Sequence[Token]) -> None:
        assert client.credentials is not None
        for token in tokens:
            if token.claims["client_id"] == client.credentials.client_id:
                client.revoke(token)
                if token.refresh_token:
                    client.revoke(token.refresh_token)
        path_for(client.credentials.client_id).unlink()

    verdict = lesson.check("13.clean", clean_up)
    assert verdict.outcome == "right", verdict
    assert not (state_dir() / "service.json").exists()  # no service of one's own was started
    lesson.done()


def test_a_lesson_works_as_at_a_service_of_ones_own(
    lesson: Lesson, capsys: pytest.CaptureFixture[str]
) -> None:
    assert lesson.is_mock
    assert lesson.base_url.startswith("https://127.0.0.1:")
    token = lesson.client.get_token(key=ProofKey.generate())
    assert lesson.client.userinfo(token)["client_id"] == token.claims["client_id"]
    lab = lesson.lab_realm("strict")
    lab.move_clock(3600)
    assert lab.client.get_token(key=ProofKey.generate()).claims["realm"] == lab.realm


def test_the_seat_is_known_and_the_first_lesson_says_how_to_share(
    at: Callable[[int], None], capsys: pytest.CaptureFixture[str]
) -> None:
    """Form A is for even seats, B for odd ones."""
    for number, given, form in ((1, None, "B"), (2, None, "A"), (1, 2, "A")):
        at(number)
        first = start(0, interactive=True, credentials=False, seat=given)
        assert "lesson.share()" in capsys.readouterr().out
        assert first._work.survey.form("pre") == form
    start(1, interactive=False, credentials=False)
    assert "lesson.share()" not in capsys.readouterr().out


def test_the_other_learner_sees_and_moves_nothing(
    lesson: Lesson, at: Callable[[int], None]
) -> None:
    lab = lesson.lab_realm()
    sent = lesson.controls.inbox()
    assert sent
    at(2)
    theirs = lesson.controls  # the same program, with the other's token
    assert theirs.inbox() == theirs.inbox(realm=lab.realm) == theirs.audit(lab.realm) == []
    for touch in (
        lambda: theirs.move_clock(lab.realm, 5),
        lambda: theirs.fault(lab.realm, "/token", "status"),
        lambda: theirs.write_policies(lab.realm, ""),
        lambda: theirs.reset(lab.realm),
    ):
        with pytest.raises(ServiceError, match="no realm with this name"):
            touch()
    theirs.remove_realm(lab.realm)  # of no effect
    at(1)
    assert lab.move_clock(5) == 5


def test_rooms_make_place_for_each_other_and_their_flags_stay_good(lesson: Lesson) -> None:
    sound, replayed = lesson.room(0), lesson.room(2)
    opened = replayed.call(replayed.bag.T, replayed.bag.P1)
    flag = FLAG.findall(opened.text)[0]
    for number in (5, 6):  # the fourth realm is one too many
        lesson.room(number)
    assert replayed.closed
    assert not sound.closed
    assert lesson.found(flag) == Found(2, by_rule=True)
    with pytest.raises(DialtoneError, match="Room 2 is gone"):
        replayed.call(replayed.bag.T)
    with pytest.raises(ServiceError, match=r"lesson.remove_realms\(\)"):
        lesson.lab_realm()
    lesson.remove_realms()
    lesson.lab_realm()


def test_curl_trusts_the_class_too(lesson: Lesson) -> None:
    lesson.client.discover()
    line = str(lesson.wire.curl())
    assert "--cacert" in line
    ran = subprocess.run(shlex.split(line), capture_output=True, text=True, timeout=30, check=True)
    assert ran.stdout.startswith("HTTP/1.1 200")


def test_nobody_else_is_trusted_in_its_place(lesson: Lesson, tmp_path: Path) -> None:
    strange = make_class(tmp_path / "class", 2)
    port = free_port()
    other = Serving(strange, "--host", "0.0.0.0", "--name", "127.0.0.1", "--port", str(port))
    try:
        other.said("is served on")
        theirs = trainer_of(open_session(strange))
        mine = trainer_of(open_session(Path(os.environ["DIALTONE_CLASS"]).parents[2]))
        fooled = LocalService(
            type(mine)(theirs.base_url, port, mine.secret, None, mine.authority, "Spring"), None, ""
        )
        with pytest.raises(ServiceUnreachable, match="certificate that is not trusted"):
            Controls(lambda: fooled).inbox()
    finally:
        assert other.end() == 0


def test_sharing_reaches_the_trainer(lesson: Lesson, serving: Serving) -> None:
    lesson.progress.checked("03.proof", "wrong", "M05")
    lesson.share()
    lesson.progress.checked("03.proof", "right")
    lesson._sharing.finish()
    trainer = trainer_of(open_session(serving.folder))
    controls = Controls(lambda: LocalService(trainer, None, ""))
    events = controls._call("a class", "GET", "/mock/class/events")["events"]
    outcomes = [one["event"]["outcome"] for one in events if one["event"]["kind"] == "tried"]
    assert outcomes == ["wrong", "right"]
    assert {one["seat"] for one in events} == {1}


def test_someone_who_comes_late_gets_a_seat(serving: Serving, at: Callable[[int], None]) -> None:
    make_class(serving.folder, 3)
    serving.said("New session files: seat 3")
    at(3)
    assert start(1, interactive=False).is_mock


def test_a_mistake_in_a_policy_is_said_where_it_is_served(serving: Serving) -> None:
    file = serving.folder / "service" / "policies" / "default.cedar"
    before = file.read_text()
    file.write_text(f"{before}\n;")
    line = f"default.cedar:{before.count(chr(10)) + 2}: unexpected"
    assert "; the last valid version stays in force." in serving.said(line)
    file.write_text(before)
    serving.said("default.cedar is valid again, and in force.")


def test_a_renewed_seat_voids_the_old_file(
    serving: Serving, at: Callable[[int], None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = tmp_path / "old.json"
    old.touch(mode=0o600)
    old.write_bytes(serving.session_file(2).read_bytes())
    assert dialtone("class", "serve", str(serving.folder), "--renew", "2") == 0
    at(2)
    assert start(1, interactive=False).is_mock
    os.environ["DIALTONE_CLASS"] = str(old)
    with pytest.raises(ServiceUnreachable, match="or was renewed"):
        start(1, interactive=False)


def test_one_service_for_a_class_at_a_time(
    serving: Serving, capsys: pytest.CaptureFixture[str]
) -> None:
    assert dialtone("class", "serve", str(serving.folder)) == 1
    assert "runs already, in another terminal" in capsys.readouterr().err


def test_the_password_of_a_database_that_is_away_is_not_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DIALTONE_DATABASE_URL", "postgresql://me:geheim@127.0.0.1:1/class")
    folder = make_class(tmp_path / "class", 2)
    assert dialtone("class", "serve", str(folder), "--port", str(free_port())) == 1
    told = capsys.readouterr().err
    assert "postgresql://127.0.0.1:1/class can't be used" in told
    assert told.count("\n") == 1
    assert "geheim" not in told + (folder / "service" / "mock.log").read_text()


# -- where it is ---------------------------------------------------------------------------------


def quiet(line: str) -> None:
    del line


def test_a_port_that_is_taken_is_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(DialtoneError, match=f"can't listen on 127.0.0.1, port {port}"):
            must_be_free("127.0.0.1", port)
    must_be_free("127.0.0.1", port)


def test_without_learners_there_is_nobody_to_serve(tmp_path: Path) -> None:
    with pytest.raises(NoSession, match=r"learners.csv is damaged"):
        place_of(open_session(make_class(tmp_path / "class", 0)), Wanted(), quiet)


@pytest.mark.parametrize(
    ("wanted", "url"),
    [
        (Wanted(port=9), "http://127.0.0.1:9"),
        (Wanted("0.0.0.0", 9, "class.example"), "https://class.example:9"),
        (Wanted("192.0.2.7", 9), "https://192.0.2.7:9"),
        (Wanted("::", 9, "fd00::1"), "https://[fd00::1]:9"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_beyond_this_machine_it_is_https(tmp_path: Path, wanted: Wanted, url: str) -> None:
    session = open_session(make_class(tmp_path / "class", 2))
    assert place_of(session, wanted, quiet).base_url == url


@pytest.mark.parametrize(
    ("lost", "words"),
    [
        ((5,), "The session file of seat 5 isn't here any more. If the learner lost it: "),
        ((5, 6), "The session files of seats 5, 6 aren't here any more. If someone lost "),
    ],
)
def test_a_lost_session_file_is_named_with_the_way_to_a_new_one(
    lost: tuple[int, ...], words: str
) -> None:
    said: list[str] = []
    serving_module._tell(Issued(lost=lost), said.append)
    assert said[0].startswith(words)
    assert said[0].endswith("--renew 5" if len(lost) == 1 else "--renew SEAT")


def test_a_service_that_ended_is_said_with_how_and_where_its_log_is(tmp_path: Path) -> None:
    session = open_session(make_class(tmp_path / "class", 2))
    log = private_dir(session.folder / "service") / "mock.log"
    log.write_text("2026-11-27 22:33:31,257 WARNING dialtone.mock: proof refused\n")
    log.chmod(0o600)
    trainer = Record("http://127.0.0.1:9", 9, Secret("s" * 43), None, "", "Spring")
    child = subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"])
    with pytest.raises(DialtoneError) as ended:
        serving_module._watch(child, session, trainer, quiet)
    assert str(ended.value) == (
        f"The service ended with exit code 3. Its log: {log} . Start it again."
    )


@pytest.fixture
def before(tmp_path: Path) -> Callable[[str], Session]:
    """A class that was served at this address."""

    def served(url: str) -> Session:
        session = open_session(make_class(tmp_path / "class", 2))
        record = Record(url, 8788, Secret("s" * 43), None, "PEM", "Spring")
        PrivateFolder(session.folder).write("trainer.json", written(record))
        return session

    return served


def test_an_address_to_listen_on_is_the_one_that_learners_get(
    before: Callable[[str], Session],
) -> None:
    session, said = before("https://192.0.2.2:8788"), list[str]()
    assert place_of(session, Wanted("192.0.2.7"), said.append).base_url == "https://192.0.2.7:8788"
    assert "each learner needs their new session file" in said[-1]
    named = place_of(session, Wanted("192.0.2.7", name="class.example"), said.append)
    assert named.base_url == "https://class.example:8788"


def test_a_name_stays_wherever_it_listens(before: Callable[[str], Session]) -> None:
    session, said = before("https://class.example:8788"), list[str]()
    for host in ("0.0.0.0", "192.0.2.7"):
        assert place_of(session, Wanted(host), said.append).base_url == "https://class.example:8788"
    assert said == []


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted("0.0.0.0"),
        Wanted("192.0.2.7", certificate=Path("/c.pem"), key=Path("/k.pem"), ca=Path("/ca.pem")),
    ],
    ids=["everyone", "a certificate"],
)
def test_it_is_known_how_a_class_was_served(
    wanted: Wanted, before: Callable[[str], Session]
) -> None:
    session = before("https://class.example:8788")
    private_dir(session.folder / "service")
    assert last_time.read(session) is None
    last_time.keep(session, wanted)
    assert last_time.read(session) == wanted


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"host": 1}', '{"host": "::", "key": 1}'])
def test_if_that_is_damaged_it_has_to_be_said_again(
    content: str, before: Callable[[str], Session], capsys: pytest.CaptureFixture[str]
) -> None:
    session = before("https://class.example:8788")
    private_dir(session.folder / "service")
    PrivateFolder(session.folder / "service").write("serving.json", content)
    assert dialtone("class", "serve", str(session.folder)) == 1
    assert "is damaged. Say how to serve: --everyone or --host." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "host"),
    [((), "0.0.0.0"), (("--port", "9"), "0.0.0.0"), (("--host", "127.0.0.1"), "127.0.0.1")],
)
def test_without_options_it_is_served_as_the_last_time(
    options: Sequence[str],
    host: str,
    before: Callable[[str], Session],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    session, asked = before("https://class.example:8788"), list[Wanted]()
    private_dir(session.folder / "service")
    last_time.keep(session, Wanted("0.0.0.0"))
    monkeypatch.setattr(
        class_serve.serving, "serve", lambda session, wanted, say: asked.append(wanted) or 0
    )
    assert dialtone("class", "serve", str(session.folder), *options) == 0
    assert [one.host for one in asked] == [host]
    told = "As last time, for everyone." in capsys.readouterr().out
    assert told == (host == "0.0.0.0")


def test_a_foreign_folder_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert dialtone("class", "serve", str(tmp_path)) == 1
    assert "isn't the folder of a class" in capsys.readouterr().err


def test_the_service_itself_is_never_open_without_tls(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "dialtone_kit.mock", "--state-dir", str(tmp_path)]
    command += ["--host", "0.0.0.0", "--port", str(free_port())]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 1
    assert "0.0.0.0 can be reached by others: give --certificate and --key" in ran.stderr


def test_plain_http_gets_no_answer(serving: Serving) -> None:
    port = trainer_of(open_session(serving.folder)).port
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.get(f"http://127.0.0.1:{port}/agent.json", trust_env=False, timeout=20)
