"""Where the state goes, whether a person is there, how a browser reaches a port."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.notebook import in_notebook, is_interactive, link
from dialtone_kit.base.private_files import PrivateFolder, private_dir
from dialtone_kit.local import state_folder
from dialtone_kit.local.state_folder import state_dir

APPROVE = "http://127.0.0.1:8787/realms/default/register/approve?enrollment=enroll_1"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# -- folders and files -------------------------------------------------------------------------


@pytest.mark.parametrize("umask", [0o000, 0o077, 0o027])
def test_folder_and_file_are_ours_alone_under_any_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        folder = private_dir(tmp_path / "a" / "state")
        PrivateFolder(folder).write("x.json", "{}")
    finally:
        os.umask(before)
    assert mode(folder) == 0o700
    assert mode(folder / "x.json") == 0o600


def test_a_loose_folder_is_tightened(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    assert mode(private_dir(tmp_path)) == 0o700


def test_a_folder_that_many_share_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    shared = tmp_path / "tmp"
    shared.mkdir()
    shared.chmod(0o1777)
    with pytest.raises(DialtoneError, match="DIALTONE_STATE_DIR"):
        private_dir(shared)
    assert mode(shared) == 0o1777


def test_a_link_to_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(DialtoneError, match="not a folder of your own"):
        private_dir(tmp_path / "link")


def test_a_file_in_the_way_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(DialtoneError, match="can't be used as a folder"):
            private_dir(path)


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = PrivateFolder(tmp_path)
    folder.write("x", "old")

    def full(handle: int) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DialtoneError, match="disk full"):
        folder.write("x", "new")
    assert [path.name for path in tmp_path.iterdir()] == ["x"]
    assert (tmp_path / "x").read_text() == "old"


# -- network file systems ----------------------------------------------------------------------


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


# -- a person or not ---------------------------------------------------------------------------


def in_kernel(monkeypatch: pytest.MonkeyPatch, *, allow_stdin: object) -> None:
    kernel = SimpleNamespace(get_parent=lambda channel: {"content": {"allow_stdin": allow_stdin}})
    shell = SimpleNamespace(kernel=kernel)
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    monkeypatch.delenv("DIALTONE_INTERACTIVE", raising=False)


@pytest.mark.parametrize("allowed", [True, False])
def test_a_person_is_there_when_the_request_allows_stdin(
    monkeypatch: pytest.MonkeyPatch, allowed: bool
) -> None:
    in_kernel(monkeypatch, allow_stdin=allowed)
    assert is_interactive() is allowed


def test_the_environment_can_say_that_nobody_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    in_kernel(monkeypatch, allow_stdin=True)
    monkeypatch.setenv("DIALTONE_INTERACTIVE", "0")
    assert is_interactive() is False


def test_the_parameter_of_the_lesson_has_the_last_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIALTONE_INTERACTIVE", "0")
    assert is_interactive(True) is True
    in_kernel(monkeypatch, allow_stdin=True)
    assert is_interactive(False) is False


def test_outside_a_kernel_nobody_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DIALTONE_INTERACTIVE", raising=False)
    assert is_interactive() is False
    assert in_notebook() is False


# -- links for a person ------------------------------------------------------------------------


def test_on_a_hub_a_link_goes_through_its_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTERHUB_SERVICE_PREFIX", "/user/ada/")
    assert link(APPROVE) == (
        "/user/ada/proxy/8787/realms/default/register/approve?enrollment=enroll_1"
    )


@pytest.mark.parametrize("url", ["https://id.example.com/approve", "http://127.0.0.1/x"])
def test_a_link_elsewhere_stays_as_it_is_on_a_hub(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("JUPYTERHUB_SERVICE_PREFIX", "/user/ada/")
    assert link(url) == url


def test_without_a_hub_a_link_is_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JUPYTERHUB_SERVICE_PREFIX", raising=False)
    assert link(APPROVE) == APPROVE
