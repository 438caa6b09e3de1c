"""A learner who takes one lesson from an empty home, and what must not happen meanwhile."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from tests.support import shots
from tests.support.books import FOLDER, read
from tests.support.lab import Lab, Person

SECRETS = re.compile(
    r"(?:sec|pt|rt|dc)_[A-Za-z0-9_-]{16,}"
    r"|eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.|PRIVATE KEY"
)
EDITOR = ".jp-InputArea-editor .cm-content"


class Learner(Person):
    """A person who knows the lesson's cells by their ids, such as "l01-exercise-facts"."""

    def __init__(self, lab: Lab, page: Any, name: str) -> None:
        self._ids = [cell["id"] for cell in read(lab.root / name)["cells"]]
        super().__init__(lab, page, name)

    def at(self, cell_id: str) -> Any:
        """The cell called `cell_id`."""
        return self.cell(self._ids.index(cell_id))

    def run_to(self, cell_id: str) -> None:
        """Run all cells up to and with `cell_id`."""
        self.run_first(self._ids.index(cell_id) + 1)

    def run(self, cell_id: str) -> None:
        """Run one cell."""
        self.run_cell(self._ids.index(cell_id))

    def predict(self, cell_id: str, choice: str, *, sure: bool = True) -> str:
        """Answer the prediction shown under `cell_id`; returns the mark it got, ✓ or ✗."""
        form = self.at(cell_id).locator(".dk-questions")
        form.get_by_text(choice).click()
        form.get_by_role("button", name="I am sure" if sure else "I am not sure").click()
        own = form.locator(".dk-verdict", has_text="your answer")
        own.wait_for()
        return str(own.inner_text()).strip()[0]

    def write(self, cell_id: str, text: str) -> None:
        """Replace what stands in a cell, as pasted."""
        self.at(cell_id).locator(EDITOR).click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(text)

    def try_exercise(self, cell_id: str, function: str) -> str:
        """Write `function` in place of the stub, run the cell; returns what the check says."""
        source = "".join(read(self.path)["cells"][self._ids.index(cell_id)]["source"])
        self.write(cell_id, function.strip() + "\n\n\n" + source[source.index("# Stuck?") :])
        self.run(cell_id)
        return self.output(cell_id)

    def picture(self, name: str, cell_id: str, last: Any) -> None:
        """Keep a picture from the cell to the locator `last` if DIALTONE_SHOTS names a folder."""
        self.at(cell_id).evaluate("node => node.scrollIntoView()")
        top, bottom = self.at(cell_id).bounding_box(), last.bounding_box()
        start = top["y"] + 2  # below the line under the toolbar
        height = bottom["y"] + bottom["height"] + 6 - start
        shots.keep(self.page, name, clip={**top, "y": start, "height": height})

    def output(self, cell_id: str) -> str:
        """What the cell shows."""
        return "\n".join(self.at(cell_id).locator(".jp-OutputArea-output").all_inner_texts())

    def restart_kernel(self) -> None:
        """By the menu, and yes, really."""
        self.choose("Kernel", "kernelmenu:restart")
        self.page.locator(".jp-Dialog").locator(".jp-mod-accept").click()
        self.page.locator(".jp-Dialog").wait_for(state="detached")
        self.wait_for_kernel()

    def saved_outputs(self) -> str:
        """Save; returns what the file holds besides the learner's own cells, as text."""
        self.save()
        book = read(self.path)
        return json.dumps([[cell.get("outputs") for cell in book["cells"]], book["metadata"]])


class Watch:
    """Looks over the learner's shoulder: complaints in the console, requests to other hosts."""

    def __init__(self, lab: Lab, context: Any) -> None:
        self.complaints: list[str] = []
        self.strangers: list[str] = []
        self._kernels = f"{lab.url.rstrip('/')}/api/kernels?"
        self._near = (lab.url, lab.url.replace("http", "ws", 1), "data:", "blob:")
        self._context, self._listeners = (
            context,
            {
                "console": self._heard,
                "weberror": lambda error: self.complaints.append(str(error.error)),
                "request": lambda request: self._asked(request.url),
            },
        )
        for event, listener in self._listeners.items():
            context.on(event, listener)

    def end(self) -> None:
        """Look away: the next learner has the same context."""
        for event, listener in self._listeners.items():
            self._context.remove_listener(event, listener)

    def _heard(self, message: Any) -> None:
        url = message.location.get("url", "")
        # Jupyter's own list of kernels is a 500 for a moment while one of them starts or ends.
        if message.type == "error" and not url.startswith(self._kernels):
            self.complaints.append(f"{message.text} {url}")

    def _asked(self, url: str) -> None:
        if not url.startswith(self._near):
            self.strangers.append(url)


@cache
def _context(browser: Any) -> Any:
    """One for all learners, so that JupyterLab's scripts are loaded and compiled once."""
    return browser.new_context()


@contextmanager
def learner_at(lab: Lab, browser: Any, name: str, height: int = 2400) -> Iterator[Any]:
    """A learner before the lesson `name`, in an empty home, and who watches them."""
    lab.forget()
    folder = lab.root / "taken"
    shutil.copytree(FOLDER, folder)
    context = _context(browser)
    watch, page = Watch(lab, context), context.new_page()
    page.set_viewport_size({"width": 1280, "height": height})
    try:
        yield Learner(lab, page, f"taken/{name}"), watch
    finally:
        watch.end()
        page.close()
        lab.shut_down_kernels()
        shutil.rmtree(folder)
