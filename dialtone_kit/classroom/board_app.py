"""The board as a page on loopback: an empty shell, and its content for the trainer's token."""

from __future__ import annotations

import hmac
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.masking import Secret
from dialtone_kit.classroom.board import board_of, parts
from dialtone_kit.classroom.class_events import ClassEvents, remarks
from dialtone_kit.classroom.keeping import time_is_up
from dialtone_kit.classroom.pages import file, label_of
from dialtone_kit.classroom.session import open_session
from dialtone_kit.classroom.settings import settings_of

HEADER = "Board-Token"  # not Authorization: a hub's proxy takes that for its own
FRESH = 1.5  # seconds for which a look at the events holds
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
FILES = {
    "/": ("board.html", "text/html"),
    "/class.css": ("class.css", "text/css"),
    "/board.css": ("board.css", "text/css"),
    "/board.js": ("board.js", "text/javascript"),
}


@dataclass(frozen=True)
class Look:
    """The parts of the page at one moment, and a name for exactly these."""

    parts: dict[str, str]
    version: str


class Desk:
    """Looks at the class in `folder` when it's asked, but not more often than is useful.

    It shows what learners did, or with `runs` what was run for them. `trouble` says what went wrong
    with collecting, "" if nothing.
    """

    def __init__(
        self,
        folder: Path,
        *,
        names: bool = False,
        runs: bool = False,
        trouble: Callable[[], str] = str,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._folder, self._label, self._trouble, self._now = folder, label_of(names), trouble, now
        self._events, self._runs, self._lock = ClassEvents(runs=runs), runs, threading.Lock()
        self._last: tuple[float, Look] | None = None

    def look(self) -> Look:
        """What the board shows now."""
        with self._lock:
            now = self._now()
            if self._last is None or not 0 <= now - self._last[0] < FRESH:
                self._last = now, self._looked(now)
            return self._last[1]

    def _looked(self, now: float) -> Look:
        session = open_session(self._folder)
        seats = self._events.seats(session)
        notices = [self._trouble(), *time_is_up(session, now), *remarks(seats, runs=self._runs)]
        name = settings_of(session).name
        board = board_of(name, seats, session.lessons, now, [line for line in notices if line])
        made = parts(board, self._label)
        return Look(made, sha256("".join(made.values()).encode()).hexdigest()[:16])


def board_app(desk: Desk, token: Secret) -> Starlette:
    """The application. Anyone who has `token` sees what is on the desk."""

    def look(request: Request) -> Response:
        given = request.headers.get(HEADER, "").encode()
        if not hmac.compare_digest(given, token.reveal().encode()):
            return _refused("Open the link that `dialtone class board` printed.", 401)
        try:
            seen = desk.look()
        except DialtoneError as problem:
            return _refused(str(problem), 503)
        if request.query_params.get("seen") == seen.version:
            return Response(status_code=204, headers=HEADERS)
        return JSONResponse({"version": seen.version, "parts": seen.parts}, headers=HEADERS)

    files = [Route(path, _file) for path in FILES]
    return Starlette(routes=[*files, Route("/parts", look)])


def _file(request: Request) -> Response:
    name, kind = FILES[request.url.path]
    return Response(file(name), media_type=kind, headers=HEADERS)


def _refused(line: str, status: int) -> Response:
    return PlainTextResponse(line, status, headers=HEADERS)
