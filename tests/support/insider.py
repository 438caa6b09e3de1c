"""Generated requests, changed so that they get past the door: real credentials, proofs and codes.

A generator can't guess what this service needs: a proof for this very request, a code from a
mailbox, a platform's evidence. `Insider` signs in for each case, and puts real values into two
thirds of them: in one third beside what was generated, in the other in place of it.
"""

from __future__ import annotations

import re
import secrets
import time
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from itertools import cycle
from typing import Any

import httpx
from schemathesis import Case
from schemathesis.core import NotSet

from tests.support.grant_desk import ACCESS_TOKEN, DEVICE, EXCHANGE, HTML, Person, begin, family
from tests.support.running_mock import Mock, Registered
from tests.support.spiffe_scene import NAMES, Scene

IN_REALM = "/realms/{realm}"
NONCE_KEPT = 60  # seconds; a nonce is good for at least two minutes
Members = dict[str, Any]


class Insider:
    """A client of a realm like `default`, one of a realm like `strict`, and the service's owner.

    Whatever could harm them (locks, resets, faults) is done to other realms, made for that.
    """

    def __init__(self, mock: Mock) -> None:
        self.mock, self.scene = mock, Scene(mock)
        self.clients = [mock.register(mock.new_realm(like)) for like in ("default", "strict")]
        self.bound = {one.realm: one.token() for one in self.clients}
        self.bearer = self.clients[0].token(bound=False)
        self.seen: dict[str, Counter[int]] = defaultdict(Counter)  # operation → status → how often
        self.grants = cycle((DEVICE, "refresh_token", EXCHANGE, "client_credentials"))
        self.platforms = cycle(NAMES)
        self._nonces: dict[str, tuple[float, str | None]] = {}

    def prepare(self, case: Case) -> bool:
        """Sign in, and put in real values. True if everything generated is still in the case.

        What is done depends only on the case and on how many came before, so that each run does
        the same.
        """
        if case.method.upper() != case.operation.method.upper():
            return True  # the case tries a method that the path does not have
        body = None if isinstance(case.body, NotSet) else case.body  # its repr is an address
        before = self.seen[case.operation.label].total()
        drawn = zlib.crc32(repr((before, case.path_parameters, case.query, body)).encode())
        how, client = drawn % 3, self.clients[drawn // 3 % 2]
        in_realm = IN_REALM in case.path
        if in_realm:
            case.path_parameters = {**case.path_parameters, "realm": client.realm}
        real = REAL.get((case.method.upper(), case.path.replace(IN_REALM, "")))
        filled = bool(how) and real is not None
        if filled:
            place = client.realm if in_realm else "default"
            _fill(case, real(self, client, place), instead=how == 2)
        self._sign_in(case, client, bearer=drawn // 6 % 4 == 0)
        return not (filled or in_realm or "DPoP" in case.headers or _looks_like_a_list(body))

    def _sign_in(self, case: Case, client: Registered, bearer: bool) -> None:
        """Authenticate as the operation says, in most cases with a proof."""
        ways = {way for one in case.operation.definition.raw.get("security", ()) for way in one}
        url = self.mock.base_url + case.formatted_path
        headers: Members = {}
        if "control_token" in ways:
            headers["Authorization"] = f"Bearer {self.mock.control_token}"
        elif "client_secret_basic" in ways:
            basic = httpx.BasicAuth(*client.basic)
            headers.update(next(basic.auth_flow(httpx.Request("POST", url))).headers)
            headers = {"Authorization": headers["authorization"]}
            if case.path.endswith("/token") and not (bearer and client is self.clients[0]):
                headers["DPoP"] = client.proof("POST", url, nonce=self.nonce(client, "token"))
        elif "dpop" in ways and bearer and client is self.clients[0]:
            headers["Authorization"] = f"Bearer {self.bearer}"
        elif "dpop" in ways:
            token, nonce = self.bound[client.realm], self.nonce(client, "resource")
            proof = client.proof(case.method.upper(), url, access_token=token, nonce=nonce)
            headers |= {"Authorization": f"DPoP {token}", "DPoP": proof}
        case.headers.update(headers)

    def nonce(self, client: Registered, purpose: str) -> str | None:
        """A nonce that is still good, if the client's realm demands one."""
        key = f"{client.realm} {purpose}"
        at, nonce = self._nonces.get(key, (0.0, None))
        if time.monotonic() - at > NONCE_KEPT:
            url = client.token_url if purpose == "token" else client.url("/userinfo")
            at, nonce = time.monotonic(), client.nonce(url)
            self._nonces[key] = (at, nonce)
        return nonce

    def enrollment(self, realm: str) -> tuple[Members, str]:
        self.mock.control("POST", "limits/clear", json={"realm": realm})
        return self.mock.enroll(realm)


def _fill(case: Case, real: Members, instead: bool) -> None:
    """Put each value where the operation has it: path, cookie, body or query."""
    values = dict(real)
    for name in [name for name in values if f"{{{name}}}" in case.path]:
        case.path_parameters = {**case.path_parameters, name: values.pop(name)}
    if "dialtone_form" in values:
        case.cookies = {**case.cookies, "dialtone_form": values.pop("dialtone_form")}
    if case.operation.body:
        case.body = {**(case.body if isinstance(case.body, dict) and not instead else {}), **values}
    else:
        case.query = {**({} if instead else case.query or {}), **values}


# --- what is real: by operation, for a client, at the root ("default") or in its realm -----------


def _token(insider: Insider, client: Registered, _place: str) -> Members:
    grant = next(insider.grants)
    form: Members = {"grant_type": grant}
    if grant == DEVICE:
        device = begin(client)
        Person(insider.mock, client.realm).approve(device)
        form["device_code"] = device["device_code"]
    elif grant == EXCHANGE:
        token = insider.bound[client.realm]
        form |= {"subject_token": token, "subject_token_type": ACCESS_TOKEN}
    elif grant == "refresh_token":
        form["refresh_token"] = family(client)["refresh_token"]
    return form


def _a_token(_insider: Insider, client: Registered, _place: str) -> Members:
    return {"token": client.token()}


def _request(insider: Insider, _client: Registered, place: str) -> Members:
    insider.mock.control("POST", "limits/clear", json={"realm": place})
    return {"email": f"someone-{secrets.token_hex(4)}@example.com", "client_name": "generated"}


def _enrolled(insider: Insider, _client: Registered, place: str) -> Members:
    return {"enrollment_id": insider.enrollment(place)[0]["enrollment_id"]}


def _confirm(insider: Insider, _client: Registered, place: str) -> Members:
    answer, code = insider.enrollment(place)
    named = {name: answer[name] for name in ("enrollment_id", "poll_token")}
    return {**named, "verification_code": code}


def _approval_link(insider: Insider, client: Registered, place: str) -> Members:
    return {"enrollment": _enrolled(insider, client, place)["enrollment_id"]}


def _approval(insider: Insider, _client: Registered, place: str) -> Members:
    answer, code = insider.enrollment(place)
    return {**_form_of(insider.mock.http, answer["approval_url"]), "verification_code": code}


def _device(insider: Insider, client: Registered, _place: str) -> Members:
    insider.mock.control("POST", "limits/clear", json={"realm": client.realm})
    insider.mock.control("POST", "limits/clear", json={})
    page = _form_of(insider.mock.http, client.url("/device"))
    email = f"person-{secrets.token_hex(4)}@example.com"
    return {**page, "user_code": begin(client)["user_code"], "email": email}


def _form_of(http: httpx.Client, url: str) -> Members:
    """The hidden fields of a page's form, and the cookie that belongs to them."""
    http.cookies.clear()
    page = http.get(url, headers=HTML)
    fields = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text)
    cookie = http.cookies["dialtone_form"]
    http.cookies.clear()
    return {**dict(fields), "dialtone_form": cookie}


def _svid(unneeded: tuple[str, ...]) -> Callable[..., Members]:
    def real(insider: Insider, _client: Registered, _place: str) -> Members:
        request = insider.scene.request(next(insider.platforms))
        return {name: value for name, value in request.items() if name not in unneeded}

    return real


def _victim(insider: Insider, _client: Registered, _place: str) -> Members:
    return {"realm": insider.mock.new_realm()}


def _victim_client(insider: Insider, _client: Registered, _place: str) -> Members:
    return {"client_id": insider.mock.register(insider.mock.new_realm()).client_id}


def _policies(insider: Insider, client: Registered, place: str) -> Members:
    text = (insider.mock.state_dir / "policies" / "default.cedar").read_text()
    return {**_victim(insider, client, place), "text": text}


def _looks_like_a_list(body: Any) -> bool:
    """Whether a form has one value where many may come: sent once, that is a list of one."""
    names = body.keys() & {"audience", "resource"} if isinstance(body, dict) else ()
    return any(not isinstance(body[name], list) for name in names)


def _fixed(**values: Any) -> Callable[..., Members]:
    return lambda *_: dict(values)


REAL: Mapping[tuple[str, str], Callable[[Insider, Registered, str], Members]] = {
    ("POST", "/token"): _token,
    ("POST", "/introspect"): _a_token,
    ("POST", "/revoke"): _a_token,
    ("POST", "/device_authorization"): _fixed(),
    ("POST", "/device"): _device,
    ("POST", "/api/notes"): _fixed(text="generated"),
    ("GET", "/audit/events"): _fixed(limit=5),
    ("POST", "/register/request"): _request,
    ("GET", "/register/status/{enrollment_id}"): _enrolled,
    ("GET", "/register/approve"): _approval_link,
    ("POST", "/register/approve"): _approval,
    ("POST", "/register/confirm"): _confirm,
    ("POST", "/v1/svid/x509"): _svid(("audience", "key")),
    ("POST", "/v1/svid/jwt"): _svid(("csr",)),
    ("POST", "/svid/jwt"): _fixed(audience=["https://api.example.com"]),
    ("GET", "/mock/hello"): _fixed(nonce="made-up"),
    ("GET", "/mock/inbox"): _fixed(limit=5),
    ("GET", "/mock/audit"): _fixed(limit=5),
    ("POST", "/mock/clock"): lambda *us: {**_victim(*us), "move_seconds": 1},
    ("POST", "/mock/limits/clear"): _victim,
    ("POST", "/mock/realms"): _fixed(like="acme"),
    ("DELETE", "/mock"): _victim,
    ("POST", "/mock/faults"): lambda *us: {**_victim(*us), "kind": "status"},
    ("POST", "/mock/faults/clear"): _victim,
    ("POST", "/mock/reset"): _victim,
    ("POST", "/mock/clients/lock"): _victim_client,
    ("PUT", "/mock/policies"): _policies,
    ("POST", "/mock/platform/kubernetes"): _fixed(audience="made-up"),
    ("POST", "/mock/platform/aws"): _fixed(),
    ("POST", "/mock/platform/azure"): _fixed(),
    ("POST", "/mock/platform/gcp"): _fixed(audience="made-up"),
}
