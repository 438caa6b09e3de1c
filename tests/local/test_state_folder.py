"""Where the state goes: to the user's own folder, and never to a network file system."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dialtone_kit.local import state_folder
from dialtone_kit.local.state_folder import state_dir


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
