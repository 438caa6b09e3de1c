"""How the service refuses, at every endpoint."""

from __future__ import annotations

import logging
from typing import Any

log = logging.getLogger("dialtone.mock")
Headers = tuple[tuple[str, str], ...]
# For documents that anyone may read and cache, including pages of any origin.
PUBLIC: Headers = (("Access-Control-Allow-Origin", "*"),)
NO_STORE: Headers = (("Cache-Control", "no-store"), ("Pragma", "no-cache"))


class Refusal(Exception):
    """A refusal: an HTTP status, a code of the protocol, and what to do about it."""

    def __init__(
        self, status: int, error: str, description: str, headers: Headers = (), **more: Any
    ) -> None:
        super().__init__(f"{status} {error}: {description}")
        self.status, self.error, self.description = status, error, description
        self.headers = headers
        self.more = more  # further members of the body, for programs: tries_left

    def and_headers(self, headers: Headers) -> Refusal:
        """The same refusal with more headers."""
        return Refusal(
            self.status, self.error, self.description, self.headers + headers, **self.more
        )
