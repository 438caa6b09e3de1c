"""A group of commands, each in a module of its own that is imported when the command is used."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from keyword import iskeyword
from typing import Any, cast

import click


class Commands(click.Group):
    """Command `x-y` is `command` in `{prefix}x_y.py` of this folder, `class` in `class_.py`."""

    def __init__(self, *args: Any, names: Sequence[str], prefix: str = "", **more: Any) -> None:
        super().__init__(*args, **more)
        self.names, self.prefix = names, prefix

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(self.names)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in self.names:
            return None
        module = f"{self.prefix}{cmd_name.replace('-', '_')}"
        module += "_" if iskeyword(module) else ""
        return cast(click.Command, import_module(f"dialtone_kit.commands.{module}").command)
