"""The curl line: the request word for word, its secrets variables that no command line holds."""

from __future__ import annotations

import json
import shlex
import subprocess
from typing import Any

import httpx
import pytest

from dialtone_kit.client.dpop_auth import DPoPAuth
from dialtone_kit.wire.curl import LONGEST_BODY, curl
from dialtone_kit.wire.recorder import Wire
from tests.support.fake_service import CREDENTIALS, ISSUER, SECRET
from tests.wire.test_wire import KEY, TOKEN, Recorded, token_request

HOSTILE = ["$(id)", "`id`", "';id;'", '"$HOME"', "\\", "\\$HOME\\", "a\nb", "-o /x", "@/etc/passwd"]
HOSTILE += [
    "Zoë 🐙 日本",
    "\u202e\x1b[2J",
    "END",
    "a\nEND\nid\n",
    "%00 + & = #",
    "$DPOP_PROOF ${CODE}",
]


def parse(line: str, values: dict[str, str]) -> tuple[list[str], dict[str, list[str]]]:
    """What curl gets, as the shell itself makes it: its arguments, and its configuration, read."""
    script = 'curl() { for one in "$@"; do printf "%s\\0" "$one"; done; cat; }\n' + line
    done = subprocess.run(
        ["/bin/sh", "-c", script], env=values, capture_output=True, check=True, input=b""
    )
    *arguments, config = done.stdout.decode().split("\0")
    read: dict[str, list[str]] = {}
    for entry in config.splitlines():
        name, _, quoted = entry.partition(" = ")
        read.setdefault(name, []).append(unquoted(quoted))
    return arguments, read


def unquoted(text: str) -> str:
    """A quoted word of a curl configuration, as curl's manual describes it."""
    assert text[0] == text[-1] == '"'
    made, characters = "", iter(text[1:-1])
    for character in characters:
        assert character != '"'
        escape = next(characters) if character == "\\" else ""
        made += {"n": "\n", "r": "\r", "t": "\t", "v": "\v"}.get(escape, escape) or character
    return made


def parsed(method: str, url: str, **parts: Any) -> tuple[list[str], dict[str, list[str]]]:
    made = curl(httpx.Request(method, url, **parts))
    return parse(made.line(), made.values)


def test_an_address_as_the_name_of_a_parameter_is_a_variable() -> None:
    request = httpx.Request("POST", "https://id.example/?b@c.example=1", data={"b@c.example": "2"})
    made = curl(request)
    assert "b@c" not in made.line()
    assert "b%40c" not in made.line()
    _, config = parse(made.line(), made.values)
    assert config["url"] == ["https://id.example/?b%40c.example=1"]
    assert config["data-urlencode"] == ["b%40c.example=2"]


@pytest.mark.parametrize("host", ["127.0.0.1:8787", "localhost", "[::1]:1"])
def test_only_to_this_machine_the_line_goes_past_every_proxy(host: str) -> None:
    assert parsed("GET", f"http://{host}/x")[0][1:3] == ["--noproxy", "*"]


def test_to_another_machine_it_goes_as_curl_does() -> None:
    assert parsed("GET", "https://id.example/x")[0] == ["-si", "https://id.example/x"]


def test_the_line_has_variables_where_the_secrets_were_and_keeps_them_off_the_command_line() -> (
    None
):
    line = token_request().wire.curl()
    values = {"CLIENT_ID": "id", "CLIENT_SECRET": "it's", "DPOP_PROOF": "a.b.c"}
    arguments, config = parse(line, values)
    form = ["-d", "grant_type=client_credentials", "-d", "scope=openid"]
    assert arguments == ["-si", f"{ISSUER}/token", "-K", "-", *form]
    assert config == {"user": ["id:it's"], "header": ["DPoP: a.b.c"]}


def test_the_values_are_the_secrets_and_no_line_or_repr_has_them() -> None:
    request = token_request().sent[0]
    made = curl(request)
    assert made.values["CLIENT_ID"] == CREDENTIALS.client_id
    assert made.values["CLIENT_SECRET"] == SECRET
    assert made.values["DPOP_PROOF"] == request.headers["DPoP"]
    assert SECRET not in made.line() + repr(made)


def test_a_request_without_secrets_is_a_plain_line() -> None:
    made = curl(httpx.Request("GET", f"{ISSUER}/x?y=1#z"))
    assert made.line() == f"curl -si '{ISSUER}/x?y=1'"


def test_json_with_secrets_is_one_value() -> None:
    body = {"poll_token": 'p"t\\_x\n', "name": "it's $HOME `id` \u202e", "n": [1, None]}
    arguments, config = parsed("POST", ISSUER, json=body)
    assert arguments == ["-si", ISSUER, "-K", "-", "-H", "Content-Type: application/json"]
    assert json.loads(config["data-raw"][0]) == body


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_value_stays_a_value(text: str) -> None:
    for secret in ({}, {"token": text}):
        arguments, config = parsed("PUT", ISSUER, data={"name": text, **secret})
        assert arguments[:4] == ["-si", "-X", "PUT", ISSUER]
        given = [one for one in arguments if one.startswith("name=")]
        given += [one for one in config.get("data-urlencode", []) if one.startswith("name=")]
        assert text in (httpx.QueryParams(given[0])["name"], given[0].removeprefix("name="))
        if secret:
            assert config["data-urlencode"][-1] == f"token={text}"
        arguments, config = parsed("POST", ISSUER, json={"name": text, **secret})
        sent = config["data-raw"][0] if secret else arguments[arguments.index("--data-raw") + 1]
        assert json.loads(sent) == {"name": text, **secret}


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_as_the_whole_body_is_sent_as_it_is(text: str) -> None:
    arguments, config = parsed("POST", ISSUER, content=text, headers={"Content-Type": "text/plain"})
    sent = config["data-raw"] if "data-raw" in config else arguments[-1:]
    assert sent == [text]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_url_stays_one_word(text: str) -> None:
    for query in ({"q": text}, {"q": text, "user_code": text}, {"email": f"kim@example.com{text}"}):
        url = httpx.URL(f"{ISSUER}/[1]{{a}}", params=query)
        arguments, config = parsed("GET", str(url))
        [sent] = (
            config["url"] if "url" in config else [a for a in arguments if a.startswith("http")]
        )
        assert dict(httpx.URL(sent).params) == query
        assert httpx.URL(sent).path == url.path
        assert "-sig" in arguments


def test_what_looks_like_a_secret_is_a_variable_wherever_it_is() -> None:
    made = curl(httpx.Request("POST", ISSUER, data={"note": TOKEN}, headers={"X-Key": TOKEN}))
    assert TOKEN[-20:] not in made.line()
    _, config = parse(made.line(), made.values)
    assert config == {"header": [f"X-Key: {TOKEN}"], "data-urlencode": [f"note={TOKEN}"]}


def test_two_secrets_of_one_name_are_two_variables() -> None:
    headers = {"Authorization": "DPoP first.token.x"}
    made = curl(httpx.Request("POST", ISSUER, data={"access_token": "second"}, headers=headers))
    assert made.values == {"ACCESS_TOKEN": "first.token.x", "ACCESS_TOKEN_2": "second"}


def test_an_email_address_is_a_variable() -> None:
    for parts in ({"json": {"email": "kim@example.com"}}, {"data": {"email": "kim@example.com"}}):
        made = curl(httpx.Request("POST", ISSUER, **parts))  # type: ignore[arg-type]
        assert "kim" not in made.line()
        assert made.values == {"EMAIL": "kim@example.com"}
    made = curl(httpx.Request("GET", f"{ISSUER}/mails/kim%40example.com?to=kim@example.com"))
    assert "kim" not in made.line()
    _, config = parse(made.line(), made.values)
    assert config["url"] == [f"{ISSUER}/mails/kim%40example.com?to=kim%40example.com"]


@pytest.mark.parametrize("body", [b"\xff\xfe", b"a\0b", b"x" * (LONGEST_BODY + 1)])
def test_a_body_that_no_line_can_hold_is_a_file(body: bytes) -> None:
    arguments, _ = parsed("POST", ISSUER, content=body)
    assert arguments[2:] == ["-H", "Content-Type:", "--data-binary", "@body"]


def test_head_waits_for_no_body() -> None:
    assert parsed("HEAD", ISSUER)[0] == ["-si", "-I", ISSUER]


def test_basic_credentials_that_curl_can_t_make_are_one_variable() -> None:
    made = curl(httpx.Request("GET", ISSUER, headers={"Authorization": "Basic ///="}))
    _, config = parse(made.line(), made.values)
    assert config == {"header": ["Authorization: Basic ///="]}


def test_without_a_place_for_variables_the_line_only_names_them() -> None:
    wire = Wire()
    answer = httpx.MockTransport(lambda _: httpx.Response(200))
    with httpx.Client(transport=wire.transport(answer)) as http:
        http.get(ISSUER, auth=DPoPAuth(KEY, TOKEN))
    assert wire.curl() == (
        f"curl -si {ISSUER} -K - <<END\n"
        'header = "DPoP: ${DPOP_PROOF}"\nheader = "Authorization: DPoP ${ACCESS_TOKEN}"\nEND'
    )


def test_the_line_shows_as_it_is_in_a_notebook() -> None:
    from IPython.lib.pretty import pretty

    line: Any = token_request().wire.curl()
    assert pretty(line) == str(line)
    assert shlex.split(line)[0] == "curl"


def test_recording_a_request_for_curl_shows_nothing_of_it() -> None:
    recorded = Recorded()
    recorded.http.post(ISSUER, json={"poll_token": "opaque-poll"})
    assert "opaque" not in recorded.everything()
