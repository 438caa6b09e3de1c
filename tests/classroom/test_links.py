"""Links to a hub: what nbgitpuller reads, and settings that make no link."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from dialtone_kit.base.errors import DialtoneError, UnsafeUrl
from dialtone_kit.classroom.links import BadLink, Links

HUB = "https://hub.example.org/jupyter/"
LESSONS = "https://git.example.org/team/dialtone-kit.git"


def test_with_a_repository_the_hub_fetches_the_lessons_and_opens_the_first() -> None:
    link = urlsplit(Links(HUB, LESSONS, "spring & fall").link("00-start-here.ipynb"))
    assert link.path == "/jupyter/hub/user-redirect/git-pull"
    assert parse_qs(link.query) == {
        "repo": [LESSONS],
        "branch": ["spring & fall"],
        "urlpath": ["lab/tree/dialtone-kit/notebooks/00-start-here.ipynb"],
    }


def test_without_a_branch_the_repository_decides() -> None:
    assert "branch" not in Links(HUB, LESSONS).link("00-start-here.ipynb")


def test_with_a_hub_alone_the_link_opens_jupyterlab_and_without_one_there_is_none() -> None:
    assert Links(HUB).link("x") == "https://hub.example.org/jupyter/hub/user-redirect/lab"
    assert Links().link("x") == ""


@pytest.mark.parametrize(
    ("links", "error"),
    [
        (Links("http://hub.example.org"), UnsafeUrl),
        (Links(HUB, "https://me:secret@git.example.org/x"), UnsafeUrl),
        (Links(HUB, "git@git.example.org:x"), UnsafeUrl),
        (Links(HUB + "?next=x"), BadLink),
        (Links("", LESSONS), BadLink),
        (Links(HUB, "", "main"), BadLink),
    ],
)
def test_settings_that_make_no_safe_link_are_refused(
    links: Links, error: type[DialtoneError]
) -> None:
    with pytest.raises(error) as refused:
        links.link("x")
    assert "secret@" not in str(refused.value)
