"""The notebook around us: whether a person is there, how their browser reaches a port."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from dialtone_kit.base.notebook import in_notebook, is_interactive, link
from dialtone_kit.lesson.loopback import Answered, Asked, Loopback

APPROVE = "http://127.0.0.1:8787/realms/default/register/approve?enrollment=enroll_1"

# -- a person or not ---------------------------------------------------------------------------


def in_kernel(monkeypatch: pytest.MonkeyPatch, *, allow_stdin: object) -> None:
    kernel = SimpleNamespace(get_parent=lambda channel: {"content": {"allow_stdin": allow_stdin}})
    shell = SimpleNamespace(kernel=kernel)
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    monkeypatch.delenv("DIALTONE_INTERACTIVE", raising=False)


@pytest.mark.parametrize("allowed", [True, False])
def test_a_person_is_there_when_the_request_allows_stdin(
    monkeypatch: pytest.MonkeyPatch, allowed: bool
) -> None:
    in_kernel(monkeypatch, allow_stdin=allowed)
    assert is_interactive() is allowed


def test_the_environment_can_say_that_no_one_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    in_kernel(monkeypatch, allow_stdin=True)
    monkeypatch.setenv("DIALTONE_INTERACTIVE", "0")
    assert is_interactive() is False


def test_the_parameter_of_the_lesson_has_the_last_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIALTONE_INTERACTIVE", "0")
    assert is_interactive(True) is True
    in_kernel(monkeypatch, allow_stdin=True)
    assert is_interactive(False) is False


def test_outside_a_kernel_no_one_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DIALTONE_INTERACTIVE", raising=False)
    assert is_interactive() is False
    assert in_notebook() is False


# -- links for a person ------------------------------------------------------------------------


def test_on_a_hub_a_link_goes_through_its_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTERHUB_SERVICE_PREFIX", "/user/ada/")
    assert link(APPROVE) == (
        "/user/ada/proxy/8787/realms/default/register/approve?enrollment=enroll_1"
    )


@pytest.mark.parametrize("url", ["https://id.example.com/approve", "http://127.0.0.1/x"])
def test_a_link_elsewhere_stays_as_it_is_on_a_hub(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("JUPYTERHUB_SERVICE_PREFIX", "/user/ada/")
    assert link(url) == url


def test_without_a_hub_a_link_is_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JUPYTERHUB_SERVICE_PREFIX", raising=False)
    assert link(APPROVE) == APPROVE


# -- a codespace -------------------------------------------------------------------------------


@pytest.fixture
def codespace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JUPYTERHUB_SERVICE_PREFIX", raising=False)
    monkeypatch.setenv("CODESPACE_NAME", "ada-turbo-broccoli-4q7")
    monkeypatch.setenv("GITHUB_CODESPACES_PORT_FORWARDING_DOMAIN", "app.example.dev")


@pytest.mark.usefixtures("codespace")
def test_in_a_codespace_a_link_is_the_address_of_the_forwarded_port() -> None:
    assert link(APPROVE) == (
        "https://ada-turbo-broccoli-4q7-8787.app.example.dev"
        "/realms/default/register/approve?enrollment=enroll_1"
    )
    assert link("https://id.example.com/approve") == "https://id.example.com/approve"


@pytest.mark.usefixtures("codespace")
@pytest.mark.parametrize("missing", ["CODESPACE_NAME", "GITHUB_CODESPACES_PORT_FORWARDING_DOMAIN"])
def test_with_half_of_a_codespaces_variables_a_link_is_the_address(
    monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    monkeypatch.delenv(missing)
    assert link(APPROVE) == APPROVE


@pytest.mark.usefixtures("codespace")
def test_in_a_codespaces_jupyterlab_a_link_goes_through_its_proxy(started_by: Path) -> None:
    started_by.write_text(json.dumps({"base_url": "/", "url": "https://127.0.0.1:8888/"}))
    assert link(APPROVE).startswith("/proxy/8787/realms/")


# -- a Jupyter server without a hub ------------------------------------------------------------


@contextmanager
def jupyter_server(answer: int) -> Iterator[str]:
    """A server that gives `answer` to the question for its proxy, and 500 to anything else."""

    def answered(asked: Asked) -> Answered:
        return Answered(answer if asked.path == "/b/server-proxy/servers-info" else 500)

    with closing(Loopback(answered, "jupyter")) as server:
        yield f"{server.origin}/b/"


@pytest.fixture
def started_by(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A kernel that process 4711 started for a notebook: where a server would describe itself."""
    app = SimpleNamespace(abs_connection_file=str(tmp_path / "kernel-1.json"))
    shell = SimpleNamespace(kernel=SimpleNamespace(parent=app))
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    monkeypatch.delenv("JUPYTERHUB_SERVICE_PREFIX", raising=False)
    monkeypatch.setenv("JPY_PARENT_PID", "4711")
    monkeypatch.setenv("JPY_SESSION_NAME", "/home/ada/lessons/02-register.ipynb")
    return tmp_path / "jpserver-4711.json"


@pytest.mark.parametrize(("answer", "proxied"), [(302, True), (403, True), (404, False)])
def test_at_a_jupyter_server_a_link_goes_through_its_proxy_if_it_has_one(
    started_by: Path, answer: int, proxied: bool
) -> None:
    with jupyter_server(answer) as address:
        started_by.write_text(json.dumps({"base_url": "/b/", "url": address}))
        path = "/b/proxy/8787/realms/default/register/approve?enrollment=enroll_1"
        assert link(APPROVE) == (path if proxied else APPROVE)
        assert link("https://id.example.com/approve") == "https://id.example.com/approve"


@pytest.mark.parametrize("address", ["https://127.0.0.1:8888/", "http+unix://%2Frun%2Fj.sock/"])
def test_a_server_that_cannot_be_asked_is_taken_to_have_the_proxy(
    started_by: Path, address: str
) -> None:
    started_by.write_text(json.dumps({"base_url": "/", "url": address}))
    assert link(APPROVE).startswith("/proxy/8787/realms/")


@pytest.mark.parametrize("session", ["", "lessons/02-register-jvsc-1f2e.ipynb"])
def test_without_a_page_of_the_server_a_link_is_the_address(
    started_by: Path, monkeypatch: pytest.MonkeyPatch, session: str
) -> None:
    started_by.write_text(json.dumps({"base_url": "/", "url": "https://127.0.0.1:8888/"}))
    monkeypatch.setenv("JPY_SESSION_NAME", session)
    assert link(APPROVE) == APPROVE


@pytest.mark.parametrize("content", ["", "[]", "{}"])
def test_without_a_servers_description_a_link_is_the_address(
    started_by: Path, content: str
) -> None:
    assert link(APPROVE) == APPROVE  # no such file: another program started the kernel
    started_by.write_text(content)
    assert link(APPROVE) == APPROVE


def test_outside_the_kernel_a_link_is_the_address(
    started_by: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started_by.write_text(json.dumps({"base_url": "/", "url": "https://127.0.0.1:8888/"}))
    monkeypatch.delitem(sys.modules, "IPython")
    assert link(APPROVE) == APPROVE
