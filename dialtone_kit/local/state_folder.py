"""Where the local service and your progress keep their files: private, and on a local disk."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

import platformdirs

from dialtone_kit.base import platform
from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.private_files import PrivateFolder, home, private_dir
from dialtone_kit.client.config_folder import FORBIDDEN, config_dir

VARIABLE = "DIALTONE_STATE_DIR"
PROGRESS, PROGRESS_OF_0_1 = "progress.jsonl", "progress.json"
# File systems on which SQLite's WAL and file locks fail or lie. Of fuse.* all but LOCAL_FUSE do.
NETWORK_FILE_SYSTEMS = frozenset(
    {
        "9p",
        "afs",
        "beegfs",
        "ceph",
        "cifs",
        "coda",
        "gfs2",
        "glusterfs",
        "gpfs",
        "lustre",
        "ncpfs",
        "nfs",
        "nfs4",
        "ocfs2",
        "orangefs",
        "panfs",
        "pvfs2",
        "smb2",
        "smb3",
        "smbfs",
        "wekafs",
    }
)
LOCAL_FUSE = frozenset({"fuse.fuse-overlayfs", "fuse.ext4", "fuse.ntfs-3g", "fuseblk"})


def state_dir() -> Path:
    """The folder of the local service and of your progress, 0700 and on a local disk.

    `DIALTONE_STATE_DIR` names it outright. Without it, it is in the user's data folder, or, when
    that is on a network file system, a folder of this machine that only you can open.
    """
    named = os.environ.get(VARIABLE)
    if named:
        return private_dir(Path(named).expanduser().absolute())
    folder = _usual()
    return private_dir(local_alternative() if is_on_network(folder) else folder)


def progress_file() -> Path:
    """The file of your progress: in the state folder, but with the credentials when that is only
    a stand-in on this machine: a pod's own disk ends with the pod.
    """
    if os.environ.get(VARIABLE) or not is_on_network(_usual()):
        return state_dir() / PROGRESS
    folder = private_dir(config_dir())
    _take_over(local_alternative(), folder)
    return folder / PROGRESS


def _take_over(before: Path, now: Path) -> None:
    """Bring along the progress that an earlier version kept in the stand-in, once.

    It never replaces a file, and the old one is renamed, so that it does not come back later.
    What can't be read safely stays where it is.
    """
    for name in (PROGRESS, PROGRESS_OF_0_1):
        with suppress(DialtoneError, OSError):
            content = PrivateFolder(before).read(name)
            PrivateFolder(now, forbidden=FORBIDDEN).write(name, content, overwrite=False)
            (before / name).rename(before / f"{name}.moved")


def _usual() -> Path:
    if not os.environ.get("XDG_DATA_HOME"):
        home()  # where there is none, the folder would be one named ~
    return platformdirs.user_data_path("dialtone-kit")


def local_alternative() -> Path:
    """The folder of this machine that stands in for one on a network file system."""
    base = Path("/var/tmp")  # noqa: S108 (private_dir checks owner and mode)
    base = base if base.is_dir() else Path(tempfile.gettempdir())
    return base / f"dialtone-kit-{platform.user_id()}"


def is_on_network(path: Path) -> bool:
    """Whether `path`, which need not exist yet, is on a network file system."""
    kind = file_system_of(path)
    return kind in NETWORK_FILE_SYSTEMS or (kind.startswith("fuse.") and kind not in LOCAL_FUSE)


def file_system_of(path: Path) -> str:
    """The type of the file system that holds `path`, by the mount table's name; "" if unknown."""
    target = Path(os.path.realpath(path))
    kind, depth = "", 0
    for mount_point, this_kind in _mounts():
        # The longest mount point wins, and of two on the same point the later covers the earlier.
        if len(mount_point.parts) >= depth and target.is_relative_to(mount_point):
            kind, depth = this_kind, len(mount_point.parts)
    return kind


def _mounts() -> list[tuple[Path, str]]:
    table = Path("/proc/self/mounts")
    if table.exists():
        rows = [line.split(" ") for line in table.read_text(errors="replace").splitlines()]
        return [(Path(_unescape(r[1])), r[2]) for r in rows if len(r) > 2]
    import psutil  # macOS: no /proc; slower, and the only portable way

    return [(Path(p.mountpoint), p.fstype) for p in psutil.disk_partitions(all=True)]


def _unescape(mount_point: str) -> str:
    """Undo the octal escapes of the mount table: a space in a path is written as \\040 there."""
    for code, char in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        mount_point = mount_point.replace(code, char)
    return mount_point
