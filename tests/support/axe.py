"""axe-core in the browser of a test: what a page or a part of it gets wrong for people (WCAG 2.2).

The script comes with a package, so nothing is fetched. `theme_css` gives JupyterLab's colours to a
page without JupyterLab, which takes a second instead of ten.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe

LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
THEMES = ("theme-light", "theme-dark", "theme-dark-high-contrast")
_AXE = Axe()
_FOLDER = Path(sys.prefix) / "share/jupyter/lab/themes/@jupyterlab"


def violations(page: Any, within: str | None = None) -> list[str]:
    """One line for each thing inside the selector `within` that breaks a rule.

    The rules are those of levels A and AA, and what axe calls best practice.

    An empty list is no promise: axe finds what a program can find. What it could not decide, such
    as a contrast on a picture, is not in the list.
    """
    options = {"resultTypes": ["violations"], "runOnly": {"type": "tag", "values": LEVELS}}
    if within is not None:
        assert page.locator(within).count(), f"nothing to look at: {within}"
    if page.evaluate("typeof axe") == "undefined":  # half a megabyte: once for a page is enough
        page.evaluate(_AXE.axe_script)
    run = "async ([within, options]) => (await axe.run(within ?? document, options)).violations"
    found = page.evaluate(run, [within, options])
    return [
        f"{rule['id']}: {node['html'][:120]} {node['failureSummary'].splitlines()[-1].strip()}"
        for rule in found
        for node in rule["nodes"]
    ]


def theme_css(theme: str) -> str:
    """The style sheet of one of JupyterLab's THEMES."""
    return (_FOLDER / f"{theme}-extension" / "index.css").read_text()
