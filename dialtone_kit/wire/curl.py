"""A recorded request as a curl line to paste, with shell variables in place of its secrets."""

from __future__ import annotations

import re
import secrets
import shlex
from typing import Any
from urllib.parse import urlencode

import httpx

from dialtone_kit.base.masking import SECRET_MEMBERS, mask_text, visible
from dialtone_kit.wire.redaction import Redactor, form_pairs, without_noise

_FORM = "application/x-www-form-urlencoded"
# Takes the place of "$NAME" until the rest is quoted. The author of a message can't guess it.
_MARK_START = f"mark{secrets.token_hex(16)}"
_MARK = re.compile(f"{_MARK_START}([A-Z_]+)!")


class ShellLine(str):
    """A string that a notebook shows as it is, without escaping its line breaks."""

    __slots__ = ()

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        printer.text(str(self))


def curl_line(request: httpx.Request) -> ShellLine:
    """The request as curl, one option a line."""
    redactor = Redactor(lambda name, _: _mark(name))
    options = [f"curl -s{_method(request)} {_quoted(redactor.url(request.url))}"]
    for name, value in without_noise(redactor.headers(request.headers)):
        if name == "Authorization" and value.lower().startswith("basic "):
            options.append('-u "$CLIENT_ID:$CLIENT_SECRET"')
        elif name != "Host" and not (name == "Content-Type" and value == _FORM):
            options.append(f"-H {_quoted(f'{name}: {value}')}")
    return ShellLine(" \\\n  ".join(options + _data(request, redactor)))


def _method(request: httpx.Request) -> str:
    usual = "POST" if request.content else "GET"
    return "" if request.method == usual else f" -X {_quoted(request.method)}"


def _data(request: httpx.Request, redactor: Redactor) -> list[str]:
    if not request.content:
        return []
    if request.headers.get("Content-Type", "").startswith(_FORM):
        return [_form_option(name, value, redactor) for name, value in form_pairs(request.content)]
    # JSON's escapes instead of characters beyond ASCII: every shell leaves them alone.
    body = redactor.body(request.headers, request.content, ascii_only=True)
    return [f"-d {_quoted(body)}"]


def _form_option(name: str, value: str, redactor: Redactor) -> str:
    shown = _mark(name) if name in SECRET_MEMBERS else redactor.text(value)
    if shown != value:
        return f"--data-urlencode {_quoted(f'{name}={shown}')}"
    return f"-d {_quoted(urlencode([(name, value)]))}"


def _mark(name: str) -> str:
    return f"{_MARK_START}{re.sub(r'[^A-Z]', '_', name.upper())}!"


def _quoted(text: str) -> str:
    """`text` as one word of the shell: quoted literally, except that marks become variables."""
    pieces = _MARK.split(text)  # literal, name, literal, name, …
    words = [
        f'"${piece}"' if odd % 2 else shlex.quote(visible(mask_text(piece)))
        for odd, piece in enumerate(pieces)
        if piece
    ]
    return "".join(words) or "''"
