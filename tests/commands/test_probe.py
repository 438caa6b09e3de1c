"""`dialtone probe` on the service's own API, private realms, MCP servers, and what is no API."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import click
import pytest
from mcp.server import MCPServer
from mcp.server.auth.provider import AccessToken, TokenVerifier
from mcp.server.auth.settings import AuthSettings
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from dialtone_kit.attacks.calls import Target
from dialtone_kit.attacks.catalogue import ATTACKS
from dialtone_kit.attacks.good_calls import GOOD
from dialtone_kit.attacks.judge import Outcome
from dialtone_kit.client.identity import IdentityClient
from dialtone_kit.commands import cli
from dialtone_kit.commands.cli import main
from dialtone_kit.commands.probe_report import FORMATS, Report, lines
from dialtone_kit.local import service
from dialtone_kit.local.controls import Controls
from dialtone_kit.local.record import free_port
from tests.support.mcp_scene import served, serving
from tests.support.strangers import stranger

Run = Callable[..., SimpleNamespace]


@pytest.fixture
def probe(shared_home: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command; what it printed, and its exit code."""

    def run(*arguments: str) -> SimpleNamespace:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(["probe", *arguments])
        return SimpleNamespace(code=ended.value.code, **capsys.readouterr()._asdict())

    return run


@pytest.fixture
def base_url(shared_home: Path) -> str:
    return service.ensure().base_url


@pytest.fixture
def realm(base_url: str) -> Iterator[Callable[..., str]]:
    """Makes private realms; returns their issuers."""
    controls, made = Controls(service.ensure), list[str]()

    def make(like: str = "default", **more: Any) -> str:
        made.append(controls.new_realm(like, **more))
        return f"{base_url}/realms/{made[-1]}"

    yield make
    for name in made:
        controls.remove_realm(name)


def verdicts(output: str) -> dict[str, str]:
    return {one["name"]: one["verdict"] for one in json.loads(output)["outcomes"]}


def test_the_services_own_api_holds_everything(probe: Run, base_url: str) -> None:
    ended = probe(f"{base_url}/realms/default/api/whoami")
    assert ended.code == 0, ended.out
    assert "Attacks: 14 held, 0 open. Good calls: 13 passed, 0 refused. Not tried: 5." in ended.out
    assert "At most 200 requests, one at a time" in ended.out.splitlines()[1]
    not_tried = ended.out.count("\nnot tried ")
    assert len(ended.out.splitlines()) == 2 + len(GOOD) + len(ATTACKS) + not_tried + 2


def test_where_nonces_are_demanded_they_are_answered(probe: Run, base_url: str) -> None:
    strict = f"{base_url}/realms/strict"
    ended = probe(f"{strict}/api/whoami", "--issuer", strict, "--format", "json")
    assert ended.code == 0, ended.out
    not_tried = [name for name, verdict in verdicts(ended.out).items() if verdict == "not tried"]
    assert not_tried == [
        "a token for two APIs",
        "the default port in htu",
        "A token that has expired",
    ]


@pytest.mark.parametrize(
    ("without", "like", "number"),
    [("typ_is_dpop", "default", 9), ("one_header", "default", 10), ("nonce_is_ours", "strict", 8)],
)
def test_a_rule_that_is_off_is_the_one_hole_that_is_found(
    probe: Run, realm: Callable[..., str], without: str, like: str, number: int
) -> None:
    issuer = realm(like, without=without)
    ended = probe(f"{issuer}/api/whoami", "--issuer", issuer)
    assert ended.code == 1
    attack = next(one for one in ATTACKS if one.number == number)
    assert attack.rule == without
    assert f"{attack.sentence}" in ended.out
    assert "1 open" in ended.out
    assert ended.out.endswith(f"Open: {attack.name}.\n")


def test_a_scope_can_be_asked_for(probe: Run, base_url: str) -> None:
    notes = f"{base_url}/realms/default/api/notes"
    assert probe(notes, "--scope", "notes:read").code == 0
    refused = probe(notes)
    assert refused.code == 2
    assert "it got 403: This needs the scope notes:read" in refused.err


def test_json_has_all_that_a_security_team_lists(probe: Run, base_url: str) -> None:
    ended = probe(f"{base_url}/realms/default/api/whoami?code=hidden", "--format", "json")
    report = json.loads(ended.out)
    assert report["url"].endswith("/api/whoami")
    assert "hidden" not in ended.out + ended.err
    attacks = [one for one in report["outcomes"] if one["kind"] == "attack"]
    assert [one["number"] for one in attacks] == [one.number for one in ATTACKS]
    assert all(one["section"].startswith("RFC ") and one["rule"] for one in attacks)
    assert {risk for one in attacks for risk in one["owasp"]} == set(report["owasp"])
    assert "At most 200 requests" in ended.err


def test_junit_is_what_ants_schema_asks_for(probe: Run, realm: Callable[..., str]) -> None:
    """The facts of the public schema: order, required attributes, their types."""
    issuer = realm(without="htm_matches")
    ended = probe(f"{issuer}/api/whoami", "--issuer", issuer, "--format", "junit")
    assert ended.code == 1
    suites = ElementTree.fromstring(ended.out.encode())
    (suite,) = suites
    assert (suites.tag, suite.tag) == ("testsuites", "testsuite")
    assert [one.tag for one in suite if one.tag != "testcase"] == [
        "properties",
        "system-out",
        "system-err",
    ]
    assert suite[0].tag == "properties"
    assert all(one.attrib.keys() == {"name", "value"} for one in suite[0])
    assert {"id", "package", "name", "hostname", "timestamp", "time", "tests"} <= set(suite.attrib)
    assert len(suite.attrib["timestamp"]) == len("2026-11-27T15:00:00")
    cases = suite.findall("testcase")
    assert all({"name", "classname", "time"} == set(case.attrib) for case in cases)
    assert int(suite.attrib["tests"]) == len(cases) == len(GOOD) + len(ATTACKS)
    failed, skipped = suite.findall("testcase/failure"), suite.findall("testcase/skipped")
    assert (int(suite.attrib["failures"]), int(suite.attrib["skipped"])) == (1, len(skipped))
    assert suite.attrib["errors"] == "0"
    assert failed[0].attrib["type"] == "open"
    assert "RFC 9449 §4.3, check 8 ASI07 MCP07" in str(failed[0].text)


@pytest.mark.parametrize("width", [40, 80, None])
def test_what_is_as_it_should_be_takes_one_line_of_the_terminal(width: int | None) -> None:
    [styled] = lines(Outcome(ATTACKS[0], "held", "401: " + "why " * 30), width)
    held = click.unstyle(styled)
    assert held.startswith("held       1  A proof by another")
    assert len(held) <= 40 if width == 40 else len(held) > 70
    [_, why] = lines(Outcome(ATTACKS[7], "not tried", "no nonce"), width)
    assert why.strip() == "no nonce"
    [_, way, sentence] = lines(Outcome(ATTACKS[12], "open", "200: The token."), width)
    assert (way.strip(), sentence.strip()) == ("200: The token.", f"{ATTACKS[12].sentence} [M08]")
    for good, says in ((GOOD[0], "must be let in"), (GOOD[-1], "only recommends")):
        assert says in list(lines(Outcome(good, "refused", "401"), width))[-1]


@pytest.mark.parametrize("form", FORMATS)
def test_an_api_that_locks_its_caller_out_cant_be_judged(
    form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    shut = Outcome(ATTACKS[1], "not tried", "after attack 2, the agent's own call got 403", True)

    def ended(*outcomes: Outcome) -> int:
        report = Report(Target("GET", "http://127.0.0.1:5000/notes"), "https://id.example", form)
        for one in outcomes:
            report.add(one)
        return report.end()

    held, opened = Outcome(ATTACKS[0], "held", "401"), Outcome(ATTACKS[2], "open", "200: Any.")
    assert ended(held, shut) == 2
    out, err = capsys.readouterr()
    assert err.endswith("can't judge all of it: after attack 2, the agent's own call got 403.\n")
    assert form != "junit" or ('errors="1"' in out and '<error message="not tried: after' in out)
    assert ended(shut, opened) == 1
    assert ended(held, Outcome(ATTACKS[7], "not tried", "no nonce")) == 0
    assert "can't judge" not in capsys.readouterr().err


# --- MCP servers ---


class AnyToken(TokenVerifier):
    """What the SDK shows a verifier: the token, and never the proof."""

    def __init__(self, client: IdentityClient, resource: str) -> None:
        self.client, self.resource = client, resource

    async def verify_token(self, token: str) -> AccessToken | None:
        claims = self.client.verify(token, audience=self.resource)
        return AccessToken(token=token, client_id=claims["client_id"], scopes=["openid"])


def test_an_mcp_server_behind_the_gate_holds_everything(probe: Run, base_url: str) -> None:
    """Without a body, the server behind the gate answers 406 to a GET for JSON."""
    with served(IdentityClient(base_url), nonce_key=b"k" * 32) as url:
        ended = probe(url, "--audience", url, "--ok", "406")
    assert ended.code == 0, ended.out + ended.err
    assert "Attacks: 15 held, 0 open. Good calls: 15 passed, 0 refused." in ended.out


def test_an_mcp_server_that_knows_only_bearer_cant_be_judged(probe: Run, base_url: str) -> None:
    issuer = f"{base_url}/realms/default"

    def bearer_only(url: str) -> ASGIApp:
        settings = AuthSettings(
            issuer_url=issuer,  # type: ignore[arg-type]
            resource_server_url=url,  # type: ignore[arg-type]
            validate_token_resource=False,  # the verifier does it
        )
        verifier = AnyToken(IdentityClient(base_url), url)
        server: MCPServer[Any] = MCPServer(
            "notes", log_level="ERROR", token_verifier=verifier, auth=settings
        )
        return server.streamable_http_app()

    with serving(bearer_only) as url:
        ended = probe(url, "--audience", url, "--ok", "406")
    assert ended.code == 2
    assert "A good call has to pass first, and it got 401" in ended.err


# --- what can't be judged ---


def one_line(ended: SimpleNamespace, says: str) -> None:
    assert ended.code == 2
    lines = [line for line in ended.err.splitlines() if line.startswith("dialtone: ")]
    assert len(lines) == 1
    assert says in lines[0]
    assert "Traceback" not in ended.err


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("", "Missing argument"),
        ("nonsense", "not an absolute http or https URL"),
        ("ftp://127.0.0.1/", "not an absolute http or https URL"),
        ("http://ada:pw@127.0.0.1/", "user name or password"),
        ("http://api.example/", "in the clear"),
        ("https://169.254.169.254/", "link-local"),
        ("https://api.example/", "name it again: --i-may-test api.example"),
        ("https://api.example/ --i-may-test other.example", "names other.example"),
        ("http://127.0.0.1:1/ --i-may-test api.example", "names api.example"),
        ("http://127.0.0.1:1/ --ok 401", "is how a verifier refuses"),
        ("http://127.0.0.1:1/ --ok 99", "Invalid value"),
        ("http://127.0.0.1:1/ --method BREW", "Invalid value"),
        ("http://127.0.0.1:1/ --format pdf", "Invalid value"),
        ("http://127.0.0.1:1/ --issuer https://id.example/realms/x", "No stored credentials for"),
    ],
)
def test_a_mistake_is_one_line_and_nothing_is_sent(probe: Run, line: str, says: str) -> None:
    one_line(probe(*line.split()), says)


def test_a_host_that_is_named_twice_may_be_tested(probe: Run, base_url: str) -> None:
    """Nobody is there: the name ends in .invalid (RFC 6761 §6.4)."""
    ended = probe("https://API.invalid/", "--i-may-test", "api.invalid")
    one_line(ended, "No connection to https://api.invalid")


def test_nobody_listens(probe: Run, base_url: str) -> None:
    one_line(probe(f"http://127.0.0.1:{free_port(0)}/"), "Is it running?")


def test_no_tls_where_the_url_says_https(probe: Run, base_url: str) -> None:
    with stranger(port := free_port(0)):
        one_line(probe(f"https://127.0.0.1:{port}/"), f"No TLS with https://127.0.0.1:{port}: ")


def test_an_api_without_a_verifier(probe: Run, base_url: str) -> None:
    with stranger(port := free_port(0)) as heard:
        one_line(probe(f"http://127.0.0.1:{port}/"), "nothing is protected here")
    assert len(heard) == 1
    assert "Authorization" not in heard[0]


def test_a_redirect_is_not_followed(probe: Run, base_url: str) -> None:
    with stranger(port := free_port(0)) as heard:
        target = f"http://127.0.0.1:{port}/"

        async def moved(scope: Scope, receive: Receive, send: Send) -> None:
            await RedirectResponse(target)(scope, receive, send)

        with serving(lambda _: moved) as url:
            one_line(probe(url), f"a redirect to {target}")
    assert heard == []


def test_a_service_that_asks_for_a_pause_gets_it(probe: Run, base_url: str) -> None:
    asked: list[str] = []

    async def busy(scope: Scope, receive: Receive, send: Send) -> None:
        asked.append(scope["method"])
        await Response(status_code=401 if len(asked) == 1 else 429)(scope, receive, send)

    with serving(lambda _: busy) as url:
        one_line(probe(url, "--method", "POST"), "asks for a pause (429)")
    assert asked == ["POST", "POST"]


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_it_quietly(
    probe: Run, base_url: str, ending: signal.Signals, tmp_path: Path
) -> None:
    """The API answers the second call never: by then the probe waits, with a token in its hands."""
    asked: list[str] = []
    code = "import sys; from dialtone_kit.commands.cli import main; main(sys.argv[1:])"

    async def stuck(scope: Scope, receive: Receive, send: Send) -> None:
        asked.append(scope["path"])
        if len(asked) > 1:
            os.kill(running.pid, ending)
            await receive()
            await receive()
        else:
            await Response(status_code=401)(scope, receive, send)

    with serving(lambda _: stuck) as url:
        running = subprocess.Popen(
            [sys.executable, "-c", code, "probe", url],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        out, err = running.communicate(timeout=30)
    assert running.returncode == cli.INTERRUPTED
    assert "Traceback" not in out + err
    assert "Attacks" not in out


def test_no_token_and_no_proof_is_printed(probe: Run, base_url: str) -> None:
    """An API that quotes everything it gets, and then lets everything in."""
    heard: list[str] = []

    async def telling(scope: Scope, receive: Receive, send: Send) -> None:
        named = {name.decode(): value.decode() for name, value in scope["headers"]}
        token = named.get("authorization", "").rpartition(" ")[2]
        heard.extend(one for one in (token, named.get("dpop", "")) if len(one) > 30)
        good = len(heard) < 40 and token
        words = {"error": f"I got {token} and {named.get('dpop')}"}
        status = 200 if good else 401
        await Response(json.dumps(words), status, media_type="application/json")(
            scope, receive, send
        )

    with serving(lambda _: telling) as url:
        for form in ("text", "junit"):
            heard.clear()
            ended = probe(url, "--format", form)
            assert ended.code == 1
            assert len(heard) > 40
            shown = ended.out + ended.err
            assert not any(part in shown for one in heard for part in one.split(".") if part)
