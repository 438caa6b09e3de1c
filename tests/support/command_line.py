"""The `dialtone` command in this process."""

from __future__ import annotations

import pytest

from dialtone_kit.commands.cli import main


def dialtone(*arguments: str) -> int:
    """Run the command with these arguments; its exit code."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    code = ended.value.code
    assert isinstance(code, int)
    return code
