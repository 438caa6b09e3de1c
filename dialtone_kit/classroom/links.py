"""Where a learner opens the lessons: the link of a JupyterHub, with or without nbgitpuller."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, urlencode, urlsplit

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.urls import require_https_or_loopback


class BadLink(DialtoneError):
    """No link can be made of these settings."""


@dataclass(frozen=True)
class Links:
    """What a link is made of. Without a hub there is none."""

    hub: str = ""
    repository: str = ""
    branch: str = ""

    def link(self, notebook: str) -> str:
        """The link to a lesson, "" if there is no hub. Raises BadLink and UnsafeUrl.

        The hub sends each learner to their own server. With a repository, nbgitpuller brings the
        lessons there first and keeps what the learner has changed.
        """
        if not self.hub:
            self._refuse_the_rest()
            return ""
        server = f"{require_https_or_loopback(self.hub).rstrip('/')}/hub/user-redirect"
        if urlsplit(self.hub).query or urlsplit(self.hub).fragment:
            raise BadLink(f"The hub's URL must end before the ? or #: {self.hub}")
        if not self.repository:
            self._refuse_the_rest()
            return f"{server}/lab"
        repository = require_https_or_loopback(self.repository).rstrip("/")
        folder = repository.rpartition("/")[2].removesuffix(".git")
        branch = {"branch": self.branch} if self.branch else {}
        path = f"lab/tree/{folder}/notebooks/{notebook}"
        query = {"repo": repository, **branch, "urlpath": path}
        return f"{server}/git-pull?{urlencode(query, quote_via=quote, safe='')}"

    def _refuse_the_rest(self) -> None:
        if self.repository:
            raise BadLink("A repository needs a hub that fetches it. Add --hub URL.")
        if self.branch:
            raise BadLink("A branch needs the repository that has it. Add --repository URL.")
