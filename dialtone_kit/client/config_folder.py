"""Where credentials live: `~/.config/strongdmid`, a folder for each client, as the demo has it."""

from __future__ import annotations

import os
from pathlib import Path

from dialtone_kit.base.errors import CredentialProblem
from dialtone_kit.base.private_files import PrivateFolder, home

VARIABLE = "DIALTONE_CONFIG_DIR"
MAX_BYTES = 64 * 1024  # of one file
# Of the outer folder: the demo's mkdir leaves its mode to the umask, so a group of one's own may
# write there (0775, 2775). It gains nothing: each client's folder inside must be ours, and 0700.
FORBIDDEN = 0o002


def config_dir() -> Path:
    """The folder around all clients' folders; `DIALTONE_CONFIG_DIR` names another for tests."""
    named = os.environ.get(VARIABLE)
    return Path(named) if named else home() / ".config" / "strongdmid"


def all_folders() -> PrivateFolder:
    """The outer folder. The demo's mkdir leaves its mode to the umask: others may read it."""
    return PrivateFolder(config_dir(), forbidden=FORBIDDEN, error=CredentialProblem)


def folder(name: str) -> PrivateFolder:
    """The folder `name` inside it, for files with secrets."""
    return PrivateFolder(
        config_dir() / name, all_folders(), error=CredentialProblem, max_bytes=MAX_BYTES
    )
