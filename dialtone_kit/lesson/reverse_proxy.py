"""A reverse proxy on this machine: the service behind it has another address than callers see."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import httpx

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.client.transport import open_client
from dialtone_kit.lesson.loopback import PATIENCE, Answered, Asked, Loopback

VIA = {"Via": "1.1 proxy"}
# What belongs to one connection, not to the message (RFC 9110 §7.6.1); lengths are counted again.
_OF_ONE_LINE = frozenset(
    {"connection", "content-length", "host", "keep-alive", "transfer-encoding"}
)


class ReverseProxy:
    """Passes every GET and POST at `url` on to the service at `base_url`, and its answer back.

    It names itself in `Via` (RFC 9110 §7.6.3). It says nothing about the URL that was called:
    many don't, and what they would say is worth only as much as they are. It ends with `close()`.
    """

    def __init__(self, base_url: str) -> None:
        self._base_url, self._inside = base_url, open_client(base_url, timeout=PATIENCE)
        self._server = Loopback(self._pass_on, "proxy")
        self.url = self._server.origin

    def _pass_on(self, asked: Asked) -> Answered:
        if not asked.path.startswith("/"):
            return Answered(400)
        url, headers = self._base_url + asked.path, list(_kept(asked.headers.items()))
        try:
            back = self._inside.request(asked.method, url, headers=headers, content=asked.body)
        except (httpx.HTTPError, DialtoneError):
            return Answered(502)
        return Answered(back.status_code, back.content, dict(_kept(back.headers.items())) | VIA)

    def close(self) -> None:
        """Stop serving; doing so twice is fine."""
        self._server.close()
        self._inside.close()

    def __repr__(self) -> str:
        return f"ReverseProxy({self.url!r})"


def _kept(fields: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    return ((name, value) for name, value in fields if name.lower() not in _OF_ONE_LINE)
