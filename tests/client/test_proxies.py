"""Odd machines: proxies of every kind, and certificates named by the environment."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dialtone_kit.base.errors import DialtoneError, ServiceUnreachable
from dialtone_kit.client.identity import IdentityClient
from dialtone_kit.commands.doctor import examine
from tests.support.peers import JSON, peer, saying

OK = JSON + b"Content-Length: 2\r\n\r\n{}"
FAR = "https://id.invalid"
NAMES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSLKEYLOGFILE")


def client(base_url: str) -> IdentityClient:
    return IdentityClient(base_url, sleep=lambda _: None)


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def proxy() -> Iterator[tuple[str, list[bytes]]]:
    refusal = b"HTTP/1.1 403 Blocked here\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    with peer(saying(refusal)) as listening:
        yield listening


@pytest.mark.parametrize("base_url", ["", FAR])
def test_loopback_bypasses_every_proxy_for_any_service(
    base_url: str, proxy: tuple[str, list[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, proxy[0])
    with peer(saying(OK)) as (url, heard):
        assert client(base_url or url).http.get(f"{url}/x").status_code == 200
        assert len(heard) == 1
    assert proxy[1] == []


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
@pytest.mark.parametrize("scheme", ["http://", ""])
def test_a_proxy_that_refuses_is_asked_once_and_named(
    name: str, scheme: str, proxy: tuple[str, list[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    where = proxy[0].removeprefix("http://")
    monkeypatch.setenv(name, f"{scheme}user:hidden@{where}")
    with pytest.raises(ServiceUnreachable, match=rf"{where} \({name}\) refused") as failed:
        client(FAR).discover()
    assert "hidden" not in str(failed.value)
    assert len(proxy[1]) == 1
    assert proxy[1][0].startswith(b"CONNECT id.invalid:443")


def test_a_proxy_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    with pytest.raises(ServiceUnreachable, match=r"through the proxy http://127\.0\.0\.1:9"):
        client(FAR).discover()


def test_no_proxy_is_obeyed(
    proxy: tuple[str, list[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy[0])
    monkeypatch.setenv("NO_PROXY", "id.invalid")
    with pytest.raises(ServiceUnreachable):
        client(FAR).discover()
    assert proxy[1] == []


@pytest.mark.parametrize("value", ["ftp://proxy.example:1", "http://:3128", "http://h:port"])
def test_what_is_not_a_proxy_is_one_line(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", value)
    with pytest.raises(DialtoneError, match=r"^HTTPS_PROXY is not the URL of a proxy"):
        client(FAR)


def test_socks_without_its_package_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "socksio", None)
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:9")
    with pytest.raises(DialtoneError, match=r"^ALL_PROXY names a socks proxy"):
        client(FAR)
    assert "socks" in [found.text for found in examine(FAR)][-1]


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "SSLKEYLOGFILE"])
def test_a_missing_file_of_tls_matters_to_https_alone(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, str(tmp_path / "missing" / "file"))
    with peer(saying(OK)) as (url, _):
        assert client(url).http.get(f"{url}/x").status_code == 200
    with pytest.raises(DialtoneError, match=rf"^{name}: No such file"):
        client(FAR)
