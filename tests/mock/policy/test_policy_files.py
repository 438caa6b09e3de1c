"""The policy files in the user's folder: edited at any moment, always with a good version kept."""

import logging
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from dialtone_kit.mock.policy import files as policy_files
from dialtone_kit.mock.policy.files import PolicyFiles, where

NAME = "acme.cedar"
OPEN = '@id("open") permit (principal, action, resource);\n'
SHUT = '@id("shut") forbid (principal, action, resource);\n'
BROKEN = OPEN + "\npermit (princpal, action, resource);\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "policies"


@pytest.fixture
def files(folder: Path) -> PolicyFiles:
    made = PolicyFiles(folder)
    made.seed()
    return made


def ids(files: PolicyFiles) -> list[str]:
    policies = files.in_force(NAME).policies
    return [] if policies is None else [one.id for one in policies.named.values()]


def test_the_kits_files_are_put_there_once(folder: Path) -> None:
    before = os.umask(0o077)  # as the service has it
    PolicyFiles(folder).seed()
    os.umask(before)
    assert {path.name for path in folder.iterdir()} == {
        "default.cedar",
        "strict.cedar",
        "acme.cedar",
        "README.md",
        ".in-force",
        ".from-kit",
    }
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / NAME).stat().st_mode & 0o777 == 0o600


def test_what_the_user_wrote_stays_and_what_the_kit_wrote_follows_the_kit(
    files: PolicyFiles, folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (folder / NAME).write_text(OPEN)
    assert files.edited(NAME)
    assert not files.edited("strict.cedar")
    later_kit = tmp_path / "later"
    later_kit.mkdir()
    for name in (NAME, "strict.cedar", "README.md"):
        (later_kit / name).write_text(SHUT)
    monkeypatch.setattr(policy_files, "KIT_POLICIES", later_kit)
    files.seed()
    assert (folder / NAME).read_text() == OPEN
    assert (folder / "strict.cedar").read_text() == SHUT
    assert files.edited(NAME)
    assert not files.edited("strict.cedar")


def test_a_removed_file_comes_back_with_the_next_start(files: PolicyFiles, folder: Path) -> None:
    original = (folder / NAME).read_text()
    (folder / NAME).write_text(OPEN)
    assert ids(files) == ["open"]
    (folder / NAME).unlink()
    held = files.in_force(NAME)
    assert held.problem is not None
    assert "gone" in held.problem.text
    assert ids(files) == ["open"]  # until then the last good one
    files.seed()
    assert (folder / NAME).read_text() == original
    assert "staff-read" in ids(files)


def test_a_link_is_the_users_own(files: PolicyFiles, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.cedar").write_text(OPEN)
    (folder / NAME).unlink()
    (folder / NAME).symlink_to(tmp_path / "mine.cedar")
    files.seed()
    assert ids(files) == ["open"]
    (tmp_path / "mine.cedar").write_text(SHUT)
    assert ids(files) == ["shut"]
    (tmp_path / "mine.cedar").unlink()
    files.seed()
    assert (folder / NAME).is_symlink()
    assert ids(files) == ["shut"]


def test_the_next_question_obeys_every_edit_however_fast(files: PolicyFiles, folder: Path) -> None:
    """Same length, same moment: the time stamp alone would not tell the two apart."""
    for _ in range(200):
        for text, expected in ((OPEN, "open"), (SHUT.replace("forbid", "permit"), "shut")):
            (folder / NAME).write_text(text)
            assert ids(files) == [expected]


@pytest.mark.parametrize("age", [0.0, 1.9])
def test_an_edit_within_one_tick_of_the_clock_is_seen(
    files: PolicyFiles, folder: Path, monkeypatch: pytest.MonkeyPatch, age: float
) -> None:
    """On a coarse file system two edits can leave the same stamp: a young one is not trusted."""
    changed = int((time.time() - age) * 1e9)
    monkeypatch.setattr(policy_files, "_stamp", lambda _: (changed, changed, len(OPEN), 1))
    for text, expected in ((OPEN, "open"), (OPEN.replace("open", "next"), "next")):
        (folder / NAME).write_text(text)
        assert ids(files) == [expected]


def test_an_edit_that_keeps_time_and_size_is_seen(
    files: PolicyFiles, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policy_files, "SETTLED", 0.0)
    long_ago = time.time() - 1000
    for text, expected in ((OPEN, "open"), (OPEN.replace("open", "next"), "next")):
        (folder / NAME).write_text(text)
        os.utime(folder / NAME, (long_ago, long_ago))
        for _ in range(3):
            time.sleep(0.01)
            assert ids(files) == [expected]


def test_a_settled_file_is_not_read_again(
    files: PolicyFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policy_files, "SETTLED", 0.0)
    files.in_force(NAME)
    time.sleep(0.01)
    held = files.in_force(NAME)  # the first reading had put a copy into .in-force
    time.sleep(0.01)
    monkeypatch.setattr(PolicyFiles, "_read", lambda *_: pytest.fail("read again"))
    assert files.in_force(NAME) is held


def test_a_broken_file_changes_nothing_and_is_reported_once(
    files: PolicyFiles, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR, "dialtone.mock")
    (folder / NAME).write_text(OPEN)
    assert ids(files) == ["open"]
    (folder / NAME).write_text(BROKEN)
    for _ in range(5):
        held = files.in_force(NAME)
        assert held.problem is not None
        assert where(NAME, held.problem).startswith("acme.cedar:3: ")
        assert ids(files) == ["open"]
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith(f"{folder / NAME}:3: found an invalid variable")
    assert line.endswith("the last good text stays in force")
    (folder / NAME).write_text(SHUT)
    assert (files.in_force(NAME).problem, ids(files)) == (None, ["shut"])


def test_the_last_good_text_survives_a_restart(files: PolicyFiles, folder: Path) -> None:
    (folder / NAME).write_text(OPEN)
    assert ids(files) == ["open"]
    (folder / NAME).write_text(BROKEN)
    again = PolicyFiles(folder)
    again.seed()
    assert ids(again) == ["open"]
    assert (folder / NAME).read_text() == BROKEN


def test_all_workers_fall_back_on_the_same_text(files: PolicyFiles, folder: Path) -> None:
    """Also the one that never looked at the file while it was good."""
    other = PolicyFiles(folder)
    (folder / NAME).write_text(OPEN)
    assert ids(files) == ids(other) == ["open"]
    (folder / NAME).write_text(SHUT)
    assert ids(files) == ["shut"]
    (folder / NAME).write_text(BROKEN)
    assert ids(files) == ids(other) == ["shut"]


def test_without_any_good_text_nothing_is_permitted(folder: Path) -> None:
    folder.mkdir()
    (folder / NAME).write_text(BROKEN)
    files = PolicyFiles(folder)
    files.seed()
    held = files.in_force(NAME)
    assert held.policies is None
    assert held.problem is not None


@pytest.mark.parametrize(
    ("content", "line", "says"),
    [
        (b"\n\n\xff", 3, "UTF-8"),
        (b"\xff\xfe" + OPEN.encode("utf-16-le"), 1, "UTF-8"),
        (b"x" * 300_000, 0, "at most"),
        (b"\n" + b"(" * 60_000, 2, "nested"),
        (b"\0", 1, "invalid token"),
    ],
    ids=lambda value: str(value)[:12],
)
def test_what_is_not_text_is_refused_as_well(
    files: PolicyFiles, folder: Path, content: bytes, line: int, says: str
) -> None:
    (folder / NAME).write_text(OPEN)
    assert ids(files) == ["open"]
    (folder / NAME).write_bytes(content)
    held = files.in_force(NAME)
    assert held.problem is not None
    assert (held.problem.line, says in held.problem.text) == (line, True)
    assert ids(files) == ["open"]


def test_a_folder_or_a_pipe_in_its_place_holds_no_one_up(files: PolicyFiles, folder: Path) -> None:
    before = ids(files)
    (folder / NAME).unlink()
    (folder / NAME).mkdir()
    assert files.in_force(NAME).problem is not None
    (folder / NAME).rmdir()
    os.mkfifo(folder / NAME)
    assert files.in_force(NAME).problem is not None
    assert ids(files) == before
    files.seed()


def test_windows_line_ends_and_a_byte_order_mark_are_fine(files: PolicyFiles, folder: Path) -> None:
    (folder / NAME).write_bytes(b"\xef\xbb\xbf" + BROKEN.replace("\n", "\r\n").encode())
    held = files.in_force(NAME)
    assert held.problem is not None
    assert held.problem.line == 3
    (folder / NAME).write_bytes(b"\xef\xbb\xbf" + OPEN.replace("\n", "\r\n").encode())
    assert (files.in_force(NAME).problem, ids(files)) == (None, ["open"])


def test_a_full_disk_keeps_no_one_from_the_new_text(
    files: PolicyFiles, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(policy_files, "_replace", full)
    (folder / NAME).write_text(OPEN)
    assert (files.in_force(NAME).problem, ids(files)) == (None, ["open"])


def test_threads_that_ask_while_it_is_edited_see_whole_texts_only(
    files: PolicyFiles, folder: Path
) -> None:
    texts = {"open": OPEN, "shut": SHUT}
    (folder / NAME).write_text(OPEN)
    seen: set[str] = set()
    over = threading.Event()

    def ask() -> None:
        while not over.is_set():
            seen.update(ids(files))

    askers = [threading.Thread(target=ask) for _ in range(3)]
    for one in askers:
        one.start()
    for number in range(100):
        fresh = folder / ".fresh"
        fresh.write_text(list(texts.values())[number % 2])
        fresh.replace(folder / NAME)
    over.set()
    for one in askers:
        one.join()
    assert seen <= texts.keys()


def test_a_process_killed_while_it_keeps_the_last_good_text_leaves_the_old_or_the_new(
    files: PolicyFiles, folder: Path
) -> None:
    (folder / NAME).write_text(OPEN)
    assert ids(files) == ["open"]
    code = (
        "import sys; from pathlib import Path; from dialtone_kit.mock.policy.files import *\n"
        f"files = PolicyFiles(Path({str(folder)!r})); path = files.folder / {NAME!r}\n"
        f"print('ready', flush=True)\nfor n in range(10**6):\n"
        f"    path.write_text([{OPEN!r}, {SHUT!r}][n % 2]); files.in_force({NAME!r})\n"
    )
    for wait in (0.01, 0.05, 0.1):
        child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(wait)
        child.kill()
        child.wait()
        assert (folder / ".in-force" / NAME).read_text() in (OPEN, SHUT)
