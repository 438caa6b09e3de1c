"""The buttons that open a lesson somewhere: the one place that knows where the kit can be had."""

from __future__ import annotations

import html
import re
import tomllib
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

import yaml

from tests.support.books import ROOT

HUB = ""  # the https:// address of a JupyterHub with nbgitpuller, if there is one for everyone
WHERE = "where-to-run.html"
NO_ADDRESS = "<span>Binder and Codespaces need a public repository, and there is none yet.</span>"


@dataclass(frozen=True)
class Places:
    """Where the repository and a hub are; either may be missing."""

    repository: str = ""  # https://github.com/OWNER/NAME
    hub: str = ""

    def file(self, path: str) -> str:
        """The address of a file or folder of the repository, or nothing."""
        return f"{self.repository}/blob/HEAD/{path}" if self.repository else ""

    @property
    def slug(self) -> str:
        """OWNER/NAME."""
        return urlsplit(self.repository).path.strip("/")


def places() -> Places:
    """The repository as pyproject.toml names it, or CITATION.cff."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    urls = {name.lower(): url for name, url in project.get("urls", {}).items()}
    named = urls.get("repository") or urls.get("source") or citation.get("repository-code", "")
    return Places(re.sub(r"(\.git)?/?$", "", named), HUB)


def buttons(name: str, where: Places, lead: str = "This is a recording. Run it:") -> str:
    """HTML that opens the notebook `name`: a line without blank lines, for Markdown."""
    number = html.escape(name[:2])
    command = f"<code>dialtone lab --lesson {number}</code>"
    links = [_link(label, url) for label, url in _links(name, where)]
    if not where.repository:
        links.append(NO_ADDRESS)
    return (
        '<nav class="open-in" aria-label="Open this lesson">'
        f"<span>{lead} {command} or</span>"
        f" {' '.join(links)}</nav>"
    )


def _links(name: str, where: Places) -> list[tuple[str, str]]:
    notebook = f"notebooks/{name}"
    found = [("JupyterLab", f"{WHERE}#one-machine")]
    if where.repository:
        tree = quote(f"lab/tree/{notebook}", safe="")
        found += [
            ("Binder", f"https://mybinder.org/v2/gh/{where.slug}/HEAD?urlpath={tree}"),
            ("Codespaces", f"https://codespaces.new/{where.slug}?quickstart=1"),
        ]
    return [*found, ("nbgitpuller", _pull(notebook, where))]


def _pull(notebook: str, where: Places) -> str:
    """The link that brings the lessons to a hub; without one, the page that explains it."""
    if not (where.repository and where.hub):
        return f"{WHERE}#nbgitpuller-links"
    folder = where.slug.rpartition("/")[2]
    tree = quote(f"lab/tree/{folder}/{notebook}", safe="")
    pull = f"{where.hub}/hub/user-redirect/git-pull"
    return f"{pull}?repo={quote(where.repository, safe='')}&urlpath={tree}"


def _link(label: str, url: str) -> str:
    return f'<a href="{html.escape(url)}">{label}</a>'
