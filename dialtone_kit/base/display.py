"""How the kit shows text that somebody else wrote: nothing in it acts, everything can be seen."""

from __future__ import annotations

import html
import unicodedata
from dataclasses import dataclass

from dialtone_kit.base.masking import mask_text

# Cc control (ANSI), Cf format (right-to-left marks, zero width), Cs lone surrogates, Co private
# use, Zl and Zp line breaks that terminals don't know.
_ACTING = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


def visible(text: str) -> str:
    """`text` with every character that acts instead of showing written as its escape."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_visible_character(character) for character in text)


def masked(text: str) -> str:
    """`text` for a plain text view: no secret in it, and nothing that acts."""
    return visible(mask_text(text))


def escaped(text: str) -> str:
    """`text` for an HTML view, in an element or in a quoted attribute: masked, visible, inert."""
    return html.escape(masked(text), quote=True)


@dataclass(frozen=True, repr=False)
class Shown:
    """Something to end a cell with: HTML where the front end can show it, else plain text."""

    html: str
    text: str

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return self.text


# JupyterLab's own colours, so that light and dark themes both fit; elsewhere the fallbacks serve.
BORDER = "1px solid var(--jp-border-color2, #c8c8c8)"
INK = "var(--jp-content-font-color1, #1f1f1f)"
FAINT = "var(--jp-content-font-color2, #616161)"
PAPER = "var(--jp-layout-color0, #ffffff)"
SHADE = "var(--jp-layout-color2, #eeeeee)"
BRAND = "var(--jp-brand-color1, #1565c0)"
GOOD = "var(--jp-success-color1, #2e7d32)"
WARN = "var(--jp-warn-color1, #b25d00)"
BAD = "var(--jp-error-color1, #c62828)"
CODE = "font-family: var(--jp-code-font-family, monospace); font-size: 12px; line-height: 1.45"


def _visible_character(character: str) -> str:
    if character in "\n\t" or unicodedata.category(character) not in _ACTING:
        return character
    number = ord(character)
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
