"""A recorded request as curl, to paste into a terminal; its secrets are shell variables.

Whatever isn't secret is in the line. A secret goes to curl's standard input, in lines of a
curl configuration (`-K -`): a command's arguments can be read by every user of the machine while it
runs. The lines are written for sh, bash and zsh; PowerShell, cmd and fish have no such "here
document" (on Windows, use WSL).
"""

from __future__ import annotations

import json
import re
import secrets
import shlex
from base64 import b64decode
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus, urlencode

import httpx

from dialtone_kit.base.masking import masked
from dialtone_kit.base.pins import pinned
from dialtone_kit.base.private_files import shown
from dialtone_kit.base.urls import is_loopback
from dialtone_kit.wire.redaction import Hide, Redactor, form_pairs, without_noise

_FORM = "application/x-www-form-urlencoded"
# Takes the place of "$NAME" until the rest is quoted. The author of a message can't guess it.
_MARK_START = f"mark{secrets.token_hex(16)}"
_MARK = re.compile(f"{_MARK_START}([A-Z0-9_]+)!")
# What curl reads as an escape between quotes in a configuration, and the shell in a here document.
_FOR_CURL = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v"}
_FOR_SHELL = re.compile(r"\\\\|[$`]")
LONGEST_BODY = 64 * 1024  # bytes
_LONG = {"-H": "header", "-d": "data", "-u": "user", "--data-raw": "data-raw"}


class ShellLine(str):
    """A string that a notebook shows as it is, without escaping its line breaks."""

    __slots__ = ()

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        printer.text(str(self))


@dataclass
class Curl:
    """A curl command under construction: `values` are the variables of its secrets.

    `options` are in the line, `config` on standard input.
    """

    options: list[str] = field(default_factory=list)
    config: list[str] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict, repr=False)

    def line(self, file: Path | None = None) -> ShellLine:
        """The command, one option a line; `file` is where it reads its variables from."""
        first, *others = self.options
        if not self.config:
            return ShellLine(" \\\n  ".join([first, *others]))
        source = f". {_path(file)} &&\n" if file else ""
        command = " \\\n  ".join([f"{first} -K -", *others])
        return ShellLine("\n".join([f"{source}{command} <<END", *self.config, "END"]))

    def add(self, option: str, text: str) -> None:
        """`option` with `text`: in the line, or on standard input if marks or secrets are in it."""
        if self._is_plain(text):
            self.options.append(f"{option} {shlex.quote(text)}")
        else:
            name = _LONG.get(option, option.lstrip("-"))
            self.config.append(f'{name} = "{self._for_shell(text)}"')

    def hide(self, encode: Callable[[str], str] = str) -> Hide:
        """What puts a variable where a secret was; the value is `encode`d as that place needs."""
        return lambda name, value: self._mark(name, encode(value))

    def _is_plain(self, text: str) -> bool:
        return not _MARK.search(text) and masked(text) == text

    def _mark(self, name: str, value: str) -> str:
        value, base = _for_curl(value), re.sub(r"[^A-Z]", "_", name.upper())
        for number in count(1):
            variable = base if number == 1 else f"{base}_{number}"
            if self.values.setdefault(variable, value) == value:
                return f"{_MARK_START}{variable}!"
        raise AssertionError("count() does not end")

    def _for_shell(self, text: str) -> str:
        """`text` between quotes on standard input: marks and what is to be masked as variables."""
        pieces = _MARK.split(text)  # literal, name, literal, name, …
        for place, piece in enumerate(pieces):
            if place % 2 == 0 and masked(piece) != piece:
                pieces[place] = _MARK.sub(r"${\1}", self._mark("value", piece))
            else:
                plain = _FOR_SHELL.sub(_escaped, _for_curl(piece))
                pieces[place] = f"${{{piece}}}" if place % 2 else plain
        return "".join(pieces)


def curl(request: httpx.Request) -> Curl:
    """The request as curl would send it. A binary or long body becomes a file @body."""
    made = Curl()
    _add_url(made, request)
    _add_headers(made, request)
    if request.content:
        _add_body(made, request)
    return made


def _add_url(made: Curl, request: httpx.Request) -> None:
    url = str(request.url.copy_with(fragment=None))
    bare = Redactor(made.hide()).text(str(request.url.copy_with(query=None, fragment=None)))
    query = _query(made, request.url)
    # Brackets and braces are a pattern to curl, unless -g says that they are not.
    flags = "-sig" if re.search(r"[][{}]", url) else "-si"
    command = f"curl {flags}{_method(request)}"
    authority = pinned(str(request.url))
    if authority is not None or is_loopback(str(request.url)):
        command += " --noproxy '*'"  # or curl hands it all to the proxy that http_proxy names
    if authority is not None:
        command += f" --cacert {_path(authority)}"
    if _MARK.search(bare + query) or masked(url) != url:
        made.options.append(command)
        made.add("url", f"{bare}?{query}" if query else bare)
    else:
        made.options.append(f"{command} {shlex.quote(url)}")


def _query(made: Curl, url: httpx.URL) -> str:
    redactor = Redactor(made.hide(quote_plus))
    pairs = []
    for name, value in form_pairs(url.query):
        pairs.append(f"{_quoted(redactor.text(name))}={_quoted(redactor.member(name, value))}")
    return "&".join(pairs)


def _quoted(hidden: str) -> str:
    """`hidden` for a query or a form, its marks left alone."""
    pieces = _MARK.split(hidden)  # literal, name, literal, name, …
    pieces[::2] = [quote_plus(piece) for piece in pieces[::2]]
    pieces[1::2] = [f"{_MARK_START}{variable}!" for variable in pieces[1::2]]
    return "".join(pieces)


def _method(request: httpx.Request) -> str:
    if request.method == "HEAD":
        return " -I"
    usual = "POST" if request.content else "GET"
    return "" if request.method == usual else f" -X {shlex.quote(request.method)}"


def _add_headers(made: Curl, request: httpx.Request) -> None:
    redactor, fields = Redactor(made.hide()), []
    for raw_name, raw_value in request.headers.raw:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        user = _user(value) if name.lower() == "authorization" else None
        if user is not None:
            hide = made.hide()
            made.add("-u", f"{hide('client_id', user[0])}:{hide('client_secret', user[1])}")
        else:
            fields += redactor.headers(httpx.Headers([(name, value)]))
    for name, value in without_noise(fields):
        if name != "Host" and (name, value) != ("Content-Type", _FORM):
            made.add("-H", f"{name}: {value}" if value else f"{name};")
    if request.content and "Content-Type" not in request.headers:
        made.add("-H", "Content-Type:")  # curl would name one


def _user(value: str) -> tuple[str, str] | None:
    """Name and password of HTTP Basic, if it is what curl's -u would make."""
    scheme, _, packed = value.partition(" ")
    with suppress(ValueError):
        user, colon, password = b64decode(packed, validate=True).decode().partition(":")
        if scheme.lower() == "basic" and colon and (user + password).isprintable():
            return user, password
    return None


def _add_body(made: Curl, request: httpx.Request) -> None:
    content, kind = request.content, request.headers.get("Content-Type", "")
    try:
        text = content.decode()
    except UnicodeDecodeError:
        text = "\0"
    if len(content) > LONGEST_BODY or "\0" in text:
        made.add("--data-binary", "@body")
    elif kind.startswith(_FORM):
        for name, value in form_pairs(content):
            _add_pair(made, name, value)
    else:
        made.add("--data-raw", _json(made, kind, text) or _plain(made, text))


def _add_pair(made: Curl, name: str, value: str) -> None:
    redactor = Redactor(made.hide())
    named, hidden = Redactor(made.hide(quote_plus)).text(name), redactor.member(name, value)
    if (named, hidden) != (name, value) or masked(value) != value:
        made.add("--data-urlencode", f"{_quoted(named)}={hidden}")
    else:
        made.add("-d", urlencode([(name, value)]))


def _json(made: Curl, kind: str, text: str) -> str:
    """A JSON body, with JSON's escapes beyond ASCII: every shell leaves them alone. "" if not."""
    if "json" not in kind.lower():
        return ""
    with suppress(ValueError, RecursionError):
        value = Redactor(made.hide(lambda secret: json.dumps(secret)[1:-1])).json(json.loads(text))
        body = json.dumps(value, indent=2)
        return json.dumps(value) if _MARK.search(body) else body
    return ""


def _plain(made: Curl, text: str) -> str:
    redactor = Redactor(made.hide())
    return redactor.text(redactor.members(text))


def _path(file: Path) -> str:
    """`file` as a word of the shell, from the home folder where it is in it."""
    home, slash, rest = shown(file).partition("/")
    return f"~/{shlex.quote(rest)}" if home == "~" and slash else shlex.quote(str(file))


def _for_curl(text: str) -> str:
    return "".join(_FOR_CURL.get(character, character) for character in text)


def _escaped(match: re.Match[str]) -> str:
    return "".join(f"\\{character}" for character in match[0])
