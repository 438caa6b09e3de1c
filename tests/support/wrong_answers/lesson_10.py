"""Wrong answers to the exercises of lesson 10, and unusual right ones."""

from __future__ import annotations

import inspect
from functools import cache
from threading import Lock
from urllib.parse import urlsplit

import jwt

from dialtone_kit import ProofRefused, Request, TokenRefused, check_proof, read_unverified
from tests.support.wrong_answers import Chameleon, ChameleonText, right, value, wrong

# --- 10.verifier ---


@wrong("10.verifier", "M29", "only its query has your name")
def in_quotes(claims, resource):
    return resource in str(claims.get("aud")).split("'")


@wrong("10.verifier", "M29", "got in|same host|another resource")
def signature_only(claims, resource):
    return True


@wrong("10.verifier", "M29", "got in|same host|another resource")
def substring(claims, resource):
    return resource in str(claims.get("aud"))


@wrong("10.verifier", "M29", "whole name|same host")
def prefix(claims, resource):
    aud = claims.get("aud") or []
    return any(one.startswith(resource) for one in ([aud] if isinstance(aud, str) else aud))


@wrong("10.verifier", "M29", "whole name")
def prefix_in_a_list_alone(claims, resource):
    aud = claims.get("aud") or []
    return aud == resource if isinstance(aud, str) else any(resource in one for one in aud)


@wrong("10.verifier", "", "servers, one of them this")
def the_last_of_a_list(claims, resource):
    aud = claims.get("aud") or [""]
    return resource == (aud if isinstance(aud, str) else aud[-1])


@wrong("10.verifier", "M29", "case counts")
def in_any_case(claims, resource):
    aud = claims.get("aud") or []
    names = [aud] if isinstance(aud, str) else aud
    return resource.lower() in [one.lower() for one in names]


@wrong("10.verifier", "M29", "/ got in. Only the whole name")
def any_slash(claims, resource):
    aud = claims.get("aud") or []
    names = [aud] if isinstance(aud, str) else aud
    return resource.rstrip("/") in [one.rstrip("/") for one in names]


@wrong("10.verifier", "M29", "for http://.* got in|[?]a=b got in")
def host_and_path(claims, resource):
    aud = claims.get("aud") or []
    names = [aud] if isinstance(aud, str) else aud
    return urlsplit(resource)[1:3] in [urlsplit(one)[1:3] for one in names]


@wrong("10.verifier", "M29", "[?]a=b got in")
def before_the_query(claims, resource):
    aud = claims.get("aud") or []
    names = [aud] if isinstance(aud, str) else aud
    return resource in [one.partition("?")[0] for one in names]


@wrong("10.verifier", "", "three servers")
def two_at_most(claims, resource):
    aud = claims.get("aud") or []
    names = [aud] if isinstance(aud, str) else aud
    return resource in names[:2]


@wrong("10.verifier", "M29", "without `aud`")
def no_aud_is_fine(claims, resource):
    aud = claims.get("aud", resource)
    return resource in ([aud] if isinstance(aud, str) else aud)


@wrong("10.verifier", "M29", "whole name|The same host|case counts")
def same_host(claims, resource):
    aud = claims.get("aud") or []
    hosts = [urlsplit(one).netloc for one in ([aud] if isinstance(aud, str) else aud)]
    return urlsplit(resource).netloc in hosts


@wrong("10.verifier", "", "servers, one of them this")
def strings_only(claims, resource):
    return claims.get("aud") == resource


@wrong("10.verifier", "", "raised KeyError|servers, one of them this")
def never_missing(claims, resource):
    return claims["aud"] == resource


@wrong("10.verifier", "", "You refused a token")
def nobody(claims, resource):
    return False


@wrong("10.verifier", "", "Return True or False")
def claims_to_be_both(claims, resource):
    return Chameleon()


def _by_set(claims, resource):
    aud = claims.get("aud") or ()
    return bool({resource} & ({aud} if isinstance(aud, str) else set(aud)))


def _by_any(claims, resource):
    aud = claims.get("aud")
    return aud == resource or (isinstance(aud, list) and any(one == resource for one in aud))


def _by_match(claims, resource):
    match claims.get("aud"):
        case str(one):
            return one == resource
        case [*many]:
            return many.count(resource) > 0
    return False


right("10.verifier", "by-set", _by_set)
right("10.verifier", "by-any", _by_any)
right("10.verifier", "by-match", _by_match)

# --- 10.gate: each mistake is one change to the solution ---


def _admit(method, headers, door):
    challenge = f'DPoP resource_metadata="{door.metadata_url}"'
    scheme, _, token = headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "dpop":
        raise PermissionError(challenge)
    try:
        claims = door.verify(token)
        expected = {"bound_to": claims["cnf"]["jkt"], "access_token": token}
        request = Request(method, door.url, door.now(), first_use=door.first_use, **expected)
        check_proof(headers.getlist("DPoP"), request)
    except (TokenRefused, ProofRefused, KeyError) as problem:
        raise PermissionError(challenge) from problem
    return claims


def made_for(claims, door):
    """The audience is right: all else is believed."""
    if door.url not in ([aud] if isinstance(aud := claims.get("aud"), str) else aud or []):
        raise KeyError("aud")


def without_its_signature(token):
    return jwt.decode(token, options={"verify_signature": False})


def ended(claims, door):
    if claims["exp"] <= door.now():
        raise KeyError("exp")


def verified_at_its_iat(token, door):
    """Verifies, and forgives an `exp` that has passed."""
    try:
        return door.verify(token)
    except TokenRefused as problem:
        if problem.rule != "exp":
            raise
    return dict(read_unverified(token).claims)


def iat_of(headers):
    return read_unverified(headers["DPoP"]).claims["iat"]


def changed(code, says, old, new):
    """Enter the solution with `old` replaced by `new`, under the name of the function given."""

    def enter(name):
        value("10.gate", name, says, lambda lesson: _with(old, new), code)

    return enter


def _with(old, new):
    source = inspect.getsource(_admit)
    assert old in source
    names = dict(globals())
    exec(source.replace(old, new), names)
    return names["_admit"]


SCHEME = 'if scheme.lower() != "dpop":\n        raise PermissionError(challenge)'
PROOF = 'check_proof(headers.getlist("DPoP"), request)'
changed(
    "M08",
    "got in: The token under Bearer",
    SCHEME,
    'if scheme.lower() != "dpop":\n        return door.verify(token)',
)("only-if-the-scheme-says-dpop")
changed(
    "M08",
    "got in: The token under DPoP, and no proof",
    PROOF,
    f'if headers.get("DPoP"):\n            {PROOF}',
)("only-if-a-proof-came")
changed(
    "",
    "one by the attacker's key behind it",
    'headers.getlist("DPoP")',
    '[headers.get("DPoP", "")]',
)("the-first-proof")
changed("", "a proof by a key of the attacker's", '"bound_to": claims["cnf"]["jkt"], ', "")(
    "any-key"
)
changed(
    "M03",
    "a Host header that fits it",
    "door.url, door.now",
    "f\"https://{headers['Host']}/mcp\", door.now",
)("htu-from-host")
changed("M01", "a proof that the agent has just used", "first_use=door.first_use, ", "")(
    "no-memory"
)
changed(
    "M29", "A token for another API", "door.verify(token)", "dict(read_unverified(token).claims)"
)("decoded-is-verified")
changed(
    "",
    "A token that is bound to no key",
    'claims["cnf"]["jkt"]',
    'claims.get("cnf", {}).get("jkt")',
)("bound-to-nothing")
changed("M05", "made for another one", ', "access_token": token', "")("no-ath")
changed(
    "M20",
    "with the attacker's key in its `cnf`.*`door.verify` does that",
    "door.verify(token)",
    "dict(read_unverified(token).claims)\n        made_for(claims, door)",
)("audience-of-a-decoded-token")
changed(
    "M20",
    "with the attacker's key in its `cnf`",
    "door.verify(token)",
    "without_its_signature(token)\n        made_for(claims, door)\n        ended(claims, door)",
)("signature-off")
changed("", "A token that expired", "door.verify(token)", "verified_at_its_iat(token, door)")(
    "any-exp"
)
changed("M06", "a proof that is half an hour old", "door.now()", "iat_of(headers)")("judged-at-iat")
changed("", "Where is a client to get a token", ' resource_metadata="{door.metadata_url}"', "")(
    "bare-401"
)
changed("", "offers the scheme that would do", "'DPoP resource", "'Bearer resource")(
    "offers-bearer"
)
changed("", "the caller gets a 500", ", KeyError)", ")")("a-500-for-an-unbound-token")
changed("", "the caller gets a 500", "ProofRefused, KeyError", "KeyError")("a-500-for-a-bad-proof")
changed("", "turned away a good call: a GET", "Request(method", 'Request("POST"')("post-alone")
changed("", "turned away a good call: the scheme", 'scheme.lower() != "dpop"', 'scheme != "DPoP"')(
    "scheme-by-case"
)
changed("", "Return the claims", "return claims", "return True")("says-yes")
changed("", "Return the claims", "return claims", "return CHAMELEON")("claims-to-be-the-claims")
CHAMELEON = ChameleonText("claims")


@wrong("10.gate", "", "You turned away a good call: a call")
def nobody_at_all(method, headers, door):
    raise PermissionError(f'DPoP resource_metadata="{door.metadata_url}"')


def _with_more_in_the_challenge(method, headers, door):
    try:
        return _admit(method, headers, door)
    except PermissionError as refusal:
        more = f'DPoP algs="ES256", resource_metadata="{door.metadata_url}", error="invalid_token"'
        raise PermissionError(more) from refusal


def _two_challenges(method, headers, door):
    try:
        return _admit(method, headers, door)
    except PermissionError as refusal:
        raise PermissionError(f'Basic realm="x", {refusal}') from None


def _by_hand(method, headers, door):
    where = f"DPoP resource_metadata={door.metadata_url!r}".replace("'", '"')
    parts = headers.get("authorization", "").split()
    if len(parts) != 2 or parts[0].casefold() != "dpop":
        raise PermissionError(where)
    token = parts[1]
    try:
        claims = door.verify(token)
        if "cnf" not in claims:
            raise PermissionError(where)
        jkt = claims["cnf"]["jkt"]
        request = Request(method, door.url, door.now(), access_token=token, bound_to=jkt)
        proof = check_proof(headers.getlist("dpop"), request)
        new = door.first_use(proof.thumbprint, proof.jti, proof.keep_until)
    except (TokenRefused, ProofRefused, KeyError):
        raise PermissionError(where) from None
    if not new:
        raise PermissionError(where)
    return claims


right("10.gate", "with-more-in-the-challenge", _with_more_in_the_challenge)
right("10.gate", "two-challenges", _two_challenges)
right("10.gate", "by-hand", _by_hand)

# --- 10.downstream ---


def _whoami(me, api, token):
    return me.call("GET", f"{api}/api/whoami", token).json()


@wrong("10.downstream", "M29", "you passed on the caller's own token")
def passed_on(held, me, key, api):
    return _whoami(me, api, held)


@wrong("10.downstream", "M29", "Your token opened 2 other servers")
def no_audience(held, me, key, api):
    return _whoami(me, api, me.exchange(held, key=key))


def _kept():
    kept = []

    def kept_for_the_next_caller(held, me, key, api):
        if not kept:
            kept.append(me.exchange(held, resource=api, key=key))
        return _whoami(me, api, kept[0])

    return kept_for_the_next_caller


value("10.downstream", "kept-for-the-next-caller", "someone else", lambda lesson: _kept())


def _shared():
    shared = {}

    def one_place_for_two_callers(held, me, key, api):
        shared["held"] = held
        shared.setdefault("token", me.exchange(shared["held"], resource=api, key=key))
        return _whoami(me, api, shared["token"])

    return one_place_for_two_callers


value("10.downstream", "one-place-for-two-callers", "someone else", lambda lesson: _shared())


def _in_a_name_outside():
    outside = {}

    def one_name_for_whoever_comes(held, me, key, api):
        outside["token"] = me.exchange(held, resource=api, key=key)
        return _whoami(me, api, outside["token"])

    return one_name_for_whoever_comes


value(
    "10.downstream", "one-name-for-two-callers", "someone else", lambda lesson: _in_a_name_outside()
)


@wrong("10.downstream", "", "a token of the server's own")
def for_the_server_itself(held, me, key, api):
    return _whoami(me, api, me.get_token(key=key, resource=api))


@wrong("10.downstream", "", "bound to a key")
def down_to_bearer(held, me, key, api):
    return _whoami(me, api, me.exchange(held, resource=api))


@wrong("10.downstream", "", "The API was never called")
def makes_it_up(held, me, key, api):
    me.exchange(held, resource=api, key=key)
    return {"sub": read_unverified(held).claims["sub"]}


@wrong("10.downstream", "", "Return what the API said")
def the_response_itself(held, me, key, api):
    return me.call("GET", f"{api}/api/whoami", me.exchange(held, resource=api, key=key))


@wrong("10.downstream", "", "The API said 404")
def another_path(held, me, key, api):
    return me.call("GET", f"{api}/whoami", me.exchange(held, resource=api, key=key)).json()


@wrong("10.downstream", "", "Return what the API said")
def returns_a_chameleon(held, me, key, api):
    _whoami(me, api, me.exchange(held, resource=api, key=key))
    return Chameleon()


def _for_each_caller():
    @cache
    def token_of(held, exchange, key, api):
        return exchange(held, resource=api, key=key)

    def kept_for_each_caller(held, me, key, api):
        return _whoami(me, api, token_of(held, me.exchange, key, api))

    return kept_for_each_caller


def _by_audience(held, me, key, api):
    token = me.exchange(held, audience=[api], key=key)
    return _whoami(me, api, token)


def _less_scope(held, me, key, api):
    token = me.exchange(held, resource=api, scope="openid", key=key)
    response = me.call("GET", api + "/api/whoami", token)
    return dict(response.json()) if response.status_code == 200 else None


def _raises_for_status(held, me, key, api):
    token = me.exchange(held, resource=api, key=key)
    response = me.call(method="GET", url=f"{api}/api/whoami", token=token)
    return response.raise_for_status().json()


def _one_at_a_time():
    lock, shared = Lock(), {}

    def behind_a_lock(held, me, key, api):
        with lock:
            shared["token"] = me.exchange(held, resource=api, key=key)
            return _whoami(me, api, shared["token"])

    return behind_a_lock


right("10.downstream", "kept-for-each-caller", _for_each_caller())
right("10.downstream", "one-at-a-time", _one_at_a_time())
right("10.downstream", "by-audience", _by_audience)
right("10.downstream", "less-scope", _less_scope)
right("10.downstream", "raises-for-status", _raises_for_status)
