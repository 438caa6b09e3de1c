"""Wrong answers to the exercises of lesson 07, and unusual right ones."""

from __future__ import annotations

import re
from types import MappingProxyType
from urllib.request import parse_http_list

from dialtone_kit.base.challenges import challenges
from tests.support.wrong_answers import Chameleon, ChameleonText, right, value, wrong

SECRET = "client ID and secret"


def _good_for(find):
    if find["what"] == SECRET:
        return {"renew"}
    good = not find["bound"] and find["seconds_left"] > 0 and find["made_for"] != "another API"
    return {"read", "call"} if good else {"read"}


@wrong("07.blast", "M08", r"key of our own: 401 `key_is_bound`")
def a_bound_token_calls(find):
    if find["what"] != SECRET and find["bound"] and not find["used_proof"]:
        return {"read", "call"} if find["seconds_left"] > 0 else {"read"}
    return _good_for(find)


@wrong("07.blast", "M01", r"401 `jti_is_new`. This service remembers")
def a_used_proof_is_a_proof(find):
    extra = {"call"} if find.get("used_proof") and find["seconds_left"] > 0 else set()
    return _good_for(find) | extra


@wrong("07.blast", "", r"200, and a new token bound to the thief's key")
def dpop_guards_the_secret(find):
    return set() if find["what"] == SECRET else _good_for(find)


@wrong("07.blast", "M29", r"made for another API")
def any_token_opens_any_api(find):
    if find["what"] == SECRET or find["bound"]:
        return _good_for(find)
    return {"read", "call"} if find["seconds_left"] > 0 else {"read"}


@wrong("07.blast", "", r"tried: 401 `exp`. Its time is over")
def tokens_live_for_ever(find):
    if find["what"] == SECRET or find["bound"] or find["made_for"] == "another API":
        return _good_for(find)
    return {"read", "call"}


@wrong("07.blast", "", r"without any key: 200")
def no_token_without_a_key(find):
    return {"renew"} if find["what"] == SECRET else {"read"}


@wrong("07.blast", "", "anyone can read the claims")
def nobody_reads_a_token(find):
    return _good_for(find) - {"read"}


@wrong("07.blast", "", r"token endpoint: 401 `invalid_client`")
def a_token_gets_the_next_one(find):
    fresh = "seconds_left" in find and find["seconds_left"] > 0
    return _good_for(find) | ({"renew"} if fresh else set())


@wrong("07.blast", "", "password there: 401")
def the_secret_opens_the_api(find):
    return {"renew", "call"} if find["what"] == SECRET else _good_for(find)


@wrong("07.blast", "", "nothing to read in a secret")
def the_secret_has_claims(find):
    return {"renew", "read"} if find["what"] == SECRET else _good_for(find)


@wrong("07.blast", "", "none of 'read'")
def in_other_words(find):
    return {"steal"}


@wrong("07.blast", "", "Return a set")
def one_word(find):
    return "call"


@wrong("07.blast", "", "Return a set|none of|claims|key")
def claims_to_be_everything(find):
    return Chameleon()


@wrong("07.blast", "", "none of 'read'|claims of a token|needs")
def words_that_equal_everything(find):
    return {ChameleonText("anything")}


right("07.blast", "as-a-list", lambda find: sorted(_good_for(find)))
right("07.blast", "as-a-frozenset", lambda find: frozenset(_good_for(find)))
right("07.blast", "with-repetitions", lambda find: [*_good_for(find), *_good_for(find)])
right("07.blast", "as-keys", lambda find: dict.fromkeys(_good_for(find), True))


def _parse(fields, lower=str.lower):
    found = {}
    for part in parse_http_list(", ".join(fields)):
        head, _, text = part.partition("=")
        *scheme, name = head.split()
        if scheme:
            parameters = found.setdefault(lower(scheme[0]), {})
        parameters[name] = text.strip('"')
    return found


@wrong("07.challenge", "", "A quoted text may hold a comma|inside quotes ends nothing")
def splits_at_commas(fields):
    found, current = {}, {}
    for part in ", ".join(fields).split(","):
        head, _, text = part.strip().partition("=")
        *scheme, name = head.split() or [""]
        if scheme and text:
            current = found.setdefault(scheme[0].lower(), {})
        current[name] = text.strip('"')
    return found


@wrong("07.challenge", "", "you left out .*the second field")
def the_first_field_only(fields):
    return _parse(fields[:1])


@wrong("07.challenge", "", "you left out")
def the_first_challenge_only(fields):
    return dict(list(_parse(fields).items())[:1])


@wrong("07.challenge", "", "you left out bearer")
def dpop_only(fields):
    return {"dpop": _parse(fields)["dpop"]}


@wrong("07.challenge", "", "Scheme names have no case")
def schemes_in_upper_case(fields):
    return _parse(fields, str.upper)


@wrong("07.challenge", "", "quotes are not part of a value")
def quotes_kept(fields):
    found = _parse(fields)
    return {scheme: {n: f'"{v}"' for n, v in more.items()} for scheme, more in found.items()}


@wrong("07.challenge", "", "is a dict of dicts|Return a dict of dicts")
def a_list_of_schemes(fields):
    return list(_parse(fields))


@wrong("07.challenge", "", "The parameters of .* are a dict")
def parameters_as_they_came(fields):
    return dict.fromkeys(_parse(fields), "…")


@wrong("07.challenge", "", "and no more")
def one_parameter_too_many(fields):
    return {scheme: more | {"realm2": "x"} for scheme, more in _parse(fields).items()}


@wrong("07.challenge", "", "has a parameter `error`")
def nothing_but_the_algorithms(fields):
    found = _parse(fields)
    return found | {"dpop": {"algs": found["dpop"]["algs"]}}


@wrong("07.challenge", "", "you returned|Return a dict")
def equals_everything(fields):
    return Chameleon()


def _by_expression(fields):
    found = {}
    for field in fields:
        for scheme, name, quoted, plain in re.findall(
            r'(?:(\w+) )?(\w+)=(?:"([^"]*)"|(\w+))', field
        ):
            if scheme:
                last = found.setdefault(scheme.lower(), {})
            last[name] = quoted or plain
    return found


right("07.challenge", "by-a-regular-expression", _by_expression)
right("07.challenge", "read-only", lambda fields: MappingProxyType(_parse(fields)))
right(
    "07.challenge",
    "by-the-kits-own-parser",
    lambda fields: {c.scheme.lower(): c.parameters for f in fields for c in challenges(f)},
)


def _scopes(job):
    return {f"notes:{'read' if call.startswith('GET') else 'write'}" for call in job["calls"]}


def _order(job):
    return {"scope": " ".join(sorted(_scopes(job))), "resource": job["api"]}


@wrong("07.smallest", "M29", "the other API in the room took the token too")
def no_resource(job):
    return {"scope": _order(job)["scope"]}


@wrong("07.smallest", "M29", "is for https://mail.example, too")
def one_more_resource(job):
    return _order(job) | {"resource": [job["api"], "https://mail.example"]}


@wrong("07.smallest", "M29", "for the issuer, and so for all that it runs")
def for_the_whole_issuer(job):
    return _order(job) | {"resource": job["api"].removesuffix("/api")}


@wrong("07.smallest", "", "For .*, the token doesn't need notes:")
def all_scopes(job):
    return _order(job) | {"scope": "notes:read notes:write"}


@wrong("07.smallest", "", "the token doesn't need openid")
def openid_too(job):
    order = _order(job)
    return order | {"scope": f"openid {order['scope']}"}


@wrong("07.smallest", "", "the job itself got 403 `insufficient_scope`")
def too_little(job):
    return _order(job) | {"scope": "notes:read"}


@wrong("07.smallest", "", "the job itself got 401 `aud`")
def another_resource(job):
    return _order(job) | {"resource": "https://notes.example"}


@wrong("07.smallest", "", "The service refused your request: .*invalid_scope")
def scopes_of_its_own(job):
    return _order(job) | {"scope": "notes:everything"}


@wrong("07.smallest", "", "The service refused your request: .*invalid_target")
def a_path_for_a_resource(job):
    return _order(job) | {"resource": "/api"}


@wrong("07.smallest", "", "`scope` is one string")
def scopes_as_a_list(job):
    return _order(job) | {"scope": sorted(_scopes(job))}


@wrong("07.smallest", "", "Return a dict with scope and resource")
def the_scope_alone(job):
    return _order(job)["scope"]


value("07.smallest", "a-dict-instead-of-a-function", "Pass the function", lambda _: {"scope": "x"})


right("07.smallest", "resource-as-a-list", lambda job: _order(job) | {"resource": [job["api"]]})
right(
    "07.smallest",
    "scopes-in-another-order",
    lambda job: _order(job) | {"scope": " ".join(sorted(_scopes(job), reverse=True))},
)
right(
    "07.smallest",
    "a-scope-named-twice",
    lambda job: _order(job) | {"scope": " ".join([*_scopes(job), *_scopes(job)])},
)
