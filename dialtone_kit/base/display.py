"""What a cell ends with, in JupyterLab's own colours. What goes into it was `escaped` first."""

from __future__ import annotations

from dataclasses import dataclass

# Light and dark themes both have these; elsewhere the fallbacks apply.
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


@dataclass(frozen=True, repr=False)
class Shown:
    """HTML where the front end can show it, else plain text."""

    html: str
    text: str

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return self.text
