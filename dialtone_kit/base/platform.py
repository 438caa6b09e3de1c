"""What differs between operating systems, gathered in one place.

Linux and macOS let a program open a file without following a link, work inside a folder through
its descriptor (`dir_fd=`), close a file to others by its mode, and compare owners by number.
`private_files` is built on these four. Windows has none of them: there, a user's profile folder
is closed to others by an access list that every new file inherits, and a separate process is
started by a creation flag instead of a session. The kit runs on Linux, macOS and WSL; a port to
Windows starts here.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

# For os.open. No link is followed, and no child process inherits the descriptor.
_SAFELY = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
# Not blocking: a pipe in the file's place would otherwise hang the kernel.
READ = os.O_RDONLY | _SAFELY | getattr(os, "O_NONBLOCK", 0)
CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _SAFELY
READ_FOLDER = os.O_RDONLY | _SAFELY | getattr(os, "O_DIRECTORY", 0)
OPEN_OR_CREATE = os.O_RDWR | os.O_CREAT | _SAFELY

_ENDED = (b"Z", b"X")  # states in /proc: a zombie, and dead
# Whether a process with much imported may be forked, instead of starting another from nothing:
# macOS's own libraries don't survive it, and Windows can't.
FORKS = sys.platform.startswith("linux")
# For subprocess.Popen: the child hears no Ctrl-C of ours and outlives us.
OWN_SESSION: dict[str, Any] = {"start_new_session": True}


def user_id() -> int:
    """The number of the user we run as; files of any other are not trusted."""
    return os.geteuid()


def process_start(pid: int) -> str:
    """When that process started, counted from this boot: the clock may be set, this stays.

    "" where the system does not say so (outside Linux), or when there is no such process. A process
    that has ended but hasn't been collected (a container often has no init) doesn't count.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        # The name in parentheses may hold anything; after it, field 22 of proc(5) is the 20th.
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        return "" if fields[0] in _ENDED else f"{boot} {int(fields[19])}"
    except (OSError, ValueError, IndexError):
        return ""


def set_mode(descriptor: int, mode: int) -> None:
    """Give an open file exactly this mode, whatever the umask took away or left."""
    os.fchmod(descriptor, mode)
