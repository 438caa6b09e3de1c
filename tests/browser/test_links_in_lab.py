"""The sponsor's link where the browser reaches JupyterLab, and nothing else, under another address.

This is what a container's port mapping or `ssh -L` does.
"""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

from tests.support.lab import Person, write_notebook
from tests.support.lossy_line import LossyLine
from tests.support.sponsor import CELLS, register_and_approve


def test_the_sponsors_link_works_where_only_jupyters_port_is_forwarded(lab, browser):
    write_notebook(lab.root / "far.ipynb", *CELLS)
    line = LossyLine(("127.0.0.1", urlsplit(lab.url).port))
    origin = f"http://localhost:{line.port}"
    context = browser.new_context(viewport={"width": 1280, "height": 1800})
    asked = []
    context.on("request", lambda request: asked.append(request.url))
    try:
        person = Person(replace(lab, url=origin), context.new_page(), "far.ipynb")
        register_and_approve(person, context, f"{origin}/proxy/")
        near = (f"{origin}/", "data:", "blob:")
        assert [url for url in asked if not url.startswith(near)] == []
    finally:
        context.close()
        line.close()
