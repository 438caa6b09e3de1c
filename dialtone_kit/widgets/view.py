"""The browser's side: one anywidget class whose module and style come from static/."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from importlib import resources
from typing import Any

import anywidget

_STATIC = resources.files("dialtone_kit.widgets").joinpath("static")
_IMPORT = re.compile(r'^import \{[^}]*\} from "\./(\w+\.js)";\n', re.M)
_EXPORT = re.compile(r"^export (?=function |const )", re.M)


@cache
def bundle(script: str) -> str:
    """static/`script` after what it imports, as one ES module: a widget can't import by path."""
    own = _read(script)
    parts = [_EXPORT.sub("", _read(name)) for name in _IMPORT.findall(own)]
    return "".join([*parts, _IMPORT.sub("", own)])


@cache
def style() -> str:
    """The style sheet of all widgets: what they share, then what each has of its own.

    One sheet for all, because a page keeps one for the class below: the last one to come.
    """
    names = sorted(one.name for one in _STATIC.iterdir() if one.name.endswith(".css"))
    names.remove("kit.css")
    return "".join(map(_read, ["kit.css", *names]))


def _read(name: str) -> str:
    return _STATIC.joinpath(name).read_text(encoding="utf-8")


class View(anywidget.AnyWidget):
    """A view without any trait of its own: everything it shows arrives in custom messages."""

    _css = style()
    text = ""

    def __repr__(self) -> str:
        return self.text


def make_view(script: str, text: str, receive: Callable[[Mapping[str, Any]], None]) -> View:
    """A view running static/`script` that passes the browser's messages to `receive`."""
    view = View(_esm=bundle(script))
    view.text = text
    view.on_msg(lambda _, content, __: receive(content) if isinstance(content, dict) else None)
    return view
