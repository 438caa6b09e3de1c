"""A reverse proxy on this machine: the service behind it has another address than callers see."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import httpx

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.client.transport import open_client
from dialtone_kit.lesson.loopback import PATIENCE, Handler, Loopback

MAX_BODY = 65536  # bytes
VIA = {"Via": "1.1 proxy"}
# What belongs to one connection, not to the message (RFC 9110 §7.6.1); lengths are counted anew.
_OF_ONE_LINE = frozenset(
    {"connection", "content-length", "host", "keep-alive", "transfer-encoding"}
)


class ReverseProxy:
    """Passes every request at `url` on to the service at `base_url`, and its answer back.

    It names itself in `Via` (RFC 9110 §7.6.3). It says nothing about the URL that was called:
    many don't, and what they would say is worth only as much as they are. It ends with `close()`.
    """

    def __init__(self, base_url: str) -> None:
        self._base_url, self._inside = base_url, open_client(base_url, timeout=PATIENCE)
        self._server = Loopback(_handler(self._pass_on))
        self.url = self._server.url

    def _pass_on(self, came: Handler) -> None:
        length = came.headers.get("Content-Length", "0")
        # The service behind checks its own Host, which is new by then: this is the place to check.
        ours = came.path.startswith("/") and f"http://{came.headers.get('Host')}" == self.url
        if not ours or not length.isdecimal() or int(length) > MAX_BODY:
            came.answer(400, b"", {})
            return
        headers, body = _kept(came.headers.items()), came.rfile.read(int(length))
        try:
            back = self._inside.request(
                came.command, self._base_url + came.path, headers=headers, content=body
            )
        except (httpx.HTTPError, DialtoneError):
            came.answer(502, b"", {})
            return
        came.answer(back.status_code, back.content, _kept(back.headers.items()) | VIA)

    def close(self) -> None:
        """Stop serving; doing so twice is fine."""
        self._server.close()
        self._inside.close()

    def __repr__(self) -> str:
        return f"ReverseProxy({self.url!r})"


def _kept(fields: Iterable[tuple[str, str]]) -> dict[str, str]:
    return {name: value for name, value in fields if name.lower() not in _OF_ONE_LINE}


def _handler(pass_on: Callable[[Handler], None]) -> type[Handler]:
    """The handler class that http.server makes an object of for each connection."""

    class Proxied(Handler):
        def do_GET(self) -> None:
            pass_on(self)

        do_POST = do_GET

    return Proxied
