"""The credential store against its enemies: names, links, owners, modes, umask, kills (P1 to P5)."""

from __future__ import annotations

import copy
import json
import os
import pickle
import stat
import string
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from fake_service import CREDENTIALS, ISSUER, SECRET
from hypothesis import given
from hypothesis import strategies as st

from dialtone_kit import credentials as store
from dialtone_kit import private_files
from dialtone_kit.errors import CredentialProblem
from dialtone_kit.masking import Secret

ID = CREDENTIALS.client_id


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DIALTONE_CONFIG_DIR", str(tmp_path / "config"))
    return tmp_path / "config"


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


# --- what works ---


def test_saved_credentials_come_back() -> None:
    path = store.save(CREDENTIALS)
    assert store.load(ID) == CREDENTIALS
    assert path == store.path_for(ID)


def test_the_demos_own_loader_reads_the_file(config: Path) -> None:
    store.save(CREDENTIALS)
    members = json.load((config / ID / "client.json").open())
    assert members["client_secret"] == SECRET
    assert members["token_endpoint"] == f"{ISSUER}/token"


@pytest.mark.parametrize("umask", [0o022, 0o002])
def test_a_file_written_by_the_demos_shell_lines_loads(config: Path, umask: int) -> None:
    lines = f"""
      umask {umask:04o}
      mkdir -p '{config}/{ID}' && chmod 700 '{config}/{ID}'
      cat > '{config}/{ID}/client.json' << 'EOF'
      {{"client_id": "{ID}", "client_secret": "{SECRET}",
        "token_endpoint": "{ISSUER}/token", "issuer": "{ISSUER}"}}
