"""A cell's output, in JupyterLab's own colours. Whatever goes into it was `escaped` first."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from typing import Any

from dialtone_kit.base.masking import escaped, mask_members

# Every theme has these; elsewhere the fallbacks apply. The themes' own colours are made for buttons
# and are faint as text: mixed with the colour of text they reach 4.5 to 1 (WCAG 2.2, 1.4.3).
# One right edge for everything that cells show: kit.css has the same width for widgets.
WIDTH = "box-sizing: border-box; max-width: 60rem"
BORDER = "1px solid var(--jp-border-color2, #c8c8c8)"
INK = "var(--jp-content-font-color1, #1f1f1f)"
PAPER = "var(--jp-layout-color0, #ffffff)"
SHADE = "var(--jp-layout-color2, #eeeeee)"
FAINT = f"color-mix(in srgb, {INK} 80%, {PAPER})"
BRAND = f"color-mix(in srgb, var(--jp-brand-color1, #1565c0) 55%, {INK})"
GOOD = f"color-mix(in srgb, var(--jp-success-color1, #2e7d32) 45%, {INK})"
WARN = f"color-mix(in srgb, var(--jp-warn-color1, #b25d00) 45%, {INK})"
BAD = f"color-mix(in srgb, var(--jp-error-color1, #c62828) 45%, {INK})"
CODE = "font-family: var(--jp-code-font-family, monospace); font-size: 12px; line-height: 1.45"
_MARKED = re.compile(r"`([^`]*)`|\*([^\s*`](?:[^*`]*[^\s*`])?)\*")  # code, or emphasis


@dataclass(frozen=True, repr=False)
class Shown:
    """HTML where the front end can show it, else plain text."""

    html: str
    text: str

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return self.text


def prose(text: str) -> str:
    """`text` as HTML: escaped, with `code` between backticks and *emphasis* between asterisks."""
    return _MARKED.sub(_marked, escaped(text))


def _marked(found: re.Match[str]) -> str:
    return f"<code>{found[1]}</code>" if found[1] is not None else f"<em>{found[2]}</em>"


def mask_answers() -> None:
    """From here on a cell that ends in a dict shows its secret members masked.

    This makes a service's answer safe to look at. `print()` and the value itself don't change.
    """
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is None:
        return
    formatter = shell.display_formatter.formatters["text/plain"]
    before = formatter.for_type(dict)
    if not getattr(before, "masks", False):
        formatter.for_type(dict, _masking(before))


def _masking(before: Any) -> Any:
    def show(value: dict[Any, Any], printer: Any, cycle: bool) -> None:
        flat = {n: v for n, v in value.items() if not isinstance(v, dict | list)}
        # Nested dicts come here too, so each one masks only its own members.
        before(value if cycle else value | mask_members(flat), printer, cycle)

    show.masks = True  # type: ignore[attr-defined]
    return show
