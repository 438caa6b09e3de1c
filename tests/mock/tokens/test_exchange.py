"""Token exchange (RFC 8693): row 91 and X1 to X14 of the catalogue."""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pytest

from dialtone_kit.keys import ProofKey
from dialtone_kit.tokens import read_unverified
from tests.support.grant_desk import (
    ACCESS_TOKEN,
    EXCHANGE,
    JWT,
    Person,
    ask,
    begin,
    call,
    error,
    events,
    exchange,
    exchanged,
    is_alive,
    poll,
    post,
    says,
)
from tests.support.refusals import each
from tests.support.running_mock import Mock, Registered

REFRESH_TYPE = "urn:ietf:params:oauth:token-type:refresh_token"


def claims(token: str) -> dict[str, Any]:
    return dict(read_unverified(token).claims)


@dataclass
class Stage:
    """A parent, another agent, and a stranger in another realm; each has a key of its own."""

    mock: Mock
    realm: str
    elsewhere: str
    parent: Registered = field(init=False)
    agent: Registered = field(init=False)
    stranger: Registered = field(init=False)

    def __post_init__(self) -> None:
        self.parent, self.agent = self.mock.register(self.realm), self.mock.register(self.realm)
        self.stranger = self.mock.register(self.elsewhere)

    def token(self, *, bound: bool = True, **form: Any) -> str:
        """A token of the parent, which the agent may exchange."""
        return self.parent.token(bound=bound, may_act=self.agent.client_id, **form)

    def revoked(self, of: Registered) -> str:
        token = of.token(may_act=self.agent.client_id)
        assert post(of, "/revoke", token=token).status_code == 200
        return token

    def expired(self, of: Registered) -> str:
        token = of.token(may_act=self.agent.client_id)
        self.mock.move_clock(of.realm, 3601)
        return token


@pytest.fixture
def stage(mock: Mock, realm: str) -> Stage:
    return Stage(mock, realm, mock.new_realm())


# --- what is accepted ---


def test_case_a_own_token_own_key_no_act(stage: Stage) -> None:
    client = stage.parent
    subject = client.token()
    answer = exchange(client, subject, scope="openid")
    told = answer.json()
    assert told.keys() == {"access_token", "token_type", "expires_in", "scope", "issued_token_type"}
    assert (told["token_type"], told["scope"]) == ("DPoP", "openid")
    assert told["issued_token_type"] == ACCESS_TOKEN
    assert answer.headers["cache-control"] == "no-store"
    child = claims(told["access_token"])
    assert (child["sub"], child["client_id"]) == (client.client_id, client.client_id)
    assert "act" not in child
    assert child["cnf"] == {"jkt": client.key.thumbprint}
    assert call(client, told["access_token"]) == 200


def test_a_token_is_derived_from_a_hundred_others_at_most(stage: Stage) -> None:
    """Each check looks them all up, and narrowing its own token again and again adds one."""
    client = stage.parent
    token = client.token()
    for _ in range(98):  # and the client, which is one more
        token = exchanged(client, token)
    token = exchanged(client, token)
    assert call(client, token) == 200
    refused = exchange(client, token)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_request")
    assert "Get a token of your own" in refused.json()["error_description"]
    assert exchange(client, client.token()).status_code == 200


def test_case_a_with_an_actor_token_names_the_actor(stage: Stage) -> None:
    client = stage.parent
    actor = {"actor_token": client.token(), "actor_token_type": ACCESS_TOKEN}
    child = claims(exchanged(client, client.token(), **actor))
    assert child["act"] == {"sub": client.client_id}


def test_case_b_the_agent_acts_for_the_parent(stage: Stage) -> None:
    token = exchanged(stage.agent, stage.token(), scope="notes:read")
    child = claims(token)
    assert (child["sub"], child["client_id"]) == (stage.parent.client_id, stage.agent.client_id)
    assert child["act"] == {"sub": stage.agent.client_id}
    assert child["cnf"] == {"jkt": stage.agent.key.thumbprint}
    assert "may_act" not in child  # permission is not passed on by itself
    told = stage.agent.call("GET", stage.agent.url("/userinfo"), token).json()
    assert (told["sub"], told["act"]) == (stage.parent.client_id, child["act"])
    seen = stage.agent.call("GET", stage.agent.url("/api/whoami"), token).json()
    assert (seen["client_id"], seen["sub"]) == (stage.agent.client_id, stage.parent.client_id)


def test_for_a_person_on_a_device(stage: Stage) -> None:
    device = begin(stage.parent, scope="openid notes:read notes:write")
    Person(stage.mock, stage.realm).approve(device)
    subject = poll(stage.parent, device, may_act=stage.agent.client_id).json()["access_token"]
    token = exchanged(stage.agent, subject)
    assert claims(token)["sub"] == claims(subject)["sub"]
    # what the agent writes belongs to the person, and anyone with the person's own token sees it
    notes = stage.agent.url("/api/notes")
    assert stage.agent.call("POST", notes, token, json={"text": "for you"}).status_code == 201
    listed = stage.parent.call("GET", notes, subject).json()["notes"]
    assert [note["text"] for note in listed] == ["for you"]
    assert stage.agent.call("GET", notes, stage.agent.token()).json() == {"notes": []}


def test_an_unbound_token_may_become_a_bound_one(stage: Stage) -> None:
    subject = stage.token(bound=False)
    assert claims(exchanged(stage.agent, subject))["cnf"]
    bearer = exchange(stage.agent, subject, key=None).json()
    assert bearer["token_type"] == "Bearer"
    assert "cnf" not in claims(bearer["access_token"])


@pytest.mark.parametrize("kind", [ACCESS_TOKEN, JWT])
def test_our_tokens_are_jwts_too(stage: Stage, kind: str) -> None:
    client = stage.parent
    told = exchange(
        client, client.token(), subject_token_type=kind, requested_token_type=kind
    ).json()
    assert told["issued_token_type"] == kind


# --- what is refused: one row a reason ---


@dataclass(frozen=True)
class Row:
    """A request of the agent that is right in all but one thing, and what it is told."""

    number: str
    what: str
    change: Callable[[Stage], dict[str, Any]]
    reason: str
    code: str = "invalid_request"

    @property
    def rows(self) -> tuple[str, ...]:
        return (self.number,)

    @property
    def id(self) -> str:
        return f"{self.number}-{self.what}".replace(" ", "-")


def actor(token: Callable[[Stage], str | None], kind: str | None = ACCESS_TOKEN) -> Any:
    return lambda s: {"actor_token": token(s), "actor_token_type": kind}


def subject(make: Callable[[Stage], str | None], **form: Any) -> Any:
    return lambda s: {"subject_token": make(s), **form}


def rewritten(stage: Stage) -> str:
    head, _, signature = stage.token().split(".")
    return f"{head}.{stage.agent.token().split('.')[1]}.{signature}"


def no_leave(stage: Stage) -> str:
    return stage.parent.token()


def leave_for_another(stage: Stage) -> str:
    return stage.parent.token(may_act="cli_somebody_else_00")


ROWS = [
    Row("91", "bound subject, no proof", lambda s: {"key": None}, "send a proof"),
    Row(
        "X1",
        "scope beyond the subject token",
        subject(lambda s: s.token(scope="openid"), scope="openid notes:read"),
        "granted openid",
        "invalid_scope",
    ),
    Row(
        "X1",
        "scope beyond the client",
        lambda s: {"scope": "openid admin"},
        "granted",
        "invalid_scope",
    ),
    Row(
        "X1",
        "no scope in common",
        subject(lambda s: s.token(scope="openid"), narrow=True),
        "no scope in common",
        "invalid_scope",
    ),
    Row("X3", "expired", subject(lambda s: s.expired(s.parent)), "exp: expired"),
    Row("X3", "revoked", subject(lambda s: s.revoked(s.parent)), "revoked"),
    Row("X3", "of another realm", subject(lambda s: s.stranger.token()), "iss: issued by"),
    Row("X3", "forged", subject(rewritten), "signature"),
    Row("X3", "no JWT", subject(lambda s: "rt_" + "A" * 43), "not a JWT"),
    Row(
        "X6",
        "audience not known",
        lambda s: {"audience": "https://nowhere.example"},
        "not known here",
        "invalid_target",
    ),
    Row(
        "X6",
        "resource not known",
        lambda s: {"resource": "https://nowhere.example/a"},
        "not known here",
        "invalid_target",
    ),
    Row(
        "X6",
        "client of another realm",
        lambda s: {"audience": s.stranger.client_id},
        "not known here",
        "invalid_target",
    ),
    Row(
        "X6",
        "one of two beyond the subject token's",
        lambda s: {
            "subject_token": s.token(audience=s.parent.client_id),
            "audience": [s.parent.client_id, s.agent.client_id],
        },
        "outside the subject token",
        "invalid_target",
    ),
    Row("X7", "no subject_token_type", lambda s: {"subject_token_type": None}, "_type="),
    Row(
        "X7", "another type", lambda s: {"subject_token_type": REFRESH_TYPE}, "type must be one of"
    ),
    Row(
        "X7",
        "another type wanted",
        lambda s: {"requested_token_type": REFRESH_TYPE},
        "requested_token_type",
    ),
    Row("X8", "actor type alone", actor(lambda s: None), "Send actor_token with"),
    Row("X8", "actor token alone", actor(lambda s: s.agent.token(), None), "_type="),
    Row(
        "X8",
        "another actor type",
        actor(lambda s: s.agent.token(), REFRESH_TYPE),
        "type must be one of",
    ),
    Row(
        "X9",
        "expired actor",
        lambda s: {**actor(lambda s: s.expired(s.agent))(s), "subject_token": s.token()},
        "actor_token: exp",
    ),
    Row("X9", "revoked actor", actor(lambda s: s.revoked(s.agent)), "actor_token: revoked"),
    Row("X9", "actor of another realm", actor(lambda s: s.stranger.token()), "actor_token: iss"),
    Row("X9", "another client's actor token", actor(lambda s: s.parent.token()), "send your own"),
    Row(
        "X9",
        "actor token bound to another key",
        actor(lambda s: bound_to_another_key(s.agent)),
        "a different key than the proof's",
    ),
    Row("X11", "may_act names another", subject(leave_for_another), "names another"),
    Row("X12", "empty subject_token", subject(lambda s: ""), "Send subject_token with"),
    Row(
        "X12",
        "no subject_token at all",
        subject(lambda s: None, subject_token_type=None),
        "subject_token is missing",
    ),
    Row("X13", "no leave", subject(no_leave), "does not name you"),
    Row(
        "X13",
        "no leave, unbound",
        subject(lambda s: s.parent.token(bound=False)),
        "does not name you",
    ),
    Row(
        "X14",
        "bound to bearer",
        lambda s: {"key": None, "requested_token_type": ACCESS_TOKEN},
        "send a proof",
    ),
]


def bound_to_another_key(client: Registered) -> str:
    told = ask(client, "client_credentials", ProofKey.generate()).json()
    return str(told["access_token"])


@pytest.mark.parametrize("row", each(ROWS))
def test_refused(stage: Stage, row: Row) -> None:
    change = row.change(stage)
    if change.pop("narrow", False):
        stage.agent = stage.mock.register(stage.realm, requested_scopes=["notes:read"])
        change["subject_token"] = stage.token(scope="openid")
    request = {"subject_token": stage.token(), **change}
    if row.number == "X11":
        assert "may_act" in claims(request["subject_token"])
    says(exchange(stage.agent, **request), 400, row.code, row.reason)
    # 94, and the ✓ neighbour of every row: the right request, with the same parent and agent
    assert exchange(stage.agent, stage.token()).status_code == 200


@pytest.mark.row("76")
def test_own_token_with_another_key_is_refused(stage: Stage) -> None:
    client, other = stage.parent, ProofKey.generate()
    says(exchange(client, client.token(), other), 400, "invalid_request", "not signed by the key")
    assert exchange(client, client.token()).status_code == 200


@pytest.mark.row("X11")
def test_x11_may_act_also_holds_for_its_own_client(stage: Stage) -> None:
    client = stage.parent
    mine = {"actor_token": client.token(), "actor_token_type": ACCESS_TOKEN}
    says(exchange(client, stage.token(), **mine), 400, "invalid_request", "names another actor")
    assert "act" not in claims(exchanged(client, stage.token()))  # ✓ without becoming an actor


@pytest.mark.parametrize("named", ["x", "cli_ü", "CLI_A", "cli_a b"])
def test_may_act_names_a_client(stage: Stage, named: str) -> None:
    answer = stage.parent.ask_token(may_act=named)
    assert error(answer) == (400, "invalid_request")


# --- chains ---


def hop(stage: Stage, token: str, to: Registered, leave_to: Registered | None, **form: Any) -> str:
    more = {"may_act": leave_to.client_id} if leave_to else {}
    return exchanged(to, token, **more, **form)


@pytest.mark.row("X10", "X10✓")
def test_x10_the_newest_actor_is_outermost_and_five_are_the_limit(stage: Stage) -> None:
    agents = [stage.mock.register(stage.realm) for _ in range(6)]
    stage.agent = agents[0]
    token = stage.token()
    for number, (one, following) in enumerate(pairwise(agents)):
        token = hop(stage, token, one, following)
        chain, names = claims(token)["act"], []
        while chain:
            names.append(chain["sub"])
            chain = chain.get("act")
        assert names == [agent.client_id for agent in reversed(agents[: number + 1])]
    says(exchange(agents[5], token), 400, "invalid_request", "More than 5 actors")
    assert exchange(agents[4], token).status_code == 200  # ✓ its own, with no one else


def test_narrowing_a_delegated_token_keeps_its_chain(stage: Stage) -> None:
    token = exchanged(stage.agent, stage.token())
    less = claims(exchanged(stage.agent, token, scope="openid"))
    assert less["act"] == {"sub": stage.agent.client_id}


@pytest.mark.row("X2")
def test_x2_a_child_can_not_widen_again(stage: Stage) -> None:
    client = stage.parent
    child = exchanged(client, client.token(), scope="openid")
    says(exchange(client, child, scope="openid notes:read"), 400, "invalid_scope", "granted openid")
    assert claims(exchanged(client, child))["scope"] == "openid"  # ✓ and without asking: no more


def test_without_a_scope_what_both_have(stage: Stage) -> None:
    reader = stage.mock.register(stage.realm, requested_scopes=["openid", "notes:read"])
    stage.agent = reader
    told = exchange(reader, stage.token(scope="openid notes:write")).json()
    assert told["scope"] == "openid"


@pytest.mark.row("X4")
def test_x4_what_came_from_a_revoked_token_is_dead(stage: Stage) -> None:
    agents = [stage.agent, stage.mock.register(stage.realm)]
    parent = stage.token()
    child = hop(stage, parent, agents[0], agents[1])
    grandchild = hop(stage, child, agents[1], None)
    sibling = hop(stage, stage.token(), agents[0], None)
    assert post(stage.parent, "/revoke", token=parent).status_code == 200
    for client, token in ((agents[0], child), (agents[1], grandchild)):
        assert not is_alive(stage.parent, token)
        assert call(client, token) == 401
        says(exchange(client, token), 400, "invalid_request", "revoked")
    assert is_alive(stage.parent, sibling)  # ✓
    assert call(agents[0], sibling) == 200


@pytest.mark.row("X4")
def test_x4_a_revoked_child_leaves_its_parent_alive(stage: Stage) -> None:
    parent = stage.token()
    child = exchanged(stage.agent, parent)
    assert post(stage.agent, "/revoke", token=child).status_code == 200
    assert not is_alive(stage.parent, child)
    assert call(stage.parent, parent) == 200


def test_a_locked_clients_tokens_and_what_came_from_them_are_dead(stage: Stage) -> None:
    parent = stage.token()
    child = exchanged(stage.agent, parent)
    locked = {"client_id": stage.parent.client_id}
    stage.mock.control("POST", "clients/lock", json=locked)
    assert (call(stage.parent, parent), call(stage.agent, child)) == (401, 401)
    assert call(stage.agent, stage.agent.token()) == 200
    stage.mock.control("POST", "clients/lock", json={**locked, "locked": False})
    assert (call(stage.parent, parent), call(stage.agent, child)) == (200, 200)


@pytest.mark.row("X5")
def test_x5_a_child_ends_no_later_than_its_parent(stage: Stage) -> None:
    parent = stage.token()
    stage.mock.move_clock(stage.realm, 1000)
    told = exchange(stage.agent, parent).json()
    child = claims(told["access_token"])
    assert child["exp"] == claims(parent)["exp"]
    assert told["expires_in"] == child["exp"] - child["iat"] <= 2600
    stage.mock.move_clock(stage.realm, 2599)
    assert call(stage.agent, told["access_token"]) in (200, 401)  # the last second of both
    stage.mock.move_clock(stage.realm, 2)
    assert call(stage.agent, told["access_token"]) == 401


# --- X6: for whom ---


@pytest.mark.row("X6", "X6✓")
def test_x6_audiences_that_are_known(stage: Stage) -> None:
    for audience in (stage.parent.client_id, stage.parent.issuer, stage.parent.url("/api")):
        token = exchanged(stage.agent, stage.token(), audience=audience)
        assert claims(token)["aud"] == audience
        assert read_unverified(token).header["typ"] == "at+jwt"


@pytest.mark.row("X6")
def test_x6_a_child_is_for_no_one_its_parent_is_not_for(stage: Stage) -> None:
    both = ["https://api.example", "https://other.example"]
    parent = stage.token(audience=both)
    assert claims(exchanged(stage.agent, parent))["aud"] == both  # none named: none gained
    child = exchanged(stage.agent, parent, audience=both[0])
    assert claims(child)["aud"] == both[0]
    says(exchange(stage.agent, child, audience=both[1]), 400, "invalid_target", "outside")
    says(
        exchange(stage.agent, child, audience=stage.agent.issuer), 400, "invalid_target", "outside"
    )


# --- beyond the audience: a server calls the API behind it ---

SERVER, API, OTHER = "https://mcp.example", "https://api.example", "https://other.example"


def let_the_server_call_the_api(stage: Stage) -> Registered:
    """The agent is the server: the realm's policy lets it call the API with tokens made for it."""
    text = f"""@id("server-calls-api") permit (
        principal == Client::"{stage.agent.client_id}",
        action == Action::"call-onward", resource == Audience::"{API}"
    ) when {{ context.held.contains("{SERVER}") }};"""
    put = stage.mock.control("PUT", "policies", json={"realm": stage.realm, "text": text})
    assert put.status_code == 200, put.text
    return stage.agent


def test_a_server_calls_the_api_behind_it_where_a_policy_says_so(stage: Stage) -> None:
    server = let_the_server_call_the_api(stage)
    held = stage.parent.token(audience=SERVER, scope="openid notes:read")  # without a may_act
    stage.mock.move_clock(stage.realm, 1000)
    told = exchange(server, held, resource=API, scope="notes:read").json()
    onward = claims(told["access_token"])
    assert (onward["aud"], onward["sub"]) == (API, stage.parent.client_id)
    assert onward["act"] == {"sub": server.client_id}
    assert onward["scope"] == told["scope"] == "notes:read"
    assert onward["cnf"] == {"jkt": server.key.thumbprint}
    assert onward["exp"] == claims(held)["exp"]
    trail = events(stage.mock, stage.realm)
    [decided] = [one for one in trail if one.get("action") == "call-onward"]
    assert (decided["decision"], decided["resource"]) == ("allow", f"audience:{API}")
    more = exchange(server, held, resource=API, scope="openid notes:write")
    says(more, 400, "invalid_scope", "granted openid notes:read")


def test_a_server_stays_where_the_policy_is_silent(stage: Stage) -> None:
    held, leave = stage.parent.token(audience=SERVER), stage.token(audience=SERVER)
    for token in (held, leave):  # a may_act names the actor, not another place
        silent = exchange(stage.agent, token, audience=API)
        says(silent, 400, "invalid_target", "No policy in default.cedar permits it")
    denied = events(stage.mock, stage.realm)[-1]
    assert (denied["action"], denied["decision"]) == ("call-onward", "deny")
    server = let_the_server_call_the_api(stage)
    assert exchange(server, held, audience=API).status_code == 200  # ✓
    assert exchange(server, leave, audience=API).status_code == 200  # ✓


def test_a_server_goes_only_where_the_policy_lets_it_and_with_tokens_made_for_it(
    stage: Stage,
) -> None:
    thief, server = stage.mock.register(stage.realm), let_the_server_call_the_api(stage)
    held = stage.parent.token(audience=[SERVER, OTHER])
    for_another = stage.parent.token(audience=OTHER)
    named_another = stage.parent.token(audience=SERVER, may_act=thief.client_id)
    for refused in (
        exchange(server, for_another, audience=API),  # it was not made for the server
        exchange(thief, held, audience=API),
        exchange(server, held, audience=[API, "https://third.example"]),
        exchange(server, held, audience=[API, OTHER]),  # nothing else comes along
    ):
        says(refused, 400, "invalid_target", "outside the subject token's")
    for refused in (exchange(server, held), exchange(server, held, audience=SERVER)):
        says(refused, 400, "invalid_request", "does not name you")  # that is still `exchange`
    named = exchange(server, named_another, audience=API)
    says(named, 400, "invalid_request", "names another actor")
    assert claims(exchanged(server, held, audience=API))["aud"] == API  # ✓


def test_ones_own_token_goes_no_further_even_so(stage: Stage) -> None:
    server = let_the_server_call_the_api(stage)
    own = server.token(audience=SERVER)
    says(exchange(server, own, audience=API), 400, "invalid_target", "outside")
    assert "act" not in claims(exchanged(server, own, audience=SERVER))  # ✓


@pytest.mark.row("X13")
def test_x13_a_thief_can_not_launder_a_stolen_token(stage: Stage) -> None:
    thief, stolen = stage.mock.register(stage.realm), stage.parent.token()
    own = {"actor_token": thief.token(), "actor_token_type": ACCESS_TOKEN}
    for more in ({}, own):
        says(exchange(thief, stolen, **more), 400, "invalid_request", "does not name you")
    with_a_proof_by_nobody = exchange(thief, stolen, ProofKey.generate())
    says(with_a_proof_by_nobody, 400, "invalid_request", "does not name you")
    for_the_agent = stage.token()
    says(exchange(thief, for_the_agent), 400, "invalid_request", "names another actor")
    assert exchange(stage.agent, for_the_agent).status_code == 200  # ✓


@pytest.mark.row("X13")
def test_x13_the_denial_is_an_event_once_for_a_proof(stage: Stage) -> None:
    thief, stolen = stage.mock.register(stage.realm), stage.parent.token()
    proof = thief.proof("POST", thief.token_url)
    form = {"grant_type": EXCHANGE, "subject_token": stolen, "subject_token_type": ACCESS_TOKEN}
    says(post(thief, "/token", proof, **form), 400, "invalid_request", "does not name you")
    says(post(thief, "/token", proof, **form), 400, "invalid_dpop_proof", "jti_is_new")
    found = [one for one in events(stage.mock, stage.realm) if one["client_id"] == thief.client_id]
    assert [one["event"] for one in found] == ["registration", "authorization_decision"]
    denied = found[-1]
    assert (denied["decision"], denied["action"]) == ("deny", "exchange")
    assert denied["resource"] == f"client:{stage.parent.client_id}"
    assert denied["token"] == claims(stolen)["jti"]


def test_strict_exchanges_too(mock: Mock, strict_realm: str) -> None:
    stage = Stage(mock, strict_realm, mock.new_realm())
    token = exchanged(stage.agent, stage.token())
    assert call(stage.agent, token) == 200
