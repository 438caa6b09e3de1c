"""The gate alone: what it lets in, and how it turns away all else. Nothing here needs a network."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser

from dialtone_kit.base.challenges import challenges
from dialtone_kit.base.errors import DialtoneError, UnsafeUrl
from dialtone_kit.keys import ProofKey, thumbprint
from dialtone_kit.mcp import Caller, DPoPGate, caller, metadata_url
from dialtone_kit.mcp.issuer_tokens import KEPT, PAUSE
from dialtone_kit.proofs import build_proof
from dialtone_kit.rules import MAX_BYTES
from dialtone_kit.tokens import read_unverified, sign_token
from tests.support.extent import few_or_all
from tests.support.fake_service import ISSUER, FakeService
from tests.support.own_loop import finished
from tests.support.refusals import ACCEPTED, REFUSED, Case
from tests.support.refusals import Scene as Forge

NOW = 1_800_000_000.0
URL = "https://notes.example/mcp"
METADATA = "https://notes.example/.well-known/oauth-protected-resource/mcp"
KEY, STRANGER = ProofKey.generate(), ProofKey.generate()
ISSUER_KEY, OTHER_KEY = ProofKey.generate(), ProofKey.generate()
CLAIMS = {"token_type": "access_token", "iss": ISSUER, "sub": "usr_ada", "client_id": "cli_ada"}
CLAIMS |= {"scope": "openid notes:read", "aud": URL, "iat": int(NOW), "exp": int(NOW) + 3600}
CLAIMS |= {"cnf": {"jkt": KEY.thumbprint}}


def jwks(*keys: tuple[str, ProofKey]) -> httpx.Response:
    listed = [{**key.public_jwk, "kid": kid, "use": "sig", "alg": "ES256"} for kid, key in keys]
    return httpx.Response(200, json={"keys": listed})


def token(kid: str = "k1", by: ProofKey = ISSUER_KEY, **other: Any) -> str:
    claims = {name: value for name, value in {**CLAIMS, **other}.items() if value is not None}
    return sign_token(by._private, claims, kid=kid, typ="at+jwt")


def proof(access_token: str, method: str = "POST", url: str = URL, **more: Any) -> str:
    more = {"now": NOW, "key": KEY, "access_token": access_token} | more
    return build_proof(more.pop("key"), method, url, **more)


Fields = list[tuple[str, str]]


def dpop(access_token: str, *proofs: str, exactly: bool = False) -> Fields:
    """The header fields of a call, with a right proof unless others are given."""
    proofs = proofs if proofs or exactly else (proof(access_token),)
    return [("Authorization", f"DPoP {access_token}"), *(("DPoP", one) for one in proofs)]


@dataclass
class Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str:
        [value] = [value for one, value in self.headers if one == name]
        return value

    @property
    def challenge(self) -> dict[str, str]:
        [one] = challenges(self.header("www-authenticate"))
        assert one.scheme == "DPoP"
        return one.parameters

    @property
    def json(self) -> dict[str, Any]:
        return dict(json.loads(self.body))


@dataclass
class Scene:
    """A gate in front of an app that notes who came, and the issuer behind it."""

    options: dict[str, Any] = field(default_factory=dict)
    resource: str = URL
    now: float = NOW
    issuer: FakeService = field(default_factory=lambda: FakeService(jwks=jwks(("k1", ISSUER_KEY))))
    came: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        client = self.issuer.client(now=lambda: self.now)
        self.gate = DPoPGate(self.app, self.resource, client, **self.options)

    async def app(self, scope: Any, receive: Any, send: Any) -> None:
        self.came.append((scope, caller() if "user" in scope else None))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"in"})

    def ask(self, fields: Fields, method: str = "POST", path: str = "/mcp") -> Answer:
        raw = [(n.lower().encode("latin-1"), v.encode("latin-1")) for n, v in fields]
        sent = finished(self.run({"type": "http", "method": method, "path": path, "headers": raw}))
        start = sent[0]
        headers = [(n.decode().lower(), v.decode("latin-1")) for n, v in start["headers"]]
        return Answer(start["status"], headers, b"".join(one.get("body", b"") for one in sent[1:]))

    async def run(self, scope: dict[str, Any]) -> list[Any]:
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        async def receive() -> Any:
            return {"type": "http.request", "body": b"{}"}

        await self.gate(scope, receive, send)
        return sent


@pytest.fixture
def scene() -> Scene:
    return Scene()


def turned_away(answer: Answer, status: int, error: str, why: str) -> None:
    """Refused for this reason, in header and body alike, with the way to a token."""
    assert answer.status == status
    assert answer.challenge.get("error", "") == error
    assert answer.challenge["resource_metadata"] == METADATA
    assert "ES256" in answer.challenge["algs"].split()
    assert why in answer.json["error_description"]
    if error:
        assert answer.json["error"] == error
        assert answer.challenge["error_description"] == answer.json["error_description"]
    assert answer.header("cache-control") == "no-store"


# --- who comes in ---


def test_a_token_for_this_server_and_a_proof_for_this_request_come_in(scene: Scene) -> None:
    good = token()
    assert scene.ask(dpop(good)).status == 200
    [(scope, who)] = scene.came
    assert (who.client_id, who.subject, who.resource) == ("cli_ada", "usr_ada", URL)
    assert (who.scopes, who.expires_at) == (["openid", "notes:read"], CLAIMS["exp"])
    assert who.token == good
    assert who.claims == CLAIMS
    assert isinstance(scope["user"], AuthenticatedUser)  # what the SDK ties a session to


def test_the_scheme_has_any_case(scene: Scene) -> None:
    (_, sent), *rest = dpop(token())
    assert scene.ask([("authorization", f"dpop{sent[4:]}"), *rest]).status == 200


def test_a_token_may_name_several_audiences(scene: Scene) -> None:
    assert scene.ask(dpop(token(aud=["https://other.example", URL]))).status == 200


def test_get_and_delete_have_proofs_of_their_own(scene: Scene) -> None:
    good = token()
    for method in ("GET", "DELETE"):
        assert scene.ask(dpop(good, proof(good, method)), method).status == 200
    refused = scene.ask(dpop(good, proof(good, "GET")), "DELETE")
    turned_away(refused, 401, "invalid_dpop_proof", "htm_matches: expected DELETE, got GET")


def test_the_caller_keeps_the_token_out_of_sight(scene: Scene) -> None:
    good = token()
    scene.ask(dpop(good))
    who = scene.came[0][1]
    assert isinstance(who, Caller)
    assert good not in f"{who!r} {who}"
    assert "cli_ada" in repr(who)


def test_a_dump_of_the_caller_has_no_token_in_it(scene: Scene) -> None:
    """A tool that returns its caller would send the token back, and a notebook would show it."""
    good = token()
    scene.ask(dpop(good))
    who = scene.came[0][1]
    assert who.client_id in str(who.model_dump())
    assert good not in f"{who.model_dump()} {who.model_dump_json()}"


def test_without_a_gate_there_is_no_caller() -> None:
    with pytest.raises(DialtoneError, match="behind a DPoPGate"):
        caller()


# --- who does not ---


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        pytest.param({"aud": "https://other.example/mcp"}, "aud: the token is for", id="another"),
        pytest.param({"aud": f"{URL}.evil"}, "aud: the token is for", id="starts like ours"),
        pytest.param({"aud": "https://notes.example"}, "aud: the token is for", id="our origin"),
        pytest.param({"aud": None}, "for no audience", id="nobody"),
        pytest.param({"iss": "https://id.example/realms/acme"}, "iss: ", id="another realm"),
        pytest.param({"by": OTHER_KEY}, "signature: not signed by the issuer", id="forged"),
        pytest.param({"exp": int(NOW)}, "exp: expired", id="expired"),
        pytest.param({"cnf": None}, "cnf: a bearer token is not taken here", id="bearer"),
        pytest.param({"cnf": {"jkt": "x"}}, "cnf holds no thumbprint", id="bound to nothing"),
        pytest.param({"token_type": "id_token"}, "not an access token", id="another kind"),
    ],
)
def test_a_token_that_is_not_for_this_server(
    scene: Scene, changed: dict[str, Any], why: str
) -> None:
    turned_away(scene.ask(dpop(token(**changed))), 401, "invalid_token", why)
    assert scene.came == []
    assert scene.ask(dpop(token())).status == 200  # ✓


@pytest.mark.parametrize(
    ("proofs", "why"),
    [
        pytest.param([], "one_header: expected one DPoP header, got 0", id="none"),
        pytest.param(["a", "b"], "one_header: expected one DPoP header, got 2", id="two"),
        pytest.param(["a, b"], "one_header: expected one proof, got a list", id="two in one"),
        pytest.param([""], "one_header: expected one proof, got an empty", id="empty"),
        pytest.param(["x" * (MAX_BYTES + 1)], "expected at most 8192 bytes", id="oversized"),
        pytest.param(["x" * MAX_BYTES], "well_formed: ", id="as large as may be"),
    ],
)
def test_anything_but_one_proof_is_refused(scene: Scene, proofs: list[str], why: str) -> None:
    good = token()
    fields = [("Authorization", f"DPoP {good}"), *(("DPoP", one) for one in proofs)]
    turned_away(scene.ask(fields), 401, "invalid_dpop_proof", why)


@pytest.mark.parametrize(
    ("changed", "error", "why"),
    [
        ({"key": STRANGER}, "invalid_token", "key_is_bound: "),
        ({"url": "https://other.example/mcp"}, "invalid_dpop_proof", "htu_matches: "),
        ({"method": "GET"}, "invalid_dpop_proof", "htm_matches: "),
        ({"now": NOW - 61}, "invalid_dpop_proof", "iat_is_fresh: "),
        ({"access_token": "another"}, "invalid_dpop_proof", "ath_matches: "),
    ],
    ids=lambda value: str(value)[:24] if isinstance(value, str) else None,
)
def test_a_proof_for_something_else(
    scene: Scene, changed: dict[str, Any], error: str, why: str
) -> None:
    good = token()
    wrong = proof(changed.pop("access_token", good), **changed)
    turned_away(scene.ask(dpop(good, wrong)), 401, error, why)
    assert scene.ask(dpop(good, proof(good, now=NOW - 60))).status == 200  # ✓


@pytest.mark.parametrize(
    ("more", "enough"),
    [
        ([("X", "a")] * 300, [("X", "a")] * 100),
        ([("X", "a" * 70_000)], [("X", "a" * 60_000)]),
    ],
    ids=["many fields", "a long one"],
)
def test_a_head_over_which_the_sdk_would_stand_still(
    scene: Scene, more: Fields, enough: Fields
) -> None:
    turned_away(scene.ask([*dpop(token()), *more]), 431, "invalid_request", "At most 200 header")
    assert scene.came == []
    assert scene.ask([*dpop(token()), *enough]).status == 200  # ✓


def test_a_proof_serves_once(scene: Scene) -> None:
    good = token()
    fields = dpop(good)
    assert scene.ask(fields).status == 200
    turned_away(scene.ask(fields), 401, "invalid_dpop_proof", "jti_is_new: ")
    assert scene.ask(dpop(good)).status == 200  # ✓


def test_workers_that_share_a_memory_share_what_was_used() -> None:
    used: set[str] = set()

    def first_use(_thumbprint: str, jti: str, _keep_until: float) -> bool:
        new = jti not in used
        used.add(jti)
        return new

    one, other = (Scene({"first_use": first_use}) for _ in range(2))
    fields = dpop(token())
    assert one.ask(fields).status == 200
    turned_away(other.ask(fields), 401, "invalid_dpop_proof", "jti_is_new: ")


ONE_OF_EACH_ROW = list({case.row: case for case in REFUSED[::-1] if case.over_http}.values())


@pytest.mark.parametrize("case", ONE_OF_EACH_ROW, ids=lambda case: case.id)
def test_the_gate_judges_by_the_kits_own_rules(case: Case, scene: Scene) -> None:
    good = token()
    forge = Forge(url=URL, now=int(NOW), token=good, key=KEY)
    refused = scene.ask(dpop(good, *case.headers(forge), exactly=True))
    turned_away(refused, 401, "invalid_dpop_proof", f"{case.rule}: ")
    assert scene.ask(dpop(good, forge.proof())).status == 200  # ✓


@pytest.mark.parametrize("case", ACCEPTED, ids=lambda case: case.id)
def test_what_the_rules_accept_comes_in(case: Case, scene: Scene) -> None:
    good = token()
    forge = Forge(url=URL, now=int(NOW), token=good, key=KEY)
    [made] = case.headers(forge)
    by = thumbprint(read_unverified(made).header["jwk"])  # some cases have a key of their own
    good = token(cnf={"jkt": by})
    forge = replace(forge, token=good)
    assert scene.ask(dpop(good, *case.headers(forge))).status == 200


@pytest.mark.parametrize("host", ["evil.example", "notes.example:444", ""])
def test_a_host_header_decides_nothing(scene: Scene, host: str) -> None:
    good, forged = token(), [("Host", host), ("X-Forwarded-Host", host)]
    assert scene.ask([*dpop(good), *forged]).status == 200
    for_host = proof(good, url=f"https://{host or 'evil.example'}/mcp")
    refused = scene.ask([*dpop(good, for_host), *forged])
    turned_away(
        refused, 401, "invalid_dpop_proof", "htu_matches: expected https://notes.example/mcp"
    )


@pytest.mark.parametrize(
    ("authorization", "status", "error", "why"),
    [
        pytest.param([], 401, "", "Send Authorization: DPoP", id="none"),
        pytest.param(["Basic YTpi"], 401, "", "Send Authorization: DPoP", id="another scheme"),
        pytest.param(
            ["Bearer {}"], 401, "invalid_token", "Bearer is the wrong scheme", id="bearer"
        ),
        pytest.param(["bearer {}"], 401, "invalid_token", "[M08]", id="bearer in lower case"),
        pytest.param(["DPoP"], 401, "invalid_token", "no access token", id="no token"),
        pytest.param(["DPoP a b"], 401, "invalid_token", "no access token", id="two tokens"),
        pytest.param(["DPoP abc"], 401, "invalid_token", "not a JWT", id="opaque"),
        pytest.param(
            ["DPoP {}"] * 2, 400, "invalid_request", "Two Authorization", id="two headers"
        ),
    ],
)
def test_what_is_no_token_under_dpop(
    scene: Scene, authorization: list[str], status: int, error: str, why: str
) -> None:
    good = token()
    fields = [("Authorization", one.format(good)) for one in authorization]
    turned_away(scene.ask([*fields, ("DPoP", proof(good))]), status, error, why)
    assert scene.came == []


def test_an_unbound_token_under_bearer_is_refused_too(scene: Scene) -> None:
    refused = scene.ask([("Authorization", f"Bearer {token(cnf=None)}")])
    turned_away(refused, 401, "invalid_token", "Bearer is the wrong scheme")


def test_no_refusal_repeats_the_token(scene: Scene) -> None:
    good = token(aud="https://other.example/mcp")
    for fields in (dpop(good), [("Authorization", f"Bearer {good}")], dpop(good, good)):
        answer = scene.ask(fields)
        assert good.encode() not in answer.body
        assert good not in answer.header("www-authenticate")


PRINTABLE = st.text(st.characters(codec="latin-1", exclude_characters="\r\n\0"), max_size=60)
GOOD = token()
PIECES = st.sampled_from(["DPoP ", "Bearer ", GOOD, proof(GOOD), "eyJ", ".", "=", ",", " ", '"'])
JUNK = st.lists(PIECES | PRINTABLE, max_size=6).map("".join)
NAMES = st.sampled_from(["Authorization", "DPoP", "Host", "Mcp-Name"])
PATIENT = Scene()


@settings(max_examples=few_or_all(100, 2000), deadline=None)
@given(st.lists(st.tuples(NAMES, JUNK), max_size=4))
@example([("Authorization", f"DPoP {GOOD}"), ("DPoP", "é.é.é")])
@example([("Authorization", "DPoP e30.e30.e30"), ("DPoP", "e30.e30.e30")])
def test_no_junk_in_the_headers_is_a_server_error(fields: Fields) -> None:
    answer = PATIENT.ask(fields)
    assert answer.status in (200, 400, 401)
    if answer.status != 200:
        assert answer.challenge["resource_metadata"] == METADATA


# --- scopes and nonces ---


def test_a_scope_too_few_is_403_and_names_it() -> None:
    scene = Scene({"scopes": ["openid", "notes:read"]})
    few = scene.ask(dpop(token(scope="openid")))
    turned_away(few, 403, "insufficient_scope", "The token lacks notes:read.")
    assert few.challenge["scope"] == "openid notes:read"
    assert scene.ask(dpop(token())).status == 200  # ✓
    assert scene.ask([]).challenge["scope"] == "openid notes:read"


def test_a_nonce_is_demanded_and_good_for_two_periods() -> None:
    scene = Scene({"nonce_key": b"n" * 32})
    good = token()
    demand = scene.ask(dpop(good))
    turned_away(demand, 401, "use_dpop_nonce", "nonce_is_ours: ")
    nonce = demand.header("dpop-nonce")
    answer = scene.ask(dpop(good, proof(good, nonce=nonce)))
    assert (answer.status, answer.header("dpop-nonce")) == (200, nonce)
    scene.now += 240
    late = scene.ask(dpop(good, proof(good, nonce=nonce, now=scene.now)))
    turned_away(late, 401, "use_dpop_nonce", "expired")
    fresh = proof(good, nonce=late.header("dpop-nonce"), now=scene.now)
    assert scene.ask(dpop(good, fresh)).status == 200  # ✓


def test_a_nonce_of_another_server_is_none_of_ours() -> None:
    key = {"nonce_key": b"n" * 32}
    theirs = Scene(key, resource="https://other.example/mcp").ask(dpop(token()))
    good = token()
    with_theirs = proof(good, nonce=theirs.header("dpop-nonce"))
    turned_away(Scene(key).ask(dpop(good, with_theirs)), 401, "use_dpop_nonce", "unknown")


def test_without_a_nonce_key_no_nonce_goes_out(scene: Scene) -> None:
    assert "dpop-nonce" not in dict(scene.ask(dpop(token())).headers)


# --- metadata, and what is not HTTP ---


@pytest.mark.parametrize(
    ("resource", "where"),
    [
        (URL, METADATA),
        ("https://a.example", "https://a.example/.well-known/oauth-protected-resource"),
        ("https://a.example/", "https://a.example/.well-known/oauth-protected-resource"),
        ("https://a.example/x/", "https://a.example/.well-known/oauth-protected-resource/x/"),
    ],
)
def test_where_the_metadata_is(resource: str, where: str) -> None:
    assert metadata_url(resource) == where


@pytest.mark.parametrize(
    "resource",
    ["http://notes.example/mcp", "notes", f"{URL}#a", f"{URL}?a=1", f'{URL}"', "ftp://a.example"],
)
def test_a_resource_that_cant_be_one(resource: str) -> None:
    with pytest.raises(UnsafeUrl):
        Scene(resource=resource)


def test_the_metadata_needs_no_token_and_names_the_issuer() -> None:
    scene = Scene({"scopes": ["notes:read"]})
    answer = scene.ask([("Origin", "https://web.example")], "GET", METADATA[21:])
    assert answer.status == 200
    assert answer.header("access-control-allow-origin") == "*"
    said = answer.json
    assert (said["resource"], said["authorization_servers"]) == (URL, [ISSUER])
    assert said["scopes_supported"] == ["notes:read"]
    assert said["bearer_methods_supported"] == ["header"]
    assert said["dpop_bound_access_tokens_required"] is True
    assert "ES256" in said["dpop_signing_alg_values_supported"]
    assert scene.came == []


def test_other_paths_are_no_way_around(scene: Scene) -> None:
    for path in (
        "/",
        "/mcp/",
        "/health",
        METADATA[21:] + "/",
        "/.well-known/oauth-protected-resource",
    ):
        turned_away(scene.ask([], "GET", path), 401, "", "Send Authorization: DPoP")


@pytest.mark.parametrize("kind", ["lifespan", "websocket"])
def test_other_scopes_pass_as_they_are(scene: Scene, kind: str) -> None:
    scope = {"type": kind, "path": "/mcp", "headers": []}
    before = copy.deepcopy(scope)
    finished(scene.run(scope))
    assert [one for one, _ in scene.came] == [before]
    assert scene.came[0][0] is scope


# --- the issuer's keys ---


def test_a_new_key_of_the_issuer_is_fetched_and_an_unknown_one_not_every_time() -> None:
    both = jwks(("k1", ISSUER_KEY), ("k2", OTHER_KEY))
    scene = Scene(issuer=FakeService(jwks=[jwks(("k1", ISSUER_KEY)), both]))
    clock = 0.0
    scene.gate._tokens._clock = lambda: clock
    scene.gate._tokens._fetch_from = clock
    assert scene.ask(dpop(token())).status == 200
    for _ in range(5):  # anybody can make up a kid
        turned_away(scene.ask(dpop(token("k9"))), 401, "invalid_token", "kid: no key k9")
    assert len(scene.issuer.sent_to("jwks")) == 1
    clock = PAUSE
    assert scene.ask(dpop(token("k2", OTHER_KEY))).status == 200
    clock += PAUSE
    turned_away(scene.ask(dpop(token(by=OTHER_KEY))), 401, "invalid_token", "signature: ")
    assert len(scene.issuer.sent_to("jwks")) == 2  # the key is known: a forgery fetches nothing


def test_a_key_that_the_issuer_withdrew_serves_no_longer() -> None:
    both = jwks(("k1", ISSUER_KEY), ("k2", OTHER_KEY))
    down, new = httpx.ConnectError("down"), jwks(("k2", OTHER_KEY))
    scene = Scene(issuer=FakeService(jwks=[both, *[down] * 4, new]))
    clock = scene.gate._tokens._fetch_from
    scene.gate._tokens._clock = lambda: clock
    assert scene.ask(dpop(token())).status == 200
    clock += KEPT  # the issuer is down: its keys as they were known still serve
    assert scene.ask(dpop(token())).status == 200
    clock += PAUSE
    turned_away(scene.ask(dpop(token())), 401, "invalid_token", "kid: no key k1")
    assert scene.ask(dpop(token("k2", OTHER_KEY))).status == 200  # ✓
    assert len(scene.issuer.sent_to("jwks")) == 6


def test_an_issuer_that_is_down_is_503_and_no_verdict_on_the_token() -> None:
    down = httpx.ConnectError("down")
    scene = Scene(issuer=FakeService(jwks=[down] * 4 + [jwks(("k1", ISSUER_KEY))]))
    clock = 0.0
    scene.gate._tokens._clock = lambda: clock
    scene.gate._tokens._fetch_from = clock
    for _ in range(2):
        answer = scene.ask(dpop(token()))
        assert (answer.status, answer.json["error"]) == (503, "temporarily_unavailable")
        assert answer.header("retry-after") == "5"
        assert "www-authenticate" not in dict(answer.headers)
    assert len(scene.issuer.sent_to("jwks")) == 4  # one try, with the client's three retries
    clock = PAUSE
    assert scene.ask(dpop(token())).status == 200


def test_an_issuer_that_hangs_is_waited_for_once_however_many_ask() -> None:
    scene = Scene(issuer=FakeService(jwks=[httpx.ConnectError("down")] * 40))
    tokens, clock = scene.gate._tokens, 0.0
    line = tokens._client.connection
    fetch = line.jwks

    def hanging(*about: Any, **more: Any) -> Any:
        nonlocal clock
        clock += 3 * PAUSE  # longer than the pause between two attempts
        return fetch(*about, **more)

    tokens._clock, tokens._fetch_from = lambda: clock, clock
    line.jwks = hanging  # type: ignore[method-assign]
    for _ in range(5):  # they came while the first one waited
        assert scene.ask(dpop(token())).status == 503
    assert clock == 3 * PAUSE
    clock += PAUSE
    assert scene.ask(dpop(token())).status == 503
    assert clock == 7 * PAUSE


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "TRACE"])
def test_the_metadata_is_there_to_be_read(scene: Scene, method: str) -> None:
    path = "/.well-known/oauth-protected-resource/mcp"
    assert scene.ask([], method, path).status == 401
    assert scene.ask([], "GET", path).json["resource"] == URL  # ✓


def test_scopes_are_a_list() -> None:
    with pytest.raises(DialtoneError, match=r"takes a list: \['openid'\], not 'openid'"):
        Scene({"scopes": "openid"})
    assert Scene({"scopes": ["openid"]}).ask(dpop(token())).status == 200  # ✓
