"""A workload among services that answer wrongly: one clear error each, and nothing believed."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from dialtone_kit.base.errors import (
    BadSpiffeId,
    DialtoneError,
    NotThisService,
    ServiceError,
    ServiceUnreachable,
    SvidRefused,
    UnsafeUrl,
)
from dialtone_kit.spiffe.evidence import Evidence
from dialtone_kit.spiffe.workload import Workload
from tests.spiffe.test_svids import svid
from tests.spiffe.test_trust_bundle import ID, OURS

BASE = "https://id.example"
Answer = Callable[[httpx.Request], httpx.Response]


def platform(audience: str) -> Evidence:
    return Evidence("kubernetes", f"token for {audience}")


def workload(answer: Answer, **options: Any) -> Workload:
    """A workload whose service answers challenges rightly and all else by `answer`."""

    def service(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/attest/challenge" and not options.get("all_wrong"):
            return httpx.Response(200, json={"nonce": "abc"})
        return answer(request)

    more = {name: value for name, value in options.items() if name != "all_wrong"}
    transport = httpx.MockTransport(service)
    return Workload(BASE, ID, platform, transport=transport, sleep=lambda _: None, **more)


def says(body: Any, status: int = 200) -> Answer:
    return lambda _: httpx.Response(status, json=body)


def test_what_is_sent_is_what_the_protocol_says() -> None:
    sent: list[dict[str, Any]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append({"path": request.url.path, **json.loads(request.content)})
        return httpx.Response(403, json={"error": "access_denied", "error_description": "no"})

    asking = workload(answer)
    for ask in (asking.x509_svid, lambda: asking.jwt_svid("api")):
        with pytest.raises(ServiceError):
            ask()
    x509, jwt = sent
    evidence = {"token": f"token for abc.{asking.key.thumbprint}"}
    common = {"platform": "kubernetes", "nonce": "abc", "evidence": evidence, "ttl": 3600}
    assert x509 == {"path": "/v1/svid/x509", **common, "csr": x509["csr"]}
    jwk = asking.key.public_jwk
    assert jwt == {"path": "/v1/svid/jwt", **common, "key": jwk, "audience": ["api"]}


WRONG_X509: list[tuple[str, Callable[[], Any], type[DialtoneError], str]] = [
    ("no svid", lambda: {}, NotThisService, "can't be read"),
    ("no PEM", lambda: {"svid": "hello"}, NotThisService, "can't be read"),
    ("another's certificate", lambda: {"svid": svid().pem}, SvidRefused, "another key"),
]


@pytest.mark.parametrize(
    ("body", "kind", "text"), [row[1:] for row in WRONG_X509], ids=[row[0] for row in WRONG_X509]
)
def test_a_wrong_certificate_is_not_taken(
    body: Callable[[], Any], kind: type[DialtoneError], text: str
) -> None:
    with pytest.raises(kind, match=text):
        workload(says(body())).x509_svid()


def test_a_certificate_for_another_name_is_not_taken() -> None:
    held = svid()
    asking = Workload(
        BASE,
        f"{ID}2",
        platform,
        key=held.key,
        transport=httpx.MockTransport(
            lambda _: httpx.Response(
                200,
                json={
                    "nonce": "abc",
                    "svid": held.pem,
                },
            )
        ),
    )
    with pytest.raises(SvidRefused, match="spiffe_id"):
        asking.x509_svid()


WRONG_JWT: list[tuple[str, Any, str]] = [
    ("no svid", {}, "well_formed"),
    ("a number", {"svid": 1}, "well_formed"),
    ("no JWT", {"svid": "hello"}, "well_formed"),
    ("no subject", {"svid": OURS.token(sub=None)}, "spiffe_id"),
    ("no end", {"svid": OURS.token(exp=None)}, "exp"),
    ("an end beyond all time", {"svid": OURS.token(exp=10**18)}, "exp"),
]


@pytest.mark.parametrize(
    ("body", "text"), [row[1:] for row in WRONG_JWT], ids=[row[0] for row in WRONG_JWT]
)
def test_a_wrong_token_is_not_taken(body: Any, text: str) -> None:
    with pytest.raises(NotThisService, match=text):
        workload(says(body)).jwt_svid("api")


def test_a_token_for_another_name_is_not_taken() -> None:
    with pytest.raises(SvidRefused, match="spiffe_id"):
        workload(says({"svid": OURS.token(sub=f"{ID}2")})).jwt_svid("api")


def test_a_token_for_another_audience_is_not_taken() -> None:
    with pytest.raises(SvidRefused, match="aud"):
        workload(says({"svid": OURS.token(aud="other")})).jwt_svid("api")


def test_a_bundle_older_than_the_last_is_not_taken() -> None:
    documents = [{**OURS.document(), "spiffe_sequence": number} for number in (5, 6, 6, 4)]
    asking = workload(lambda _: httpx.Response(200, json=documents.pop(0)))
    assert [asking.trust_bundle().sequence for _ in range(3)] == [5, 6, 6]
    with pytest.raises(SvidRefused, match="sequence"):
        asking.trust_bundle()


@pytest.mark.parametrize("nonce", [None, "", 1, {}])
def test_no_challenge_no_attempt(nonce: Any) -> None:
    with pytest.raises(NotThisService, match="challenge"):
        workload(says({"nonce": nonce}), all_wrong=True).challenge()


def test_an_attempt_is_never_sent_twice() -> None:
    """It used its challenge up: sent again it could only be refused."""
    sent: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request.url.path)
        return httpx.Response(503, json={"error": "temporarily_unavailable"})

    with pytest.raises(ServiceError):
        workload(answer).x509_svid()
    assert sent == ["/v1/svid/x509"]


def test_a_challenge_is_asked_for_again_when_the_service_stumbles() -> None:
    answers = [httpx.Response(503, json={"error": "x"}), httpx.Response(200, json={"nonce": "n"})]
    assert workload(lambda _: answers.pop(0), all_wrong=True).challenge() == "n"


def no_connection(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("no", request=request)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (lambda _: httpx.Response(200, text="<html>Log in</html>"), NotThisService),
        (lambda _: httpx.Response(302, headers={"Location": "https://x.example"}), NotThisService),
        (lambda _: httpx.Response(200, content=b"x" * 2**21), NotThisService),
        (no_connection, ServiceUnreachable),
    ],
    ids=["a portal", "a redirect", "two MiB", "nobody"],
)
def test_what_is_not_the_service_is_named_so(answer: Answer, kind: type[DialtoneError]) -> None:
    with pytest.raises(kind):
        workload(answer).trust_bundle()


@pytest.mark.parametrize("base", ["http://id.example", "ftp://id.example", "https://a@id.example"])
def test_only_https_or_loopback(base: str) -> None:
    with pytest.raises(UnsafeUrl):
        Workload(base, ID, platform)


def test_a_name_that_is_none_is_refused_at_once() -> None:
    with pytest.raises(BadSpiffeId, match="scheme"):
        Workload(BASE, "reader", platform)
