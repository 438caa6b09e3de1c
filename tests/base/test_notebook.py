"""The notebook around us: whether a person is there, how their browser reaches a port."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from dialtone_kit.base.notebook import in_notebook, is_interactive, link

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


def test_the_environment_can_say_that_nobody_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    in_kernel(monkeypatch, allow_stdin=True)
    monkeypatch.setenv("DIALTONE_INTERACTIVE", "0")
    assert is_interactive() is False


def test_the_parameter_of_the_lesson_has_the_last_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIALTONE_INTERACTIVE", "0")
    assert is_interactive(True) is True
    in_kernel(monkeypatch, allow_stdin=True)
    assert is_interactive(False) is False


def test_outside_a_kernel_nobody_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
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
