"""Whether the process that owns the service has ended, and what is no sign of it."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import NoReturn

import pytest

from dialtone_kit.base import platform
from dialtone_kit.mock.core.ending import OWNER, owner_is_gone
from tests.support.platforms import needs_proc


@needs_proc
def test_without_descriptors_nobody_knows_and_the_service_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(OWNER, f"{os.getpid()} {platform.process_start(os.getpid())}")
    assert not owner_is_gone()

    def none_left(*_: object, **__: object) -> NoReturn:
        raise OSError(errno.EMFILE, "Too many open files")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_text", none_left)
        assert not owner_is_gone()
    monkeypatch.setenv(OWNER, f"{os.getpid()} another start")
    assert owner_is_gone()
