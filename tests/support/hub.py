"""A JupyterHub of its own for a test, with users of the operating system. It takes root.

Its environment is new and readable by all: the kit as a wheel, JupyterHub, and its proxy from npm.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.support.lab import START, Lab
from tests.support.running_mock import free_port

ROOT = Path(__file__).parents[2]
INSTALL = 600  # seconds for pip: the kit and all that it needs
CONFIG = """
c = get_config()
c.JupyterHub.bind_url = {url!r}
c.JupyterHub.hub_port = {hub_port}
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{proxy_port}"
c.ConfigurableHTTPProxy.command = [{proxy!r}]
c.JupyterHub.authenticator_class = "dummy"
c.DummyAuthenticator.password = {password!r}
c.Authenticator.allow_all = True
c.Spawner.cmd = [{singleuser!r}]
c.Spawner.notebook_dir, c.Spawner.default_url = "~/notebooks", "/lab"
c.Spawner.start_timeout = c.Spawner.http_timeout = {patience}
c.JupyterHub.services = [{{"name": "tests", "api_token": {token!r}}}]
c.JupyterHub.load_roles = [
    {{"name": "tests", "services": ["tests"], "scopes": ["access:servers", "list:users"]}}
]
"""


@dataclass(frozen=True)
class Seat(Lab):
    """The server of one user of the hub; `root` is their folder of notebooks."""

    password: str = ""

    @property
    def user(self) -> str:
        return self.home.name

    @property
    def address(self) -> str:
        return f"{self.url}/user/{self.user}"

    def page(self, name: str) -> str:
        return f"{self.address}/lab/tree/{name}"

    def api(self, path: str) -> Any:
        headers = {"Authorization": f"token {self.token}"}
        return httpx.get(self.address + path, headers=headers, timeout=5).raise_for_status().json()

    def log_in(self, page: Any) -> None:
        """As the user does, until their JupyterLab is there."""
        page.goto(f"{self.url}/hub/login?next=%2Fhub%2Fspawn")
        page.get_by_label("Username").fill(self.user)
        page.get_by_label("Password").fill(self.password)
        page.locator("input[type=submit]").click()
        page.wait_for_url(f"{self.address}/lab**", timeout=START * 1000)


@contextmanager
def running_hub(*names: str) -> Iterator[list[Seat]]:
    """A hub with a seat for each of `names`, who become users of this machine for as long."""
    folder = Path(tempfile.mkdtemp(prefix="dialtone-hub-"))
    folder.chmod(0o755)
    token, password = secrets.token_hex(16), secrets.token_hex(8)
    url, users = f"http://127.0.0.1:{free_port()}", [f"{name}-{os.getpid()}" for name in names]
    try:
        for user in users:
            _add(user, folder / user)
        with _hub(folder, _configured(folder, url, token, password)):
            _wait_for(url, folder / "hub.log")
            homes = [folder / user for user in users]
            yield [Seat(url, token, home / "notebooks", home, "hub", password) for home in homes]
    finally:
        for user in users:
            subprocess.run(["userdel", "--force", user], check=False)
        shutil.rmtree(folder)


def _add(user: str, home: Path) -> None:
    command = ["useradd", "--create-home", "--home-dir", home, "--shell", "/bin/bash", user]
    subprocess.run(command, check=True)
    (home / "notebooks").mkdir()
    shutil.chown(home / "notebooks", user)


def _configured(folder: Path, url: str, token: str, password: str) -> list[Path | str]:
    """Installs it all; returns the command of the hub."""
    tools, proxy = _environment(folder), _proxy(folder)
    values = {"url": url, "token": token, "password": password, "patience": START}
    values |= {"hub_port": free_port(), "proxy_port": free_port()}
    values |= {"proxy": str(proxy), "singleuser": str(tools / "jupyterhub-singleuser")}
    (folder / "config.py").write_text(CONFIG.format(**values))
    (folder / "config.py").chmod(0o600)
    return [tools / "jupyterhub", "--config", folder / "config.py"]


def _environment(folder: Path) -> Path:
    """A new environment; returns its folder of programs."""
    subprocess.run([_python_for_all(), "-m", "venv", "--without-pip", folder / "env"], check=True)
    python = folder / "env/bin/python"
    command = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet"]
    subprocess.run([*command, ROOT, "jupyterhub"], check=True, timeout=INSTALL)
    return python.parent


def _python_for_all() -> str:
    """The interpreter of these tests, or the system's: ours may be in a folder of root's alone."""
    for python in (Path(sys.base_prefix, "bin/python3"), Path("/usr/bin/python3")):
        try:
            if subprocess.run([python, "-c", ""], user="nobody", check=False).returncode == 0:
                return str(python)
        except PermissionError:
            continue
    raise RuntimeError("There is no Python here that every user may run.")


def _proxy(folder: Path) -> Path:
    command = ["npm", "install", "--prefix", folder / "proxy", "--ignore-scripts", "--no-audit"]
    command += ["--no-fund", "--loglevel=error", "configurable-http-proxy@5"]
    subprocess.run(command, check=True, timeout=INSTALL)
    return folder / "proxy/node_modules/.bin/configurable-http-proxy"


@contextmanager
def _hub(folder: Path, command: list[Path | str]) -> Iterator[None]:
    kept = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8"}
    with (folder / "hub.log").open("wb") as log:
        hub = subprocess.Popen(command, cwd=folder, env=kept, stdout=log, stderr=log)
        try:
            yield
        finally:
            hub.send_signal(signal.SIGTERM)  # it ends the users' servers, too
            hub.wait(timeout=START)


def _wait_for(url: str, log: Path) -> None:
    deadline = time.monotonic() + START
    while time.monotonic() < deadline:
        try:
            if "version" in json.loads(httpx.get(f"{url}/hub/api", timeout=5).text):
                return
        except (httpx.HTTPError, ValueError):
            time.sleep(0.2)
    raise RuntimeError(f"JupyterHub did not start:\n{log.read_text()[-3000:]}")
