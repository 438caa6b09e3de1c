"""What differs between operating systems, gathered in one place.

`posix` and `windows` define the same names; this package has those of the system that we run on.
On Linux and macOS, private files are protected by owner and mode, and every step goes through the
descriptor of a folder. Windows has neither: a file inherits the access list of the user's profile,
so private files have to be inside it, and nothing more is claimed there.
"""

from __future__ import annotations

import sys

if sys.platform == "win32":
    from dialtone_kit.base.platform import windows as _system
else:
    from dialtone_kit.base.platform import posix as _system

# Files: flags for os.open, and what a descriptor or status says
READ = _system.READ
CREATE = _system.CREATE
OPEN_OR_CREATE = _system.OPEN_OR_CREATE
WITHOUT_WAITING = _system.WITHOUT_WAITING
PRIVATE = _system.PRIVATE
OPEN_FILES_MOVE = _system.OPEN_FILES_MOVE
Folder = _system.Folder
user_id = _system.user_id
set_mode = _system.set_mode
open_to_others = _system.open_to_others
unprotected = _system.unprotected
is_appending = _system.is_appending
most_open_files = _system.most_open_files

# Processes
FORKS = _system.FORKS
OWN_SESSION = _system.OWN_SESSION
IN_BACKGROUND = _system.IN_BACKGROUND
ENDING = _system.ENDING
LOOP = _system.LOOP
MOST_WORKERS = _system.MOST_WORKERS
cores = _system.cores
is_root = _system.is_root
process_start = _system.process_start
become = _system.become
end_own_service = _system.end_own_service
interrupt = _system.interrupt
interrupt_main_thread = _system.interrupt_main_thread
