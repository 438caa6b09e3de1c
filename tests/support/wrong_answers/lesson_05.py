"""Wrong answers to the exercises of lesson 05."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import re
import secrets
import time
import uuid
from functools import partial
from typing import Any
from urllib.parse import unquote, urldefrag, urlparse, urlsplit, urlunparse

import httpx
from cryptography.hazmat.primitives import hashes

from dialtone_kit import ProofKey, b64url, build_proof
from tests.support.wrong_answers import Chameleon, ChameleonText, right, value, wrong


def _hashed(text):
    return b64url(hashlib.sha256(text.encode()).digest())


def _request(method, url, token, proof, scheme="DPoP"):
    return httpx.Request(method, url, headers={"Authorization": f"{scheme} {token}", "DPoP": proof})


@wrong("05.make-request", "M05", "ath is missing")
def no_ath(method, url, access_token, key):
    return _request(method, url, access_token, build_proof(key, method, url))


@wrong("05.make-request", "M08", "under the scheme DPoP")
def under_bearer(method, url, access_token, key):
    proof = build_proof(key, method, url, access_token=access_token)
    return _request(method, url, access_token, proof, "Bearer")


@wrong("05.make-request", "M07", "a key that the token is not bound")
def a_key_of_its_own(method, url, access_token, key):
    proof = build_proof(ProofKey.generate(), method, url, access_token=access_token)
    return _request(method, url, access_token, proof)


@wrong("05.make-request", "M04", "a different URL")
def htu_is_the_host(method, url, access_token, key):
    host = "https://" + urlsplit(url).netloc
    return _request(
        method, url, access_token, build_proof(key, method, host, access_token=access_token)
    )


@wrong("05.make-request", "", "a different method")
def always_get(method, url, access_token, key):
    return _request(
        method, url, access_token, build_proof(key, "GET", url, access_token=access_token)
    )


@wrong("05.make-request", "M06", "iat is not now")
def an_old_proof(method, url, access_token, key):
    proof = build_proof(key, method, url, access_token=access_token, now=time.time() - 3600)
    return _request(method, url, access_token, proof)


_KEPT: dict[Any, str] = {}


@wrong("05.make-request", "M01", "proof of the first")
def one_proof_for_all(method, url, access_token, key):
    place = (method, url, access_token)
    if place not in _KEPT:
        _KEPT[place] = build_proof(key, method, url, access_token=access_token)
    return _request(method, url, access_token, _KEPT[place])


@wrong("05.make-request", "M04", "query string")
def htu_with_its_query(method, url, access_token, key):
    claims = {
        "htm": method,
        "htu": url,
        "iat": int(time.time()),
        "jti": str(time.time_ns()),
        "ath": b64url(hashlib.sha256(access_token.encode()).digest()),
    }
    header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": key.public_jwk}
    text = ".".join(b64url(json.dumps(part).encode()) for part in (header, claims))
    return _request(method, url, access_token, f"{text}.{b64url(key.sign(text.encode()))}")


@wrong("05.make-request", "", "no Authorization header")
def proof_alone(method, url, access_token, key):
    proof = build_proof(key, method, url, access_token=access_token)
    return httpx.Request(method, url, headers={"DPoP": proof})


@wrong("05.make-request", "", "Return an httpx.Request")
def headers_only(method, url, access_token, key):
    return {"Authorization": f"DPoP {access_token}"}


def signed_by_hand(method, url, access_token, key, jti):
    claims = {
        "htm": method,
        "htu": url.partition("?")[0],
        "iat": int(time.time()),
        "jti": jti,
        "ath": _hashed(access_token),
    }
    header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": key.public_jwk}
    text = ".".join(b64url(json.dumps(part).encode()) for part in (header, claims))
    return _request(method, url, access_token, f"{text}.{b64url(key.sign(text.encode()))}")


_COUNTED = itertools.count(1)


@wrong("05.make-request", "", "can be guessed: '[0-9]+'")
def jti_counted(method, url, access_token, key):
    return signed_by_hand(method, url, access_token, key, str(next(_COUNTED)))


@wrong("05.make-request", "", "can be guessed: 'request-0000")
def jti_counted_with_a_long_name(method, url, access_token, key):
    jti = f"request-{next(_COUNTED):024d}"
    return signed_by_hand(method, url, access_token, key, jti)


@wrong("05.make-request", "", "can be guessed")
def jti_is_the_time(method, url, access_token, key):
    return signed_by_hand(method, url, access_token, key, str(time.time_ns()))


@wrong("05.make-request", "", "can be guessed")
def jti_is_a_uuid_of_the_time(method, url, access_token, key):
    return signed_by_hand(method, url, access_token, key, str(uuid.uuid1()))


@wrong("05.make-request", "", "can be guessed")
def jti_of_four_bytes(method, url, access_token, key):
    return signed_by_hand(method, url, access_token, key, secrets.token_hex(4))


def _good(method, url, access_token, key):
    proof = build_proof(key, method, url, access_token=access_token)
    return _request(method, url, access_token, proof)


@wrong("05.make-request", "", "in the header cookie, too")
def token_in_a_cookie_too(method, url, access_token, key):
    request = _good(method, url, access_token, key)
    request.headers["Cookie"] = f"token={access_token}"
    return request


@wrong("05.make-request", "", "in the header x-access-token, too")
def token_in_a_header_of_its_own_too(method, url, access_token, key):
    request = _good(method, url, access_token, key)
    request.headers["X-Access-Token"] = access_token
    return request


@wrong("05.make-request", "", "in the body, too")
def token_in_the_body_too(method, url, access_token, key):
    headers = _good(method, url, access_token, key).headers
    return httpx.Request(method, url, headers=headers, data={"access_token": access_token})


def _nobody_there(request):
    raise httpx.ConnectError("Name or service not known")


@wrong("05.make-request", "", "sent the request itself")
def sends_it(method, url, access_token, key):
    with httpx.Client(transport=httpx.MockTransport(_nobody_there)) as client:
        return client.send(_good(method, url, access_token, key))


@wrong("05.make-request", "", "Return an httpx.Request")
def sends_it_and_gets_through(method, url, access_token, key):
    answers = httpx.MockTransport(lambda request: httpx.Response(200))
    with httpx.Client(transport=answers) as client:
        return client.send(_good(method, url, access_token, key))


@wrong("05.make-request", "", "Return an httpx.Request")
def headers_only_at_the_service(method, url, access_token, key):
    request = _good(method, url, access_token, key)
    return request if ".example/" in url else dict(request.headers)


@wrong("05.make-request", "", "raised AttributeError")
def a_name_that_is_not_there(method, url, access_token, key):
    request = _good(method, url, access_token, key)
    return request if ".example/" in url else request.no_such_thing


value(
    "05.make-request", "no-function", "without calling it", lambda lesson: httpx.Request("GET", "/")
)


def request_by_a_client(method, url, access_token, key):
    proof = build_proof(key, method, url, access_token=access_token)
    headers = [(b"dpop", proof.encode()), (b"authorization", f"DPoP {access_token}".encode())]
    with httpx.Client() as client:
        return client.build_request(method, url, headers=headers)


class Requests:
    def __call__(self, method, url, access_token, key):
        return _good(method, url, access_token, key)


def with_a_jti_of(make_jti, method, url, access_token, key):
    return signed_by_hand(method, url, access_token, key, make_jti())


right(
    "05.make-request", "jti-of-96-bits", partial(with_a_jti_of, lambda: str(secrets.randbits(96)))
)
right("05.make-request", "by-a-client", request_by_a_client)
right("05.make-request", "callable-object", Requests())
right("05.make-request", "jti-a-uuid", partial(with_a_jti_of, lambda: str(uuid.uuid4())))
right("05.make-request", "jti-of-24-hex", partial(with_a_jti_of, lambda: secrets.token_hex(12)))
right(
    "05.make-request",
    "jti-a-number",
    partial(with_a_jti_of, lambda: f"{secrets.randbits(128):039d}"),
)


@wrong("05.ath", "M05", "hash in hex")
def ath_in_hex(access_token):
    return hashlib.sha256(access_token.encode()).hexdigest()


@wrong("05.ath", "M05", "hex digits")
def ath_of_hex_digits(access_token):
    return b64url(hashlib.sha256(access_token.encode()).hexdigest().encode())


@wrong("05.ath", "M05", "a part of the token")
def ath_of_the_signature(access_token):
    return _hashed(access_token.split(".")[-1])


@wrong("05.ath", "M05", "the scheme along with it")
def ath_with_the_scheme(access_token):
    return _hashed(f"DPoP {access_token}")


@wrong("05.ath", "M05", "its spelling is not")
def ath_padded(access_token):
    return base64.urlsafe_b64encode(hashlib.sha256(access_token.encode()).digest()).decode()


@wrong("05.ath", "M05", "not the SHA-256")
def ath_by_sha512(access_token):
    return b64url(hashlib.sha512(access_token.encode()).digest())


@wrong("05.ath", "", "came as bytes")
def ath_as_bytes(access_token):
    return base64.urlsafe_b64encode(hashlib.sha256(access_token.encode()).digest()).rstrip(b"=")


@wrong("05.ath", "", "raised TypeError")
def ath_of_text_not_encoded(access_token):
    return b64url(hashlib.sha256(access_token).digest())


value("05.ath", "no-function", "without calling it", lambda lesson: _hashed("a token"))


def ath_by_cryptography(access_token):
    digest = hashes.Hash(hashes.SHA256())
    digest.update(access_token.encode("ascii"))
    text = base64.b64encode(digest.finalize()).decode()
    return text.translate(str.maketrans("+/", "-_", "="))


def ath_by_name(algorithm, access_token):
    digest = hashlib.new(algorithm)
    digest.update(bytearray(access_token, "utf-8"))
    return b64url(digest.digest())


class Ath:
    def __call__(self, access_token):
        return _hashed(access_token)


right("05.ath", "another-library", ath_by_cryptography)
right("05.ath", "partial", partial(ath_by_name, "sha256"))
right("05.ath", "callable-object", Ath())


@wrong("05.htu", "M04", "left query or fragment")
def url_as_it_is(url):
    return url


@wrong("05.htu", "M04", "left query or fragment")
def fragment_forgotten(url):
    return url if "#" in url and "?" not in url else url.partition("?")[0]


@wrong("05.htu", "M04", "Too much is gone")
def origin_only(url):
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


@wrong("05.htu", "M04", "slash at the end")
def slash_dropped(url):
    return url.partition("#")[0].partition("?")[0].rstrip("/")


@wrong("05.htu", "M04", "port is part")
def port_dropped(url):
    return url.partition("#")[0].partition("?")[0].replace(":8443", "")


@wrong("05.htu", "M04", "Upper and lower case")
def lower_case(url):
    return url.partition("#")[0].partition("?")[0].lower()


@wrong("05.htu", "M04", "follows the ; is part of the path")
def by_urlparse(url):
    parts = urlparse(url)
    return urlunparse((parts.scheme, parts.netloc, parts.path, "", "", ""))


@wrong("05.htu", "M04", "you returned")
def decoded_on_the_way(url):
    return unquote(url.partition("#")[0].partition("?")[0])


@wrong("05.htu", "M04", "left query or fragment")
def question_mark_first(url):
    return url.partition("?")[0]


@wrong("05.htu", "M04", "Too much is gone")
def nothing_at_all(url):
    return ""


@wrong("05.htu", "", "should be a string")
def a_url_object(url):
    return httpx.URL(url.partition("#")[0].partition("?")[0])


value("05.htu", "no-function", "without calling it", lambda lesson: "https://api.example/notes")


def htu_of_parts(clear, url):
    return urlsplit(url)._replace(**clear).geturl()


class Htu:
    def __call__(self, url):
        return str(httpx.URL(url).copy_with(query=None, fragment=None))


right("05.htu", "lambda-with-a-pattern", lambda url: re.split(r"[?#]", url, maxsplit=1)[0])
right("05.htu", "partial-of-urlsplit", partial(htu_of_parts, {"query": "", "fragment": ""}))
right("05.htu", "urldefrag", lambda url: urldefrag(url).url.split("?")[0])
right("05.htu", "callable-object-with-httpx", Htu())


@wrong("05.nonce", "M02", "took it for a failure")
def gives_up(send):
    return send(None)


@wrong("05.nonce", "M02", "did not carry the nonce")
def sends_the_same_again(send):
    response = send(None)
    return send(None) if response.status_code == 401 and "use_dpop" in response.text else response


@wrong("05.nonce", "M02", "tried again after invalid_token")
def retries_every_refusal(send):
    response = send(None)
    return response if response.status_code == 200 else send(response.headers["DPoP-Nonce"])


@wrong("05.nonce", "M02", "forever")
def never_gives_up(send):
    response = send(None)
    for _ in range(20):
        if "use_dpop_nonce" not in response.text:
            break
        response = send(response.headers["DPoP-Nonce"])
    return response


@wrong("05.nonce", "M02", "was good already")
def always_twice(send):
    return send(send(None).headers["DPoP-Nonce"])


@wrong("05.nonce", "M02", "forever")
def never_stops(send):
    response = send(None)
    while response.status_code == 401 and "use_dpop_nonce" in response.text:
        response = send(response.headers["DPoP-Nonce"])
    return response


def is_demand(response):
    return response.status_code == 401 and "use_dpop_nonce" in response.text


def answered_once(send):
    response = send(None)
    return send(response.headers["DPoP-Nonce"]) if is_demand(response) else response


@wrong("05.nonce", "", "After a second demand, .* got None")
def nothing_after_a_second_demand(send):
    response = answered_once(send)
    return None if is_demand(response) else response


@wrong("05.nonce", "", "raised RuntimeError: demanded again")
def raises_after_a_second_demand(send):
    response = answered_once(send)
    if is_demand(response):
        raise RuntimeError("demanded again")
    return response


@wrong("05.nonce", "", "an earlier response")
def the_first_refusal_after_a_second_demand(send):
    first = send(None)
    if not is_demand(first):
        return first
    second = send(first.headers["DPoP-Nonce"])
    return first if is_demand(second) else second


@wrong("05.nonce", "", "Return the response that came last; got True")
def whether_it_went_well(send):
    return answered_once(send).status_code == 200


@wrong("05.nonce", "M02", r"Begin with send\(None\)")
def begins_with_an_empty_nonce(send):
    return send("")


@wrong("05.nonce", "", "raised AttributeError")
def asks_for_a_name_that_is_not_there(send):
    return send(None).status


@wrong("05.nonce", "M02", "took it for a failure")
def looks_for_400_only(send):
    response = send(None)
    return send(response.headers["DPoP-Nonce"]) if response.status_code == 400 else response


@wrong("05.nonce", "M02", "did not carry the nonce")
def a_nonce_that_equals_every_nonce(send):
    response = send(None)
    return send(Chameleon()) if is_demand(response) else response


value("05.nonce", "no-function", "without calling it", lambda lesson: httpx.Response(200))


def nonce_by_header(send, nonce=None, tries=2):
    response = send(nonce)
    if tries > 1 and 'error="use_dpop_nonce"' in response.headers.get("WWW-Authenticate", ""):
        return nonce_by_header(send, response.headers["dpop-nonce"], tries - 1)
    return response


def nonce_in_a_loop(times, send):
    nonce = None
    for _ in range(times):
        response = send(nonce)
        if response.is_success or response.json()["error"] != "use_dpop_nonce":
            break
        nonce = response.headers["DPoP-Nonce"]
    return response


class CallWithNonce:
    def __call__(self, send):
        return answered_once(send)


def nonce_by_raise_for_status(send):
    response = send(None)
    try:
        response.raise_for_status()
    except httpx.HTTPStatusError as refused:
        if refused.response.json()["error"] == "use_dpop_nonce":
            return send(refused.response.headers["DPoP-Nonce"])
    return response


right("05.nonce", "by-raise-for-status", nonce_by_raise_for_status)
right("05.nonce", "recursion-by-header", nonce_by_header)
right("05.nonce", "partial-of-a-loop", partial(nonce_in_a_loop, 2))
right("05.nonce", "callable-object", CallWithNonce())
right(
    "05.nonce",
    "send-without-an-argument",
    lambda send: answered_once(lambda n: send(*[n] * bool(n))),
)


@wrong("05.ath", "M05", "not the SHA-256")
def an_ath_that_equals_everything(access_token):
    return ChameleonText("x")


@wrong("05.htu", "M04", "you returned")
def an_htu_that_equals_everything(url):
    return ChameleonText("x")


@wrong("05.nonce", "M02", "Against a realm like strict")
def made_up_where_a_token_counts(send):
    response = answered_once(send)
    return httpx.Response(200) if "realm" in response.text else response


@wrong("05.nonce", "", "raised AttributeError")
def reads_the_door(send):
    return send.__self__.last
