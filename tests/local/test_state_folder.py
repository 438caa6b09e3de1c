"""Where the state goes: to the user's own folder, and never to a network file system."""

from __future__ import annotations

import os
import pwd
from collections.abc import Callable
from pathlib import Path

import pytest

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.client.config_folder import config_dir
from dialtone_kit.commands import doctor
from dialtone_kit.local import state_folder
from dialtone_kit.local.state_folder import progress_file, state_dir


def mounts(monkeypatch: pytest.MonkeyPatch, *rows: tuple[str, str]) -> None:
    table = [(Path(point), kind) for point, kind in rows]
    monkeypatch.setattr(state_folder, "_mounts", lambda: table)


@pytest.mark.parametrize("kind", ["nfs4", "nfs", "cifs", "ceph", "fuse.sshfs", "fuse.gcsfuse"])
def test_a_home_on_the_network_is_not_for_the_state(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: str
) -> None:
    mounts(monkeypatch, ("/", "ext4"), (str(tmp_path), kind))
    monkeypatch.delenv("DIALTONE_STATE_DIR", raising=False)
    monkeypatch.setattr(state_folder.platformdirs, "user_data_path", lambda _: tmp_path / "data")
    monkeypatch.setattr(state_folder, "local_alternative", lambda: tmp_path / "local")
    assert state_dir() == tmp_path / "local"
    assert not (tmp_path / "data").exists()


def test_a_home_on_a_local_disk_holds_the_state(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    mounts(monkeypatch, ("/", "nfs"), (str(tmp_path), "fuse.fuse-overlayfs"))
    monkeypatch.delenv("DIALTONE_STATE_DIR", raising=False)
    monkeypatch.setattr(state_folder.platformdirs, "user_data_path", lambda _: tmp_path / "data")
    assert state_dir() == tmp_path / "data"


def test_the_mount_that_covers_another_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    mounts(monkeypatch, ("/", "ext4"), ("/h", "ext4"), ("/h", "nfs"), ("/home", "xfs"))
    assert state_folder.is_on_network(Path("/h/new"))
    assert not state_folder.is_on_network(Path("/home/new"))


def test_the_local_alternative_names_its_user() -> None:
    assert state_folder.local_alternative().name == f"dialtone-kit-{os.getuid()}"


def test_this_machine_has_a_file_system() -> None:
    assert state_folder.file_system_of(Path.cwd())


def test_progress_stays_in_a_home_on_the_network_and_not_on_this_machine(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    mounts(monkeypatch, ("/", "ext4"), (str(tmp_path), "nfs4"))
    monkeypatch.delenv("DIALTONE_STATE_DIR", raising=False)
    monkeypatch.setenv("DIALTONE_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setattr(state_folder.platformdirs, "user_data_path", lambda _: tmp_path / "data")
    monkeypatch.setattr(state_folder, "local_alternative", lambda: tmp_path / "local")
    assert progress_file() == tmp_path / "config" / "progress.jsonl"


@pytest.fixture
def home_on_the_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where an earlier version kept the progress of such a home: the stand-in on this machine."""
    mounts(monkeypatch, ("/", "ext4"), (str(tmp_path), "nfs4"))
    monkeypatch.delenv("DIALTONE_STATE_DIR", raising=False)
    monkeypatch.setenv("DIALTONE_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setattr(state_folder.platformdirs, "user_data_path", lambda _: tmp_path / "data")
    monkeypatch.setattr(state_folder, "local_alternative", lambda: tmp_path / "local")
    (tmp_path / "local").mkdir(mode=0o700)
    return tmp_path / "local"


def write(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o600)


@pytest.mark.parametrize("name", ["progress.jsonl", "progress.json"])
def test_progress_of_the_stand_in_is_taken_over_once(home_on_the_network: Path, name: str) -> None:
    write(home_on_the_network / name, '{"v": 1}\n')
    taken = progress_file().with_name(name)
    assert taken.read_text() == '{"v": 1}\n'
    assert taken.stat().st_mode & 0o777 == 0o600
    taken.unlink()  # the learner begins afresh
    progress_file()
    assert not taken.exists()
    assert (home_on_the_network / f"{name}.moved").read_text() == '{"v": 1}\n'


def test_progress_of_the_stand_in_replaces_nothing(home_on_the_network: Path) -> None:
    progress_file().write_text("newer")
    write(home_on_the_network / "progress.jsonl", "older")
    assert progress_file().read_text() == "newer"
    assert (home_on_the_network / "progress.jsonl").read_text() == "older"


@pytest.mark.parametrize("how", ["link", "open to others", "pipe"])
def test_a_file_in_the_stand_in_that_can_not_be_trusted_stays_there(
    home_on_the_network: Path, how: str
) -> None:
    path = home_on_the_network / "progress.jsonl"
    if how == "pipe":
        os.mkfifo(path)
    elif how == "link":
        write(home_on_the_network / "other", "x")
        path.symlink_to("other")
    else:
        path.write_text("x")
        path.chmod(0o644)
    assert not progress_file().exists()
    assert os.path.lexists(path)


def test_progress_is_in_the_state_folder_of_a_local_disk(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DIALTONE_STATE_DIR", str(tmp_path / "state"))
    assert progress_file() == tmp_path / "state" / "progress.jsonl"


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user without a home and without an entry in the system's list, as in many containers."""

    def unknown(uid: int) -> None:
        raise KeyError(uid)

    for name in ("HOME", "XDG_DATA_HOME", "DIALTONE_STATE_DIR", "DIALTONE_CONFIG_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", unknown)


@pytest.mark.usefixtures("nobody")
@pytest.mark.parametrize("folder", [state_dir, config_dir, progress_file])
def test_without_a_home_one_line_names_the_variables(folder: Callable[[], Path]) -> None:
    with pytest.raises(DialtoneError, match="DIALTONE_CONFIG_DIR and DIALTONE_STATE_DIR"):
        folder()


@pytest.mark.parametrize("folder", [state_dir, config_dir, progress_file])
def test_an_empty_home_is_none(folder: Callable[[], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Python takes it for the root of the file system."""
    for name in ("XDG_DATA_HOME", "DIALTONE_STATE_DIR", "DIALTONE_CONFIG_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "")
    with pytest.raises(DialtoneError, match="HOME is empty"):
        folder()


@pytest.mark.usefixtures("nobody")
def test_folders_that_are_named_need_no_home(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DIALTONE_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("DIALTONE_CONFIG_DIR", str(tmp_path / "config"))
    assert state_dir() == tmp_path / "state"
    assert config_dir() == tmp_path / "config"


@pytest.mark.usefixtures("nobody")
def test_doctor_names_the_variables_to_someone_without_a_home() -> None:
    findings = [*doctor.examine()]
    wrong = {finding.what: finding.text for finding in findings if not finding.ok}
    assert "DIALTONE_STATE_DIR" in wrong["State"]
    assert "DIALTONE_CONFIG_DIR" in wrong["Configuration"]
