"""Where credentials live: `~/.config/strongdmid`, a folder for each client, as the demo has it."""

from __future__ import annotations

import os
from pathlib import Path

from dialtone_kit.base.errors import CredentialProblem
from dialtone_kit.base.private_files import PrivateFolder

MAX_BYTES = 64 * 1024  # of one file


def config_dir() -> Path:
    """The folder around all clients' folders; `DIALTONE_CONFIG_DIR` names another for tests."""
    named = os.environ.get("DIALTONE_CONFIG_DIR")
    return Path(named) if named else Path.home() / ".config" / "strongdmid"


def all_folders() -> PrivateFolder:
    """The outer folder. The demo's mkdir leaves its mode to the umask: others may read it."""
    return PrivateFolder(config_dir(), forbidden=0o002, error=CredentialProblem)


def folder(name: str) -> PrivateFolder:
    """The folder `name` inside it, for files with secrets."""
    return PrivateFolder(
        config_dir() / name, all_folders(), error=CredentialProblem, max_bytes=MAX_BYTES
    )
