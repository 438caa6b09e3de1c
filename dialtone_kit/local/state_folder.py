"""Where we are: the folder for state, whether a person is there, how a browser reaches a port."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

import platformdirs

from dialtone_kit.base.errors import DialtoneError

# File systems on which SQLite's WAL and file locks fail or lie; a fuse.* one is judged below.
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

    `DIALTONE_STATE_DIR` names it outright. Without it the user's data folder is taken, or, when
    that lies on a network file system, a folder of this machine that only you can open.
    """
    named = os.environ.get("DIALTONE_STATE_DIR")
    if named:
        return private_dir(Path(named).expanduser().absolute())
    home = platformdirs.user_data_path("dialtone-kit")
    if not is_on_network(home):
        return private_dir(home)
    return private_dir(local_alternative())


def local_alternative() -> Path:
    """The folder of this machine that stands in for one on a network file system."""
    base = Path("/var/tmp")  # noqa: S108 (private_dir checks owner and mode)
    base = base if base.is_dir() else Path(tempfile.gettempdir())
    return base / f"dialtone-kit-{os.getuid()}"


def private_dir(path: Path) -> Path:
    """Make sure that `path` is a folder of our own, 0700. Someone else's, or a link, is an error.

    A loose mode is tightened, except in a folder that many share by intent (sticky, as /tmp).
    """
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = path.lstat()
    except OSError as failed:
        raise DialtoneError(
            f"{tilde(path)} can't be used as a folder ({failed.strerror}). "
            "Name another with DIALTONE_STATE_DIR."
        ) from None
    shared = found.st_mode & stat.S_ISVTX or found.st_uid != os.getuid()
    if shared or not stat.S_ISDIR(found.st_mode):
        raise DialtoneError(
            f"{tilde(path)} is not a folder of your own; remove it, or name "
            "another with DIALTONE_STATE_DIR."
        )
    if found.st_mode & 0o077:
        path.chmod(0o700)
    return path


def write_private(path: Path, text: str) -> None:
    """Write `path` at once and as a whole, readable only by its owner: the old file or the new."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # 0600, O_EXCL
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def is_on_network(path: Path) -> bool:
    """Whether `path`, which need not exist yet, lies on a network file system."""
    kind = file_system_of(path)
    return kind in NETWORK_FILE_SYSTEMS or (kind.startswith("fuse.") and kind not in LOCAL_FUSE)


def file_system_of(path: Path) -> str:
    """The type of the file system that holds `path`, as the mount table names it; "" if unknown."""
    target = Path(os.path.realpath(path))
    kind, depth = "", 0
    for mount_point, its_kind in _mounts():
        # The longest mount point wins, and of two on the same point the later covers the earlier.
        if len(mount_point.parts) >= depth and target.is_relative_to(mount_point):
            kind, depth = its_kind, len(mount_point.parts)
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


def tilde(path: Path) -> str:
    """`path` for a message: with ~ for the home folder, so that no output names it."""
    try:
        return f"~/{path.relative_to(Path.home())}"
    except (ValueError, RuntimeError):
        return str(path)
