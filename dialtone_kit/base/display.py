"""How the kit shows text that somebody else wrote: nothing in it acts, everything can be seen."""

from __future__ import annotations

from dataclasses import dataclass


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
