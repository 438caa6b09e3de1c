"""Which proxy a request goes through: the environment's, as httpx reads it; never for loopback."""

from __future__ import annotations

import os
import urllib.request
from contextlib import suppress

import httpx

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.masking import masked
from dialtone_kit.base.urls import is_loopback

_VARIABLES = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")


def proxy_for(url: str) -> httpx.Proxy | None:
    """The proxy for `url`: HTTPS_PROXY, else ALL_PROXY, unless NO_PROXY names the host."""
    named = _named_for(url)
    if not named:
        return None
    with suppress(ValueError, httpx.InvalidURL):
        proxy = httpx.Proxy(named if "://" in named else f"http://{named}")
        if proxy.url.host:
            return proxy
    raise DialtoneError(
        f"{_variable()} is not the URL of a proxy, such as http://proxy.example.com:3128."
    )


def shown_proxy(url: str) -> str:
    """The proxy for `url` as a message may show it, without its password; empty for none."""
    proxy = proxy_for(url)
    if proxy is None:
        return ""
    return f"{masked(str(proxy.url.copy_with(userinfo=b'', path='/'))).rstrip('/')} ({_variable()})"


def no_socks() -> DialtoneError:
    """A socks proxy is set, and the library for it is not installed."""
    return DialtoneError(
        f"{_variable()} names a socks proxy, which needs one more package. Run: "
        "python -m pip install 'httpx[socks]'"
    )


def _named_for(url: str) -> str | None:
    if is_loopback(url) or urllib.request.proxy_bypass(httpx.URL(url).host):
        return None
    proxies = urllib.request.getproxies()
    return proxies.get("https") or proxies.get("all")


def _variable() -> str:
    return next((name for name in _VARIABLES if os.environ.get(name)), "the system's proxy setting")
