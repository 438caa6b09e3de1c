"""The credential store against hostile names, links, owners, modes, umasks and kills (P1 to P5)."""

from __future__ import annotations

import copy
import errno
import json
import os
import pickle
import stat
import string
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialtone_kit.base.errors import CredentialProblem
from dialtone_kit.base.masking import Secret
from dialtone_kit.base.private_files import shown
from dialtone_kit.client import credentials as store
from tests.support.fake_service import CREDENTIALS, ISSUER, SECRET

ID = CREDENTIALS.client_id


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DIALTONE_CONFIG_DIR", str(tmp_path / "config"))
    return tmp_path / "config"


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


# --- the ordinary case ---


def test_saved_credentials_come_back() -> None:
    path = store.save_credentials(CREDENTIALS)
    assert store.load_credentials(ID) == CREDENTIALS
    assert path == store.path_for(ID)


def test_the_demos_own_loader_reads_the_file(config: Path) -> None:
    store.save_credentials(CREDENTIALS)
    members = json.load((config / ID / "client.json").open())
    assert members["client_secret"] == SECRET
    assert members["token_endpoint"] == f"{ISSUER}/token"


@pytest.mark.parametrize("umask", [0o022, 0o002])
def test_a_file_written_by_the_demos_shell_lines_loads(config: Path, umask: int) -> None:
    four = {
        "client_id": ID,
        "client_secret": SECRET,
        "token_endpoint": f"{ISSUER}/token",
        "issuer": ISSUER,
    }
    lines = f"""
      umask {umask:04o}
      mkdir -p '{config}/{ID}' && chmod 700 '{config}/{ID}'
      echo '{json.dumps(four)}' > '{config}/{ID}/client.json'
      chmod 600 '{config}/{ID}/client.json'
    """
    subprocess.run(["/bin/sh", "-ec", lines], check=True)
    loaded = store.load_credentials(ID)
    assert loaded.client_secret.reveal() == SECRET
    assert loaded.granted_scopes == ()
    assert store.find(ISSUER, ["openid"]) == loaded


def test_the_default_place_is_the_demos(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DIALTONE_CONFIG_DIR")
    monkeypatch.setenv("HOME", "/home/somebody")
    assert str(store.path_for(ID)) == f"/home/somebody/.config/strongdmid/{ID}/client.json"
    assert shown(store.path_for(ID)) == f"~/.config/strongdmid/{ID}/client.json"


def test_the_newest_of_the_fitting_is_found() -> None:
    old, new = replace(CREDENTIALS, client_id="cli_a_1"), replace(CREDENTIALS, client_id="cli_b_2")
    for credentials, age in ((old, 100), (new, 50)):
        path = store.save_credentials(credentials)
        os.utime(path, (path.stat().st_mtime - age,) * 2)
    assert store.find(ISSUER) == new
    assert store.find(ISSUER, client_name="A!") == old


def test_other_issuers_and_missing_scopes_do_not_fit() -> None:
    store.save_credentials(CREDENTIALS)
    assert store.find(f"{ISSUER}/") is None
    assert store.find(ISSUER, ["openid", "notes:read"]) is None


def test_forgetting_leaves_no_file_and_no_leftover(config: Path) -> None:
    store.save_credentials(CREDENTIALS)
    (config / ID / ".client.json.deadbeef").write_text(SECRET)
    assert store.forget(ID)
    assert not (config / ID).exists()
    assert not store.forget(ID)


# --- P1: names ---

HOSTILE = [
    "",
    ".",
    "..",
    "cli_",
    "cli_../x",
    "cli_a/b",
    "/etc/passwd",
    "cli_a\n",
    "cli_a\0",
    "CLI_A",
    "cli_" + "a" * 65,
    "cli_ä",
    "cli_a ",
    "cli_٣",
    "cli_a\\b",
    "~",
    "cli_-",
    "cli_a.json",
]


@pytest.mark.row("P1")
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_client_id_touches_no_file(name: str, config: Path) -> None:
    for use in (store.path_for, store.load_credentials, store.forget):
        with pytest.raises(CredentialProblem, match="can't be a client_id"):
            use(name)
    with pytest.raises(CredentialProblem, match="can't be a client_id"):
        store.save_credentials(replace(CREDENTIALS, client_id=name))
    assert not config.exists()


@pytest.mark.row("P1", "P1✓")
@given(st.text(max_size=80) | st.text(string.printable, max_size=8).map(lambda end: f"cli_{end}"))
def test_a_path_is_always_one_folder_below(name: str) -> None:
    try:
        path = store.path_for(name)
    except CredentialProblem:
        return
    assert path.parent.parent == store.config_dir()
    assert path.parent.name == name
    assert os.path.normpath(path) == str(path)


def test_a_secret_given_as_a_name_is_not_repeated() -> None:
    with pytest.raises(CredentialProblem) as refused:
        store.path_for(SECRET)
    assert "s3cr3t" not in str(refused.value)


# --- P2: modes under any umask ---


@pytest.mark.row("P2")
@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077, 0o277, 0o777])
def test_the_umask_changes_nothing(umask: int, config: Path) -> None:
    before = os.umask(umask)
    try:
        path = store.save_credentials(CREDENTIALS)
        loaded = store.load_credentials(ID)
    finally:
        os.umask(before)
    assert loaded == CREDENTIALS
    assert [mode_of(p) for p in (path, path.parent, config)] == [0o600, 0o700, 0o700]


@pytest.mark.row("P2")
def test_the_file_is_never_open_to_others_not_even_for_a_moment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    created = []
    real = os.open

    def spy(path: str, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if flags & os.O_CREAT:
            created.append((flags, mode))
        return real(path, flags, mode, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", spy)
    store.save_credentials(CREDENTIALS)
    [(flags, mode)] = created
    assert mode == 0o600
    assert flags & os.O_EXCL
    assert flags & os.O_NOFOLLOW


# --- P3: links, owners, modes ---


@pytest.mark.row("P3")
def test_a_linked_file_is_refused(config: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.json"
    store.save_credentials(CREDENTIALS).rename(elsewhere)
    (config / ID / "client.json").symlink_to(elsewhere)
    content = elsewhere.read_bytes()
    with pytest.raises(CredentialProblem, match="symbolic link"):
        store.load_credentials(ID)
    for overwrite in (False, True):
        with pytest.raises(CredentialProblem, match="symbolic link"):
            store.save_credentials(CREDENTIALS, overwrite=overwrite)
    assert elsewhere.read_bytes() == content


@pytest.mark.row("P3")
def test_a_dangling_link_is_refused(config: Path, tmp_path: Path) -> None:
    (config / ID).mkdir(parents=True, mode=0o700)
    (config / ID / "client.json").symlink_to(tmp_path / "nowhere")
    with pytest.raises(CredentialProblem, match="symbolic link"):
        store.save_credentials(CREDENTIALS)
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.row("P3")
@pytest.mark.parametrize("linked", ["", ID])
def test_a_linked_folder_is_refused(linked: str, config: Path, tmp_path: Path) -> None:
    store.save_credentials(CREDENTIALS)
    place, elsewhere = config / linked, tmp_path / "elsewhere"
    place.rename(elsewhere)
    place.symlink_to(elsewhere)
    with pytest.raises(CredentialProblem, match="symbolic link"):
        store.load_credentials(ID)
    with pytest.raises(CredentialProblem, match="symbolic link"):
        store.save_credentials(CREDENTIALS, overwrite=True)


@pytest.mark.row("P3")
@pytest.mark.parametrize("foreign", ["", ID, f"{ID}/client.json"])
def test_a_foreign_owner_is_refused(
    foreign: str, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.save_credentials(CREDENTIALS)
    theirs = (config / foreign).stat().st_ino
    real = os.fstat

    def seen_by_us(descriptor: int) -> os.stat_result:
        found = real(descriptor)
        parts = list(found)
        parts[stat.ST_UID] += found.st_ino == theirs
        return os.stat_result(parts)

    monkeypatch.setattr(os, "fstat", seen_by_us)
    with pytest.raises(CredentialProblem, match="another user"):
        store.load_credentials(ID)


@pytest.mark.row("P3")
@pytest.mark.parametrize(("loose", "mode"), [(ID, 0o750), (f"{ID}/client.json", 0o640)])
def test_a_loose_mode_is_refused_with_the_way_out(loose: str, mode: int, config: Path) -> None:
    store.save_credentials(CREDENTIALS)
    (config / loose).chmod(mode)
    with pytest.raises(CredentialProblem, match=r"chmod [67]00 .*\[M18\]") as refused:
        store.load_credentials(ID)
    assert str(config) not in str(refused.value)
    assert store.find(ISSUER) is None
    assert store.problems() == [str(refused.value)]


@pytest.mark.row("P3")
def test_a_folder_that_anyone_may_change_is_refused(config: Path) -> None:
    store.save_credentials(CREDENTIALS)
    config.chmod(0o777)
    with pytest.raises(CredentialProblem, match="open to others"):
        store.load_credentials(ID)


def test_a_pipe_does_not_hang(config: Path) -> None:
    (config / ID).mkdir(parents=True, mode=0o700)
    os.mkfifo(config / ID / "client.json", 0o600)
    with pytest.raises(CredentialProblem, match="not a regular file"):
        store.load_credentials(ID)


# --- P4 and P5: whole or not at all, and nothing lost ---


@pytest.mark.row("P5")
def test_other_credentials_are_never_overwritten_silently() -> None:
    store.save_credentials(CREDENTIALS)
    other = replace(CREDENTIALS, client_secret=Secret("sec_" + "other" * 8))
    with pytest.raises(CredentialProblem, match="overwrite=True"):
        store.save_credentials(other)
    assert store.load_credentials(ID) == CREDENTIALS
    store.save_credentials(other, overwrite=True)
    assert store.load_credentials(ID) == other


@pytest.mark.row("P5✓")
def test_the_same_credentials_may_be_saved_again() -> None:
    assert store.save_credentials(CREDENTIALS) == store.save_credentials(CREDENTIALS)


@pytest.mark.row("P4")
def test_a_full_disk_keeps_the_old_file(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store.save_credentials(CREDENTIALS)
    real = os.fsync

    def full(descriptor: int) -> None:
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(28, "No space left on device")
        real(descriptor)

    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", full)
        with pytest.raises(CredentialProblem, match="No space left"):
            store.save_credentials(replace(CREDENTIALS, realm="other"), overwrite=True)
    assert store.load_credentials(ID) == CREDENTIALS
    assert [path.name for path in (config / ID).iterdir()] == ["client.json"]


@pytest.mark.row("P4")
@pytest.mark.parametrize("step", ["fchmod", "fsync", "rename", "unlink"])
def test_killed_at_any_step_leaves_the_old_or_the_new(step: str) -> None:
    store.save_credentials(CREDENTIALS)
    script = f"""
import os
from dataclasses import replace
from dialtone_kit.client import credentials as store
old = store.load_credentials({ID!r})
os.{step} = lambda *_, **__: os._exit(9)
store.save_credentials(replace(old, realm="new"), overwrite=True)
"""
    ended = subprocess.run([sys.executable, "-c", script], check=False)
    assert ended.returncode == 9
    assert store.load_credentials(ID).realm in ("default", "new")


@pytest.mark.row("P5")
def test_of_twenty_writers_one_wins(config: Path) -> None:
    def write(number: int) -> bool:
        try:
            store.save_credentials(replace(CREDENTIALS, realm=str(number)))
        except CredentialProblem:
            return False
        return True

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(write, range(20))) == 1
    assert [path.name for path in (config / ID).iterdir()] == ["client.json"]


@pytest.mark.row("P5")
def test_without_hard_links_a_file_is_still_never_overwritten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def unsupported(*_: object, **__: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(os, "link", unsupported)
    store.save_credentials(CREDENTIALS)
    with pytest.raises(CredentialProblem, match="overwrite=True"):
        store.save_credentials(replace(CREDENTIALS, realm="other"))
    assert store.load_credentials(ID) == CREDENTIALS


@pytest.mark.row("P4")
def test_a_disk_that_fails_at_the_last_step_is_reported_and_nothing_appears(
    monkeypatch: pytest.MonkeyPatch, config: Path
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "link", broken)
    with pytest.raises(CredentialProblem, match="Input/output error"):
        store.save_credentials(CREDENTIALS)
    assert list((config / ID).iterdir()) == []


@pytest.mark.row("P1")
@pytest.mark.parametrize("name", [None, 7, ["cli_a"], b"cli_a"])
def test_what_is_not_text_is_no_name(name: object) -> None:
    with pytest.raises(CredentialProblem, match="can't be a client_id"):
        store.path_for(name)  # type: ignore[arg-type]


# --- what is in the file ---


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "not JSON"),
        (" " * 70_000, "larger than"),
        ("[" * 50_000, "not JSON"),
        ("1" * 5000, "not JSON"),
        ("[]", "client_id is missing"),
        ('{"client_id": 1}', "client_id is missing"),
    ],
)
def test_a_damaged_file_is_one_clear_line(content: str, says: str) -> None:
    path = store.save_credentials(CREDENTIALS)
    path.write_text(content)
    with pytest.raises(CredentialProblem, match=says):
        store.load_credentials(ID)


@pytest.mark.parametrize(
    ("member", "value", "says"),
    [
        ("client_id", "cli_other_1", "another client"),
        ("client_secret", "", "client_secret is missing"),
        ("client_secret", "half \ud800 a character", "can't be sent"),
        ("client_secret", "two\nlines", "can't be sent"),
        ("granted_scopes", "openid", "not a list"),
        ("granted_scopes", ["openid", 7], "not a list of strings"),
        ("realm", 1, "realm is not a string"),
        ("token_endpoint", "https://evil.example/token", "another origin"),
        ("issuer", "http://id.example/realms/default", "in the clear"),
    ],
)
def test_a_file_that_would_send_the_secret_astray_is_refused(
    member: str, value: object, says: str
) -> None:
    path = store.save_credentials(CREDENTIALS)
    path.write_text(json.dumps({**json.loads(path.read_text()), member: value}))
    with pytest.raises(CredentialProblem, match=says) as refused:
        store.load_credentials(ID)
    assert SECRET not in str(refused.value)


# --- C1: nothing shows ---


@pytest.mark.row("C1")
def test_the_secret_shows_nowhere() -> None:
    for text in (repr(CREDENTIALS), str(CREDENTIALS), f"{CREDENTIALS}", str([CREDENTIALS])):
        assert "s3cr3t" not in text
        assert "••••••" in text


@pytest.mark.row("C1")
@pytest.mark.parametrize("keep", [pickle.dumps, copy.deepcopy])
def test_credentials_can_not_be_pickled(keep: Callable[[object], object]) -> None:
    with pytest.raises(TypeError):
        keep(CREDENTIALS)


def test_a_store_that_can_not_be_written_is_found_out_before_it_is_needed(config: Path) -> None:
    config.write_text("a file where the folder should be")
    with pytest.raises(CredentialProblem):
        store.require_writable()
