"""A JupyterLab of its own for a test, and a person at it: runs cells, clicks, types, saves.

Jupyter Notebook 7 is the same with `app="notebook"`.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import nbformat

from tests.support import shots

PATIENCE = 45_000  # milliseconds for a step of the browser; the machine may be busy
START = 120  # seconds for JupyterLab to start: on a busy machine, 30 were too few

# News and update notices off; saving the widgets' state on, so that the tests see what it holds.
SETTINGS = {
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/docmanager-extension:plugin": {"autosave": False},
    "@jupyter-widgets/jupyterlab-manager:plugin": {"saveState": True},
    "@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"},
}


@dataclass(frozen=True)
class Lab:
    """A running JupyterLab whose files are in `root`, and everything else of it in `home`."""

    url: str
    token: str
    root: Path
    home: Path
    app: str = "jupyterlab"

    def page(self, name: str) -> str:
        """The address at which the notebook `name` is opened, in a window of its own."""
        if self.app == "notebook":
            return f"{self.url}/notebooks/{name}?token={self.token}"
        workspace = f"{self.url}/lab/workspaces/{secrets.token_hex(4)}"
        return f"{workspace}/tree/{name}?token={self.token}"

    def api(self, path: str) -> Any:
        answer = httpx.get(f"{self.url}{path}", params={"token": self.token}, timeout=5)
        return answer.raise_for_status().json()

    def shut_down_kernels(self) -> None:
        for kernel in self.api("/api/kernels"):
            httpx.delete(f"{self.url}/api/kernels/{kernel['id']}", params={"token": self.token})

    def forget(self) -> None:
        """Nothing was ever done here: no kernel, no local service, no state, no credentials."""
        self.shut_down_kernels()
        _stop_service(self.home)
        for part in ("state", "credentials"):
            shutil.rmtree(self.home / part, ignore_errors=True)


@contextmanager
def running_lab(
    home: Path, root: Path, theme: str = "JupyterLab Light", app: str = "jupyterlab"
) -> Iterator[Lab]:
    """JupyterLab, or `app`, with its own home, settings, workspaces and state; ended at the end."""
    config = home / "config" / "labconfig"
    config.mkdir(parents=True)
    settings = {**SETTINGS, "@jupyterlab/apputils-extension:themes": {"theme": theme}}
    (config / "default_setting_overrides.json").write_text(json.dumps(settings))
    lab = Lab(f"http://127.0.0.1:{_free_port()}", secrets.token_hex(16), root, home, app)
    with (home / "lab.log").open("wb") as log:
        process = subprocess.Popen(_command(lab), env=_environment(home), stdout=log, stderr=log)
        try:
            _wait_for(lab, process, home / "lab.log")
            yield lab
            lab.shut_down_kernels()
        finally:
            process.terminate()
            process.wait(timeout=15)
            _stop_service(home)


class Person:
    """Someone with `name` open in the browser: what a test does is what they can do."""

    def __init__(self, lab: Lab, page: Any, name: str) -> None:
        self.lab, self.page, self.path = lab, page, lab.root / name
        page.set_default_timeout(PATIENCE)
        self._name = name
        self._home = lab.page(name)
        self.reload()

    def reload(self) -> None:
        """Open the page, or open it again while the kernel keeps running."""
        self.page.goto(self._home)
        self.page.wait_for_selector(".jp-Notebook .jp-Cell")
        self.wait_for_kernel()

    def wait_for_kernel(self) -> None:
        """Until the kernel is connected and idle three times in a row; before, Run All is lost."""
        calm, deadline = 0, time.monotonic() + PATIENCE / 1000
        while calm < 3:
            if time.monotonic() > deadline:
                raise TimeoutError("the kernel did not come to rest")
            time.sleep(0.07)
            try:
                sessions = self.lab.api("/api/sessions")
            except httpx.HTTPError:  # the server answers 5xx while a kernel starts
                sessions = []
            own = [s["kernel"] for s in sessions if s["path"] == self._name]
            rest = [k for k in own if k["connections"] and k["execution_state"] == "idle"]
            calm = calm + 1 if rest and not self._running_cells() else 0

    def _running_cells(self) -> int:
        count: int = self.page.locator(".jp-InputPrompt", has_text="[*]").count()
        return count

    def choose(self, menu: str, command: str) -> None:
        """Pick `command` from the menu bar."""
        self.page.get_by_role("menuitem", name=menu, exact=True).click()
        self.page.locator(f'.lm-Menu li[data-command="{command}"]').first.click()

    def run_all(self) -> None:
        self.choose("Run", "runmenu:run-all")
        self.wait_for_kernel()

    def run_cell(self, number: int) -> None:
        """Click into the cell (counted from 0) and press Shift+Enter."""
        self.cell(number).locator(".jp-InputArea-editor").click()
        self.page.keyboard.press("Shift+Enter")
        self.wait_for_kernel()

    def run_first(self, count: int) -> None:
        """Run the first `count` cells: all above the next one."""
        self.cell(count).click()
        self.choose("Run", "notebook:run-all-above")
        self.wait_for_kernel()

    def go_on(self) -> None:
        """From the cell that stopped the run: run it again, and all below it."""
        stopped = self.page.locator(".jp-Cell", has_text="Go to the form").last
        stopped.locator(".jp-InputArea-editor").click()
        self.choose("Run", "notebook:run-all-below")
        self.wait_for_kernel()

    def cell(self, number: int) -> Any:
        return self.page.locator(".jp-Notebook > .jp-WindowedPanel-outer .jp-Cell").nth(number)

    def widget(self, name: str) -> Any:
        """The widget called so in static/*.js: email, code, inbox, questions, token."""
        return self.page.locator(f".dialtone-kit.dk-{name}")

    def use_theme(self, name: str) -> None:
        """Set JupyterLab's theme; it shows after a reload."""
        answer = httpx.put(
            f"{self.lab.url}/lab/api/settings/@jupyterlab/apputils-extension:themes",
            params={"token": self.lab.token},
            json={"raw": json.dumps({"theme": name})},
        )
        answer.raise_for_status()

    def switch_theme(self, name: str) -> None:
        """Choose JupyterLab's theme from the menu: it shows at once, and what is run stays so."""
        self.page.get_by_role("menuitem", name="Settings", exact=True).click()
        self.page.locator(".lm-Menu li", has_text="Theme").first.hover()
        themes = self.page.locator('.lm-Menu li[data-command="apputils:change-theme"]')
        themes.get_by_text(name, exact=True).click()
        self.page.wait_for_function(
            "(name) => document.body.dataset.jpThemeName === name", arg=name
        )

    def screenshot(self, name: str) -> None:
        """Keep a picture of the page when DIALTONE_SHOTS names a folder for it."""
        shots.keep(self.page, name)

    def faint_texts(self, selector: str) -> list[str]:
        """Texts inside `selector` with a contrast under 4.5 to their ground (WCAG 2.1, 1.4.3)."""
        return faint_texts(self.page, selector)

    def errors(self) -> list[str]:
        """What the cells show on red ground: errors, and what was written to stderr."""
        kinds = ("vnd.jupyter.stderr", "vnd.jupyter.error")
        red = ", ".join(f'.jp-OutputArea-output [data-mime-type="application/{k}"]' for k in kinds)
        red += ", " + red.replace("-output [", "-output[")
        texts: list[str] = self.page.locator(red).all_inner_texts()
        return texts

    def save(self) -> str:
        """Save, and return the notebook's file as text."""
        before = self.path.stat().st_mtime_ns
        self.choose("File", "docmanager:save")
        deadline = time.monotonic() + PATIENCE / 1000
        while time.monotonic() < deadline:
            time.sleep(0.1)
            text = self.path.read_text()
            if self.path.stat().st_mtime_ns != before and text.endswith("}\n"):  # all of it
                return text
        raise TimeoutError("the notebook was not saved")


# Colours as the browser computes them, layers of ground blended; disabled controls are exempt.
COLOURS = """(() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, ground) => [0, 1, 2].map((n) => top[n] * top[3] + ground[n] * (1 - top[3]));
  const ground = (node) => {
    if (!node) return [255, 255, 255];
    const own = rgba(getComputedStyle(node).backgroundColor);
    return own[3] === 1 ? own : over(own, ground(node.parentElement));
  };
  const light = (colour) => {
    const [r, g, b] = colour.map((c) => c / 255)
      .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (ink, below) => {
    const lights = [light(ink), light(below)];
    return (Math.max(...lights) + 0.05) / (Math.min(...lights) + 0.05);
  };
  return { rgba, over, ground, contrast };
})()"""
_FAINT_TEXTS = """(selector) => {
  const colours = COLOURS;
  const faint = [];
  for (const node of document.querySelectorAll(`${selector} *`)) {
    const own = [...node.childNodes].filter((n) => n.nodeType === 3);
    const text = own.map((n) => n.data.trim()).join("");
    if (!text || !node.checkVisibility() || node.matches(":disabled, title, desc, style")) continue;
    const below = colours.ground(node);
    const { color, fill } = getComputedStyle(node);
    const ink = colours.rgba(node instanceof SVGElement ? fill : color);
    const contrast = colours.contrast(colours.over(ink, below), below);
    if (contrast < 4.5) faint.push(`${contrast.toFixed(2)} ${text}`);
  }
  return faint;
}""".replace("COLOURS", COLOURS)


def faint_texts(page: Any, selector: str) -> list[str]:
    """Texts inside `selector` on `page` with a contrast under 4.5 (WCAG 2.1, 1.4.3)."""
    found: list[str] = page.evaluate(_FAINT_TEXTS, selector)
    return found


def write_notebook(path: Path, *cells: str) -> None:
    """A notebook with these code cells."""
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_code_cell(cell) for cell in cells]
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(notebook, path)


def _command(lab: Lab) -> list[str]:
    return [
        sys.executable,
        "-m",
        lab.app,
        "--no-browser",
        "--allow-root",
        f"--ServerApp.port={lab.url.rsplit(':', 1)[1]}",
        "--ServerApp.port_retries=0",
        f"--IdentityProvider.token={lab.token}",
        f"--ServerApp.root_dir={lab.root}",
    ]


_OTHERS = {"DIALTONE_INTERACTIVE", "DIALTONE_SMTP_URL"}


def _environment(home: Path) -> dict[str, str]:
    own = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "IPYTHONDIR": "ipython",
        "DIALTONE_STATE_DIR": "state",
        "DIALTONE_CONFIG_DIR": "credentials",
    }
    kept = {name: value for name, value in os.environ.items() if name not in _OTHERS}
    kit = str(Path(__file__).parents[2])  # the kernels use this tree, also when not installed
    folders = {name: str(home / part) for name, part in own.items()}
    return {**kept, "HOME": str(home), "PYTHONPATH": kit, **folders}


def _stop_service(home: Path) -> None:
    """Stop the local service that a lesson started."""
    stop = "from dialtone_kit.local import service; service.stop()"
    subprocess.run([sys.executable, "-c", stop], env=_environment(home), check=False)


def _wait_for(lab: Lab, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START
    while time.monotonic() < deadline and process.poll() is None:
        try:
            lab.api("/api/status")
        except httpx.HTTPError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text()[-2000:]}")


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
