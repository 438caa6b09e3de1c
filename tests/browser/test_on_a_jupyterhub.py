"""A real JupyterHub with two users of the operating system, each with a service of their own."""

from __future__ import annotations

import shutil

import psutil
import pytest

from tests.support.hub import ROOT, running_hub
from tests.support.lab import Person, write_notebook
from tests.support.platforms import needs_root
from tests.support.sponsor import CELLS, register_and_approve

START_HERE = "00-start-here.ipynb"


def services(user: str) -> list[psutil.Process]:
    """The local services that run as this user."""
    return [
        one
        for one in psutil.process_iter(["username", "cmdline"])
        if one.info["username"] == user and "dialtone_kit.mock" in (one.info["cmdline"] or [])
    ]


@pytest.mark.full  # it installs the kit and JupyterHub anew: minutes
@pytest.mark.index
@pytest.mark.timeout(1800)
@needs_root
def test_two_users_of_a_hub_have_a_service_each_and_reach_its_page(browser) -> None:
    with running_hub("ada", "bob") as seats:
        for seat in seats:
            for name in (START_HERE, "far.ipynb"):
                write_notebook(seat.root / name, *CELLS)
            shutil.copy(ROOT / "notebooks" / START_HERE, seat.root)
            for path in seat.root.iterdir():
                shutil.chown(path, seat.user)
            context = browser.new_context(viewport={"width": 1280, "height": 1800})
            page = context.new_page()
            seat.log_in(page)
            first = Person(seat, page, START_HERE)
            first.run_first(3)
            assert first.errors() == []
            person = Person(seat, context.new_page(), "far.ipynb")
            register_and_approve(person, context, f"{seat.address}/proxy/")
            context.close()
        running = [one for seat in seats for one in services(seat.user)]
        assert len(running) == len(seats)
        ports = [one.net_connections("tcp")[0].laddr.port for one in running]
        assert len({*ports}) == len(seats)
    _, alive = psutil.wait_procs(running, timeout=60)  # they end with their users' servers
    assert alive == []
