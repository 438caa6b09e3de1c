"""Policies over HTTP: what each realm permits, and a trainer who edits while it runs."""

import secrets
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from dialtone_kit.mock.core.client import Client
from dialtone_kit.mock.core.settings import built_in_realms
from dialtone_kit.mock.policy import decisions
from tests.support.published import policy_for
from tests.support.running_mock import Mock, Registered

STAFF = "deploy:staging calendar:read api:read repo:read repo:write pr:comment"
SCOPES = ("openid", "notes:read", "notes:write", "deploy:prod", *STAFF.split())
NOBODY_WRITES = """
@id("nobody-writes-today") @ask("Come back tomorrow.")
forbid (principal, action == Action::"notes:write", resource);
"""
WHOAMI, NOTES = "/api/whoami", "/api/notes"


class Trainer:
    """A service of its own whose policy files a test may edit."""

    def __init__(self, mock: Mock) -> None:
        self.mock, self.folder = mock, mock.state_dir / "policies"
        self.kit = {path.name: path.read_text() for path in self.folder.glob("*.cedar")}

    def edit(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)

    def add(self, name: str, text: str) -> None:
        self.edit(name, self.kit[name] + text)

    def restore(self) -> None:
        for name, text in self.kit.items():
            self.edit(name, text)

    def state(self, name: str) -> dict[str, Any]:
        answer = self.mock.control("GET", "policies").json()
        return next(one for one in answer["policies"] if one["file"] == name)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trainer]:
    running = Mock(tmp_path_factory.mktemp("policies")).start()
    yield Trainer(running)
    running.stop()
    assert "Traceback" not in running.log, running.log


@pytest.fixture
def trainer(service: Trainer) -> Iterator[Trainer]:
    yield service
    service.restore()


@pytest.fixture
def acme(service: Trainer) -> Iterator[str]:
    name = service.mock.new_realm("acme")
    yield name
    service.mock.remove_realm(name)


def denied(answer: httpx.Response) -> str:
    assert (answer.status_code, answer.json()["error"]) == (403, "access_denied"), answer.text
    assert answer.headers["cache-control"] == "no-store"
    return str(answer.json()["error_description"])


def someone_at(domain: str) -> str:
    return f"{secrets.token_hex(4)}@{domain}"


# --- who may register what ---------------------------------------------------------------------

REGISTER = [
    # like, domain, what may be registered
    ("default", "anywhere.example", "openid notes:read notes:write"),
    ("strict", "anywhere.example", "openid notes:read notes:write"),
    ("acme", "acme.example", f"openid notes:read {STAFF}"),
    ("acme", "ACME.Example", f"openid notes:read {STAFF}"),
    ("acme", "eng.acme.example", f"openid notes:read {STAFF}"),
    ("acme", "platform.acme.example", f"openid notes:read notes:write deploy:prod {STAFF}"),
    ("acme", "a.b.Platform.ACME.example", f"openid notes:read notes:write deploy:prod {STAFF}"),
    ("acme", "acme.com", f"openid {STAFF}"),
    ("acme", "evil-acme.com", ""),
    ("acme", "contractors.acme.example", "openid"),
    ("acme", "it.contractors.acme.example", "openid"),
    ("acme", "partner.example", "openid"),
    ("acme", "evil-acme.example", ""),
    ("acme", "platform.acme.example.evil.test", ""),
    ("acme", "anywhere.example", ""),
    ("acme", "xn--acme-1ya.example", ""),
]


@pytest.mark.parametrize(("like", "domain", "open_scopes"), REGISTER)
def test_a_domain_registers_what_its_realm_permits(
    service: Trainer, like: str, domain: str, open_scopes: str
) -> None:
    """Each scope alone, by the decision itself and then, for all together, over HTTP."""
    mock = service.mock
    realm = mock.new_realm(like)
    expected = open_scopes.split()
    email = someone_at(domain)
    for number, scope in enumerate(SCOPES):
        if number % 2 == 0:
            mock.control("POST", "limits/clear", json={"realm": realm})
        answer = mock.request_enrollment(realm, email=email, requested_scopes=[scope])
        assert answer.status_code == (200 if scope in expected else 403), (scope, answer.text)
        if answer.status_code == 403:
            text = denied(answer)
            assert text.startswith(f"Scope not permitted for {domain.lower()}: {scope}. ")
            instead = (
                f"Ask for: {open_scopes}." if expected else "No scope is available to you here."
            )
            assert text.endswith(instead)
            known = scope in built_in_realms()[like].scopes
            assert (f"{like}.cedar" in text) is known
    mock.control("POST", "limits/clear", json={"realm": realm})
    if expected:
        assert mock.register(realm, email=email, requested_scopes=expected).token()
    mock.remove_realm(realm)


def test_a_refusal_names_every_denied_scope_and_the_file(service: Trainer, acme: str) -> None:
    asked = ["openid", "notes:write", "deploy:prod"]
    answer = service.mock.request_enrollment(acme, email="a@acme.example", requested_scopes=asked)
    assert denied(answer) == (
        "Scope not permitted for acme.example: notes:write deploy:prod. No policy in acme.cedar "
        f"permits it. The owner of acme.cedar can change that. Ask for: openid notes:read {STAFF}."
    )


def test_a_forbid_names_itself_and_says_what_to_ask_for(service: Trainer, acme: str) -> None:
    answer = service.mock.request_enrollment(
        acme, email="a@contractors.acme.example", requested_scopes=["notes:read"]
    )
    assert denied(answer) == (
        "Scope not permitted for contractors.acme.example: notes:read. acme.cedar forbids it, by "
        "its policy contractors-are-not-staff. A contractor's agent gets openid and nothing more. "
        "Ask for: openid."
    )


@pytest.mark.parametrize("scope", ["admin", "realm:admin", "*", "Openid", "notes:*"])
@pytest.mark.parametrize("like", ["default", "acme"])
def test_a_scope_that_the_realm_does_not_have_is_on_no_policys_list(
    trainer: Trainer, like: str, scope: str
) -> None:
    """E12: not even for a policy that permits everything."""
    trainer.edit(f"{like}.cedar", "permit (principal, action, resource);")
    realm = trainer.mock.new_realm(like)
    email = "a@platform.acme.example"
    answer = trainer.mock.request_enrollment(realm, email=email, requested_scopes=[scope])
    assert "There is no such scope in this realm." in denied(answer)


def test_a_refused_request_costs_no_registration(service: Trainer, acme: str) -> None:
    mock = service.mock
    for _ in range(30):
        denied(mock.request_enrollment(acme, email="a@acme.example", requested_scopes=["admin"]))
    for _ in range(3):
        answer = mock.request_enrollment(acme, email="a@acme.example", requested_scopes=["openid"])
        assert answer.status_code == 200
    assert mock.inbox(realm=acme, limit="200")[3:] == []


def test_a_scope_that_was_removed_meanwhile_is_not_granted(trainer: Trainer) -> None:
    """The request was permitted; what counts is the moment in which the client comes to be."""
    mock, realm = trainer.mock, trainer.mock.new_realm("acme")
    asked = {"email": "a@acme.example", "requested_scopes": ["openid", "notes:read"]}
    enrollment, code = mock.enroll(realm, **asked)
    trainer.add(
        "acme.cedar",
        'forbid (principal, action == Action::"register", resource == Scope::"notes:read");',
    )
    text = denied(mock.confirm(realm, enrollment, code))
    assert "notes:read. acme.cedar forbids it" in text
    status = mock.http.get(enrollment["status_url"]).json()["status"]
    assert status == "pending"
    wrong = mock.confirm(realm, enrollment, "AAAA-AAAA")
    assert wrong.status_code == 401  # without the code, a caller learns nothing about policies
    trainer.restore()
    assert mock.confirm(realm, enrollment, code).status_code == 200


# --- what an agent may do ----------------------------------------------------------------------


def writer(mock: Mock, realm: str, domain: str = "platform.acme.example") -> Registered:
    scopes = ["openid", "notes:read", "notes:write"]
    return mock.register(realm, email=someone_at(domain), requested_scopes=scopes)


def test_acmes_agents_write_with_bound_tokens_only(service: Trainer, acme: str) -> None:
    client = writer(service.mock, acme)
    bearer = client.token(bound=False)
    more: dict[str, Any] = {"scheme": "Bearer", "bare": True}
    text = denied(client.call("POST", client.url(NOTES), bearer, json={"text": "x"}, **more))
    assert text == (
        f"{client.client_id} may not notes:write here. acme.cedar forbids it, by its policy "
        "nobody-writes-with-a-bearer-token. Get a token with a DPoP proof, and write with that one."
    )
    assert client.call("GET", client.url(NOTES), bearer, **more).json() == {"notes": []}
    bound = client.token()
    assert client.call("POST", client.url(NOTES), bound, json={"text": "x"}).status_code == 201


def test_other_organisations_policies_do_not_apply(service: Trainer) -> None:
    """Use case 8: what acme forbids, default permits to the same sponsor."""
    mock = service.mock
    client = writer(mock, mock.new_realm("default"))
    bearer = client.token(bound=False)
    more: dict[str, Any] = {"scheme": "Bearer", "bare": True, "json": {"text": "x"}}
    assert client.call("POST", client.url(NOTES), bearer, **more).status_code == 201


def test_acme_itself_is_a_realm_with_a_claim_in_its_tokens(service: Trainer) -> None:
    client = writer(service.mock, "acme")
    whoami = client.call("GET", client.url(WHOAMI), client.token()).json()
    assert (whoami["realm"], whoami["client_id"]) == ("acme", client.client_id)
    document = service.mock.http.get(client.url("/.well-known/openid-configuration")).json()
    assert document["scopes_supported"] == list(SCOPES)


def test_a_missing_scope_is_said_before_any_policy(service: Trainer, acme: str) -> None:
    client = writer(service.mock, acme)
    poor = client.token(scope="openid", bound=False)
    answer = client.call("POST", client.url(NOTES), poor, scheme="Bearer", bare=True)
    assert (answer.status_code, answer.json()["error"]) == (403, "insufficient_scope")


def test_a_denied_call_has_no_effect_and_uses_its_proof_up(trainer: Trainer) -> None:
    client = writer(trainer.mock, trainer.mock.new_realm())
    token, url = client.token(), client.url(NOTES)
    trainer.add("default.cedar", NOBODY_WRITES)
    proof = client.proof("POST", url, access_token=token)
    text = denied(client.call("POST", url, token, proof=proof, json={"text": "x"}))
    assert text.endswith("by its policy nobody-writes-today. Come back tomorrow.")
    again = client.call("POST", url, token, proof=proof, json={"text": "x"})
    assert (again.status_code, "jti_is_new" in again.text) == (401, True)
    assert client.call("GET", url, token).json() == {"notes": []}
    trainer.restore()
    assert client.call("POST", url, token, json={"text": "x"}).status_code == 201


def test_a_denial_in_strict_brings_the_next_nonce(trainer: Trainer) -> None:
    client = writer(trainer.mock, trainer.mock.new_realm("strict"))
    token, url = client.token(), client.url(WHOAMI)
    nonce = client.call("GET", url, token).headers["dpop-nonce"]
    trainer.edit("strict.cedar", "")
    answer = client.call("GET", url, token, nonce=nonce)
    assert "No policy in strict.cedar permits it" in denied(answer)
    assert answer.headers["dpop-nonce"] == nonce


def test_userinfo_and_ones_own_trail_ask_no_policy(trainer: Trainer) -> None:
    client = writer(trainer.mock, trainer.mock.new_realm())
    token = client.token()
    trainer.edit("default.cedar", "")
    denied(client.call("GET", client.url(WHOAMI), token))
    for path in ("/userinfo", "/audit/events"):
        assert client.call("GET", client.url(path), token).status_code == 200


# --- who may act with another's token ----------------------------------------------------------


class Held:
    """As much of a service as a decision needs."""

    def __init__(self, folder: Path) -> None:
        from dialtone_kit.mock.policy.files import PolicyFiles

        self._files = PolicyFiles(folder)
        self._files.seed()

    def part(self, _kind: type) -> object:
        return self._files


def agent(name: str, domain: str) -> Client:
    return Client(f"cli_{name}", "acme", name, ("openid",), f"someone@{domain}")


EXCHANGE = [
    # realm, who, whose token, permitted
    ("default", "acme.example", "acme.example", False),
    ("strict", "acme.example", "acme.example", False),
    ("acme", "acme.example", "acme.example", False),
    ("acme", "eng.acme.example", "platform.acme.example", False),
    ("acme", "platform.acme.example", "eng.acme.example", True),
    ("acme", "Platform.ACME.example", "contractors.acme.example", True),
    ("acme", "platform.acme.example", "partner.example", False),
    ("acme", "platform.acme.example.evil.test", "acme.example", False),
    ("acme", "evilplatform.acme.example", "acme.example", False),
]


@pytest.mark.parametrize(("realm", "who", "whose", "permitted"), EXCHANGE)
def test_who_may_exchange_anothers_bound_token(
    tmp_path: Path, realm: str, who: str, whose: str, permitted: bool
) -> None:
    """X13: no one, unless a policy of the realm says so."""
    held: Any = Held(tmp_path)
    client, owner = agent("worker", who), agent("owner", whose)
    decision = decisions.may_exchange(
        held, built_in_realms()[realm], client, owner, subject=owner.client_id, scopes=["openid"]
    )
    assert decision.allowed is permitted
    assert decision.policy.startswith(f"{realm}.cedar#")
    assert (decision.why == "") is permitted


def test_may_exchange_can_look_at_subject_and_scopes(tmp_path: Path) -> None:
    held: Any = Held(tmp_path)
    (tmp_path / "acme.cedar").write_text(
        'permit (principal == Client::"cli_worker", action == Action::"exchange",'
        ' resource == Client::"cli_owner") when { context.subject == "usr_1" &&'
        ' ["openid", "notes:read"].containsAll(context.scopes) };'
    )
    realm = built_in_realms()["acme"]
    worker, owner = agent("worker", "x.example"), agent("owner", "x.example")

    def may(who: Client = worker, subject: str = "usr_1", *scopes: str) -> bool:
        return decisions.may_exchange(
            held, realm, who, owner, subject=subject, scopes=scopes
        ).allowed

    assert may(worker, "usr_1", "openid")
    assert not may(worker, "usr_2", "openid")
    assert not may(worker, "usr_1", "openid", "notes:write")
    assert not may(replace(worker, client_id="cli_other"))


# --- editing while it runs ---------------------------------------------------------------------


def test_the_next_request_obeys_an_edit(trainer: Trainer) -> None:
    client = writer(trainer.mock, trainer.mock.new_realm())
    token, url = client.token(), client.url(NOTES)
    for _ in range(10):
        assert client.call("POST", url, token, json={"text": "x"}).status_code == 201
        trainer.add("default.cedar", NOBODY_WRITES)
        denied(client.call("POST", url, token, json={"text": "x"}))
        trainer.restore()


def test_the_published_policy_can_be_pasted_into_the_file(trainer: Trainer) -> None:
    """For an agent whom nothing else in the file permits it."""
    trainer.add("acme.cedar", 'permit (principal in Domain::"x.example", action, resource);')
    realm = trainer.mock.new_realm("acme")
    agent = trainer.mock.register(realm, email="a@x.example", requested_scopes=["repo:read"])
    trainer.edit("acme.cedar", trainer.kit["acme.cedar"])
    assert agent.ask_token().json()["error"] == "invalid_scope"
    trainer.add("acme.cedar", policy_for(agent.client_id))
    assert trainer.state("acme.cedar")["valid"]
    assert agent.ask_token().json()["scope"] == "repo:read"


def test_a_broken_file_is_reported_with_its_line_and_changes_nothing(trainer: Trainer) -> None:
    client = writer(trainer.mock, trainer.mock.new_realm())
    token, url = client.token(), client.url(NOTES)
    trainer.add("default.cedar", NOBODY_WRITES)
    denied(client.call("POST", url, token, json={"text": "x"}))
    good = trainer.state("default.cedar")
    assert (good["valid"], good["error"], good["line"], good["edited"]) == (True, None, None, True)
    broken = trainer.kit["default.cedar"] + "\npermit (princpal, action, resource);\n"
    line = broken.count("\n")
    trainer.edit("default.cedar", broken)
    for _ in range(3):
        text = denied(client.call("POST", url, token, json={"text": "x"}))
        assert "nobody-writes-today" in text
    bad = trainer.state("default.cedar")
    assert (bad["valid"], bad["line"], bad["version"]) == (False, line, good["version"])
    assert bad["error"].startswith(f"default.cedar:{line}: found an invalid variable")
    line_of_log = f"{trainer.folder / 'default.cedar'}:{line}: found an invalid variable"
    assert trainer.mock.log.count(line_of_log) == 1
    others = [trainer.state(name)["valid"] for name in ("strict.cedar", "acme.cedar")]
    assert others == [True, True]
    trainer.restore()
    assert client.call("POST", url, token, json={"text": "x"}).status_code == 201


def test_the_last_good_text_is_in_force_after_a_restart(own_mock: Callable[..., Mock]) -> None:
    trainer = Trainer(own_mock())
    client = writer(trainer.mock, "default")
    token, url = client.token(), client.url(NOTES)
    trainer.add("default.cedar", NOBODY_WRITES)
    denied(client.call("POST", url, token, json={"text": "x"}))
    trainer.edit("default.cedar", "permit (")
    trainer.mock.kill()
    trainer.mock.start()
    assert "nobody-writes-today" in denied(client.call("POST", url, token, json={"text": "x"}))
    assert trainer.state("default.cedar")["valid"] is False
    assert (trainer.folder / "default.cedar").read_text() == "permit ("


def test_without_any_good_text_a_realm_permits_nothing_and_the_others_live(
    own_mock: Callable[..., Mock], tmp_path: Path
) -> None:
    trainer = Trainer(own_mock())
    trainer.mock.stop()
    (trainer.folder / ".in-force" / "default.cedar").unlink(missing_ok=True)
    trainer.edit("default.cedar", "permit (")
    trainer.mock.start()
    text = denied(trainer.mock.request_enrollment("default"))
    assert "default.cedar is broken and has no earlier good version" in text
    assert trainer.state("default.cedar")["version"] is None
    assert trainer.mock.request_enrollment("strict").status_code == 200
    trainer.restore()
    assert trainer.mock.request_enrollment("default").status_code == 200


@pytest.mark.both_databases
def test_two_workers_obey_the_same_edit_at_once(own_mock: Callable[..., Mock]) -> None:
    trainer = Trainer(own_mock(workers=2))
    client = writer(trainer.mock, "default")
    token, url = client.token(), client.url(WHOAMI)

    def statuses(times: int = 12) -> set[int]:
        found = set()
        for _ in range(times):
            with httpx.Client(
                timeout=20, trust_env=False
            ) as anew:  # another connection: any worker
                proof = client.proof("GET", url, access_token=token)
                headers = {"Authorization": f"DPoP {token}", "DPoP": proof}
                found.add(anew.get(url, headers=headers).status_code)
        return found

    closed = 'forbid (principal, action == Action::"whoami", resource);'
    for _ in range(4):
        assert statuses() == {200}
        trainer.add("default.cedar", closed)
        assert statuses() == {403}
        trainer.edit("default.cedar", "permit (")
        assert statuses() == {403}
        trainer.restore()
    # each worker reports the fault; the log counts a line that comes again within a minute
    assert 1 <= trainer.mock.log.count("default.cedar:") <= 8


def test_requests_during_edits_are_judged_by_one_text_or_the_other(trainer: Trainer) -> None:
    client = writer(trainer.mock, trainer.mock.new_realm())
    token, url = client.token(), client.url(WHOAMI)
    over = threading.Event()

    def edit() -> None:
        while not over.is_set():
            for text in (trainer.kit["default.cedar"], "", "permit ("):
                trainer.edit("default.cedar", text)
                time.sleep(0.001)

    editor = threading.Thread(target=edit)
    editor.start()
    statuses = {client.call("GET", url, token).status_code for _ in range(150)}
    over.set()
    editor.join()
    assert statuses <= {200, 403}


# --- the controls ------------------------------------------------------------------------------


def test_the_report_lists_every_file_with_its_realms(service: Trainer) -> None:
    answer = service.mock.control("GET", "policies").json()
    assert answer["folder"] == str(service.folder)
    assert [(one["file"], one["realms"], one["valid"]) for one in answer["policies"]] == [
        ("default.cedar", ["default"], True),
        ("strict.cedar", ["strict"], True),
        ("acme.cedar", ["acme"], True),
    ]
    assert not any(one["edited"] for one in answer["policies"])


def test_a_private_realm_can_have_policies_of_its_own(service: Trainer) -> None:
    mock = service.mock
    realm, other = mock.new_realm("acme"), mock.new_realm("acme")
    text = '@id("mine") permit (principal in Domain::"me.example", action, resource);'
    answer = mock.control("PUT", "policies", json={"realm": realm, "text": text})
    assert (answer.status_code, answer.json().keys()) == (200, {"realm", "version"})
    client = mock.register(realm, email="a@me.example", requested_scopes=["openid", "notes:read"])
    assert client.call("GET", client.url(NOTES), client.token()).status_code == 200
    refused = denied(mock.request_enrollment(realm, requested_scopes=["openid"]))
    assert f"No policy in {realm}.cedar permits it" in refused
    foreign = mock.request_enrollment(other, email="a@me.example", requested_scopes=["openid"])
    assert "acme.cedar" in denied(foreign)
    broken = mock.control("PUT", "policies", json={"realm": realm, "text": text + "\npermit ("})
    assert (broken.status_code, broken.json()["error"]) == (400, "invalid_request")
    assert broken.json()["line"] == 2
    assert broken.json()["error_description"].startswith(f"{realm}.cedar:2: ")
    assert client.call("GET", client.url(NOTES), client.token()).status_code == 200


@pytest.mark.parametrize("realm", ["default", "acme"])
def test_a_public_realm_has_its_file(service: Trainer, realm: str) -> None:
    denied(service.mock.control("PUT", "policies", json={"realm": realm, "text": ""}))


def test_policies_for_no_realm_and_of_no_kind(service: Trainer, acme: str) -> None:
    send = service.mock.control
    unknown = send("PUT", "policies", json={"realm": "lab-000000000000", "text": ""})
    assert unknown.status_code == 404
    for body in (
        {"realm": acme},
        {"realm": acme, "text": 1},
        {"realm": acme, "text": "x" * 60_001},
    ):
        assert send("PUT", "policies", json=body).status_code == 400
    assert send("PUT", "policies", json={"realm": acme, "text": "x" * 70_000}).status_code == 413
    surrogate = b'{"realm": "%s", "text": "// \\ud800"}' % acme.encode()
    headers = {
        "Content-Type": "application/json",
        "Authorization": f"Bearer {service.mock.control_token}",
    }
    url = f"{service.mock.base_url}/mock/policies"
    assert service.mock.http.put(url, content=surrogate, headers=headers).status_code == 400
