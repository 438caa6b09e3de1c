"""The notebook around us: whether a person is here, and how their browser reaches a port."""

from __future__ import annotations

import json
import os
import sys
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dialtone_kit.base.urls import LOOPBACK

PATIENCE = 2  # seconds for the Jupyter server on this machine to answer


def is_interactive(override: bool | None = None) -> bool:
    """Whether a person can use a widget: the one place where that is decided.

    `override` is a lesson's `interactive` parameter. Without it: the executing request allows
    stdin (JupyterLab does, papermill and nbval don't) and `DIALTONE_INTERACTIVE` is not 0.
    """
    if override is not None:
        return override
    if os.environ.get("DIALTONE_INTERACTIVE", "").strip().lower() in {"0", "false", "no", "off"}:
        return False
    kernel = _kernel()
    if kernel is None:
        return False
    try:
        request = kernel.get_parent("shell")
        return bool(request["content"]["allow_stdin"])
    except (AttributeError, KeyError, TypeError):
        return False  # not an execute request, or not ipykernel: nobody to ask


def in_notebook() -> bool:
    """Whether this code runs in a Jupyter kernel."""
    return _kernel() is not None


def link(url: str) -> str:
    """The address at which a person's browser reaches `url` on this machine.

    The browser reaches the Jupyter server, perhaps on another host or port (JupyterHub, Binder, a
    container's port mapping, `ssh -L`), but not always a loopback port: so the link is a path
    through the server's proxy, on the page's own origin. Without such a server it is `url`, or in
    a GitHub codespace the address of the forwarded port. Only links for a person change: issuer,
    `htu` and everything that the kit itself calls keep the loopback URL.
    """
    parts = urlsplit(url)
    if parts.hostname not in LOOPBACK or parts.port is None:
        return url
    prefix = os.environ.get("JUPYTERHUB_SERVICE_PREFIX", "") or _proxying_server()
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if prefix:
        return f"{prefix.rstrip('/')}/proxy/{parts.port}{path}"
    forwarded = _codespace(parts.port)
    return f"{forwarded}{path}" if forwarded else url


def _codespace(port: int) -> str:
    """Where GitHub forwards this port of the codespace that we run in; "" anywhere else."""
    name = os.environ.get("CODESPACE_NAME", "")
    domain = os.environ.get("GITHUB_CODESPACES_PORT_FORWARDING_DOMAIN", "")
    return f"https://{name}-{port}.{domain}" if name and domain else ""


def _proxying_server() -> str:
    """The base path of the Jupyter server that started this kernel; "" without one or its proxy."""
    kernel, session = _kernel(), os.environ.get("JPY_SESSION_NAME", "")
    if kernel is None or not session or "-jvsc-" in session:
        return ""  # VS Code names its sessions so; its pages are not on the server's origin
    name = f"jpserver-{os.environ.get('JPY_PARENT_PID', '')}.json"
    try:
        # A server describes itself next to the connection files of its kernels.
        folder = Path(kernel.parent.abs_connection_file).parent
        server = json.loads((folder / name).read_text())
        base, address = str(server["base_url"]), str(server["url"])
    except (OSError, ValueError, AttributeError, KeyError, TypeError):
        return ""  # started by something else
    return base if _has_proxy(address) else ""


def _has_proxy(address: str) -> bool:
    """Whether the Jupyter server at `address` has jupyter-server-proxy; it may not be in our venv.

    Without a token the extension's own page is refused or leads to the login. Only a 404 says that
    it is missing; where we can't ask (TLS, a socket), the kit's dependency is taken to be there.
    """
    parts = urlsplit(address)
    if parts.scheme != "http" or not parts.hostname:
        return True
    connection = HTTPConnection(parts.hostname, parts.port, timeout=PATIENCE)
    try:
        connection.request("GET", f"{parts.path.rstrip('/')}/server-proxy/servers-info")
        return connection.getresponse().status != HTTPStatus.NOT_FOUND
    except (OSError, HTTPException):
        return True
    finally:
        connection.close()


def current_shell() -> Any:
    """The IPython shell that runs this code, or None."""
    # No import: as long as IPython is not loaded, we are not in its kernel.
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython is not None else None


def _kernel() -> Any:
    return getattr(current_shell(), "kernel", None)
