"""axe-core in the browser of a test: what a page or a part of it gets wrong for people (WCAG 2.2).

The script comes with a package, so nothing is fetched. `theme_css` gives JupyterLab's colours to a
page without JupyterLab, which takes a second instead of ten.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe

LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
THEMES = ("theme-light", "theme-dark", "theme-dark-high-contrast")
_FOLDER = Path(sys.prefix) / "share/jupyter/lab/themes/@jupyterlab"


def violations(page: Any, within: str | None = None) -> list[str]:
    """One line for each thing inside the selector `within` that breaks a rule of level A or AA.

    An empty list is no promise: axe finds what a program can find. What it could not decide, such
    as a contrast on a picture, is not in the list.
    """
    options = {"resultTypes": ["violations"], "runOnly": {"type": "tag", "values": LEVELS}}
    if within is not None:
        assert page.locator(within).count(), f"nothing to look at: {within}"
    found = Axe().run(page, context=within, options=options).response["violations"]
    return [
        f"{rule['id']}: {node['html'][:120]} {node['failureSummary'].splitlines()[-1].strip()}"
        for rule in found
        for node in rule["nodes"]
    ]


def theme_css(theme: str) -> str:
    """The style sheet of one of JupyterLab's THEMES."""
    return (_FOLDER / f"{theme}-extension" / "index.css").read_text()
