"""The notebook around us: whether a person is here, and how their browser reaches a port."""

from __future__ import annotations

import os
import sys
from typing import Any
from urllib.parse import urlsplit

from dialtone_kit.base.urls import LOOPBACK


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

    On JupyterHub and Binder a loopback port is behind the hub's proxy. Only links for a person
    change: issuer, `htu` and everything that the kit itself calls keep the loopback URL.
    """
    parts = urlsplit(url)
    prefix = os.environ.get("JUPYTERHUB_SERVICE_PREFIX", "")
    if not prefix or parts.hostname not in LOOPBACK or parts.port is None:
        return url
    query = f"?{parts.query}" if parts.query else ""
    return f"{prefix.rstrip('/')}/proxy/{parts.port}{parts.path or '/'}{query}"


def _kernel() -> Any:
    # No import: as long as IPython is not loaded, we are not in its kernel.
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return getattr(shell, "kernel", None)
