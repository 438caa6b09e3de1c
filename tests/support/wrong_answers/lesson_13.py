"""Wrong answers to the exercises of lesson 13, and unusual right ones."""

from __future__ import annotations

import inspect
import secrets
import shutil
import time
from email.utils import parsedate_to_datetime
from types import SimpleNamespace

import jwt

from dialtone_kit import (
    DPoPAuth,
    IdentityClient,
    ProofKey,
    Secret,
    ServiceError,
    access_token_hash,
    build_proof,
    path_for,
    read_unverified,
)
from dialtone_kit.lesson.misconceptions import misconceptions
from tests.support.wrong_answers import Chameleon, right, value, wrong

# --- 13.dialtone: each mistake is one change to this ---


def _dialtone(issuer, credentials, http, sleep):
    nonces, key, offset = {}, ProofKey.generate(), 0

    def sent(place, method, url, token=None, **more):
        stamp = {"nonce": nonces.get(place), "now": time.time() + offset}
        proof = build_proof(key, method, url, access_token=token, **stamp)
        headers = {"DPoP": proof} | ({"Authorization": f"DPoP {token}"} if token else {})
        response = http.request(method, url, headers=headers, **more)
        if "DPoP-Nonce" in response.headers:
            nonces[place] = response.headers["DPoP-Nonce"]
        return response

    def patient(*what, **more):
        response = sent(*what, **more)
        while response.status_code != 200:
            if response.status_code == 429:
                sleep(int(response.headers["Retry-After"]))
            elif "use_dpop_nonce" not in response.text:
                response.raise_for_status()
            response = sent(*what, **more)
        return response

    found = patient("discovery", "GET", f"{issuer}/.well-known/openid-configuration")
    offset = parsedate_to_datetime(found.headers["Date"]).timestamp() - time.time()
    where, form = found.json(), {"grant_type": "client_credentials", "scope": "openid"}
    basic = credentials.client_id, credentials.client_secret.reveal()
    granted = patient("token", "POST", where["token_endpoint"], data=form, auth=basic)
    token = granted.json()["access_token"]
    claims = patient("api", "GET", where["userinfo_endpoint"], token)
    return claims.json()


def _with(*changes):
    source = inspect.getsource(_dialtone)
    for old, new in changes:
        assert old in source, old
        source = source.replace(old, new)
    names = globals() | {"Chameleon": Chameleon}
    exec(source, names)
    return names["_dialtone"]


def changed(name, code, says, *changes):
    """Enter the function above with each `old` replaced by `new`."""
    value("13.dialtone", name, says, lambda lesson: _with(*changes), code)


NONCE = '"nonce": nonces.get(place)'
OFFSET = 'offset = parsedate_to_datetime(found.headers["Date"]).timestamp() - time.time()'
API = 'claims = patient("api", "GET", where["userinfo_endpoint"], token)'
TOKEN = 'where["token_endpoint"]'
PROOF = "        proof = build_proof(key, method, url, access_token=token, **stamp)\n"
changed("built-token-url", "", "This service has no `.*/token`", (TOKEN, 'f"{issuer}/token"'))
changed(
    "built-api-url", "", "no `.*/userinfo`", ('where["userinfo_endpoint"]', 'f"{issuer}/userinfo"')
)
changed(
    "discovery-of-the-host",
    "",
    "This service has no `/.well-known/openid-configuration`",
    ('f"{issuer}/.well-known', "f\"{issuer.rsplit('/', 2)[0]}/.well-known"),
)
changed(
    "oauth-discovery-path", "", "This service has no", ("openid-conf", "oauth-authorization-conf")
)
changed(
    "same-proof-after-429",
    "M01",
    "carried the proof of the first|fresh|new one each time",
    (PROOF, ""),
    (
        "def patient(*what, **more):\n",
        "def patient(*what, **more):\n        kept = {}\n",
    ),
    ("response = sent(*what, **more)", "response = sent(kept, *what, **more)"),
    ("def sent(place,", "def sent(kept, place,"),
    (
        "        headers = {",
        "        if kept.get('nonce', '') != stamp['nonce']:\n"
        "            kept['proof'] = build_proof(key, method, url, access_token=token, **stamp)\n"
        "            kept['nonce'] = stamp['nonce']\n"
        "        proof = kept['proof']\n"
        "        headers = {",
    ),
)
changed(
    "one-nonce-for-all",
    "M16",
    "Keep two|keep two",
    ("def sent(place,", "def sent(_place,"),
    ("    def sent", "    place = ''\n\n    def sent"),
)
changed("own-clock", "M06", "this service's clock isn't yours", (OFFSET, ""))
changed(
    "wrong-sign",
    "M06",
    "this service's clock isn't yours",
    ("time.time() + offset", "time.time() - offset"),
)
changed("forty-seconds-always", "M06", "this service's clock isn't yours", (OFFSET, "offset = 40"))
changed(
    "milliseconds",
    "M06",
    "this service's clock isn't yours",
    ("time.time() + offset", "1000 * (time.time() + offset)"),
)
changed(
    "asks-again-at-once",
    "M36",
    "came back 0 s later",
    ('sleep(int(response.headers["Retry-After"]))', "pass"),
)
changed(
    "one-second-is-enough",
    "M36",
    "came back 1 s later",
    ('sleep(int(response.headers["Retry-After"]))', "sleep(1)"),
)
changed(
    "half-a-minute-always",
    "M36",
    "Retry-After [2-9] your function slept 30 s",
    ('sleep(int(response.headers["Retry-After"]))', "sleep(30)"),
)
changed(
    "gives-up-when-busy",
    "M36",
    "Your function stopped there",
    ('sleep(int(response.headers["Retry-After"]))', "return response"),
)
changed(
    "gives-up-at-the-nonce",
    "M02",
    "took that for a failure",
    ('"use_dpop_nonce" not in response.text', "True"),
)
changed("ignores-the-nonce", "M02", "a second time", (NONCE, '"nonce": None'))
changed(
    "nonce-as-a-header",
    "M02",
    "a second time",
    (NONCE, '"nonce": None'),
    ('{"DPoP": proof} |', '{"DPoP": proof, "DPoP-Nonce": nonces.get(place) or ""} |'),
)
changed("as-bearer", "M08", "refused: its scheme is", ('f"DPoP {token}"', 'f"Bearer {token}"'))
changed("without-a-scheme", "", "`Authorization: DPoP <token>`", ('f"DPoP {token}"', "token"))
changed("no-ath", "M05", "belongs to this token", ("access_token=token, ", ""))
changed(
    "a-new-key-for-the-api", "M07", "not bound to", (API, "key = ProofKey.generate()\n    " + API)
)
changed("a-json-request", "M09", "OAuth wants a form", ("data=form", "json=form"))
changed(
    "another-grant",
    "",
    "The grant is `client_credentials`",
    ('"client_credentials"', '"authorization_code"'),
)
changed("a-wrong-secret", "", "doesn't know this client", (".reveal()", ".reveal()[:-1]"))
changed(
    "a-masked-secret",
    "",
    "doesn't know this client",
    ("credentials.client_secret.reveal()", "str(credentials.client_secret).encode()"),
)
changed(
    "the-token-in-the-url",
    "",
    "every proxy logs it",
    (
        'where["userinfo_endpoint"], token)',
        'where["userinfo_endpoint"] + "?access_token=" + token, token)',
    ),
)
changed("prints-the-token", "M27", "in your function's output", (API, "print(token)\n    " + API))
changed(
    "prints-half-of-the-token",
    "M27",
    "in your function's output",
    (API, "print(token[: len(token) // 2])\n    " + API),
)
changed(
    "prints-the-basic-header",
    "M27",
    "in your function's output",
    (API, "print(granted.request.headers['Authorization'])\n    " + API),
)
changed(
    "prints-the-start-of-the-secret",
    "M27",
    "in your function's output",
    (API, "print(basic[1][:16])\n    " + API),
)
changed("prints-the-secret", "M27", "in your function's output", (API, "print(basic)\n    " + API))
changed(
    "claims-of-the-token",
    "M20",
    "decoded from the token",
    ("return claims.json()", "return dict(read_unverified(token).claims)"),
)
changed("the-response", "", r"`\.json\(\)`", ("return claims.json()", "return claims"))
changed("nothing", "", "you returned None", ("return claims.json()", "return None"))
changed("a-chameleon", "", "you returned", ("return claims.json()", "return Chameleon()"))
changed(
    "sleeps-a-string",
    "",
    "takes seconds, as a number",
    ('int(response.headers["Retry-After"])', 'response.headers["Retry-After"]'),
)
changed(
    "polls-discovery",
    "",
    "more than 9 requests",
    (
        "    where, form",
        "    for _ in range(9):\n        http.get(found.url)\n    where, form",
    ),
)
changed("posts-to-the-api", "", "This is a GET", ('"api", "GET"', '"api", "POST"'))
changed("another-host", "", "nobody answers", ('f"{issuer}/.well', '"http://127.0.0.1:9/.well'))


@wrong("13.dialtone", "", "No request has arrived")
def makes_it_up(issuer, credentials, http, sleep):
    return {"sub": credentials.client_id, "iss": issuer, "tone": "0123456789ab"}


@wrong("13.dialtone", "", "raised TypeError")
def two_parameters(issuer, credentials):
    return {}


@wrong("13.dialtone", "", "Send every request with the `http`")
def the_kits_own_client(issuer, credentials, http, sleep):
    there = http.get(f"{issuer}/.well-known/openid-configuration").headers["Date"]
    offset = parsedate_to_datetime(there).timestamp() - time.time()
    client = IdentityClient(
        issuer, None, credentials=credentials, now=lambda: time.time() + offset, sleep=sleep
    )
    return client.userinfo(client.get_token(key=ProofKey.generate()))


@wrong("13.dialtone", "", "comes from the kit's own client")
def the_kits_auth(issuer, credentials, http, sleep):
    found = http.get(f"{issuer}/.well-known/openid-configuration")
    if found.status_code == 429:
        sleep(int(found.headers["Retry-After"]))
        found = http.get(f"{issuer}/.well-known/openid-configuration")
    form = {"grant_type": "client_credentials", "client_id": credentials.client_id}
    return http.post(found.json()["token_endpoint"], data=form, auth=DPoPAuth(ProofKey.generate()))


value("13.dialtone", "called-already", "without calling it", lambda lesson: {"sub": "cli_me"})


def _learns_from_the_refusal(issuer, credentials, http, sleep):
    """The clock from a refusal's own Date, and the secret in the form."""
    key, skew = ProofKey.generate(), [0.0]

    def send(method, url, token=None, form=None):
        nonce = None
        for _ in range(6):
            now = time.time() + skew[0]
            proof = build_proof(key, method, url, access_token=token, nonce=nonce, now=now)
            headers = {"DPoP": proof, **({"Authorization": f"DPoP {token}"} if token else {})}
            response = http.request(method, url, headers=headers, data=form)
            if response.status_code == 429:
                sleep(float(response.headers["retry-after"]))
            elif response.status_code in (400, 401):
                there = parsedate_to_datetime(response.headers["date"]).timestamp()
                skew[0] = there - time.time()
                nonce = response.headers.get("dpop-nonce", nonce)
            else:
                return response.json()
        return {}

    where = send("GET", issuer + "/.well-known/openid-configuration")
    form = {
        "grant_type": "client_credentials",
        "client_id": credentials.client_id,
        "client_secret": credentials.client_secret.reveal(),
    }
    token = send("POST", where["token_endpoint"], form=form)["access_token"]
    return send("GET", where["userinfo_endpoint"], token)


def _all_by_hand(issuer, credentials, http, sleep):
    """Proofs by PyJWT, and the keys fetched and the token verified on the way."""
    key, clock = ProofKey.generate(), SimpleNamespace(offset=0.0)
    return _dialtone_by(_hand_made(key, clock), clock, issuer, credentials, http, sleep)


def _hand_made(key, clock):
    from cryptography.hazmat.primitives.asymmetric import ec

    private = ec.generate_private_key(ec.SECP256R1())
    public = jwt.algorithms.ECAlgorithm.to_jwk(private.public_key(), as_dict=True)
    public.pop("key_ops", None)

    def proof(method, url, token, nonce):
        claims = {"htm": method, "htu": url, "iat": time.time() + clock.offset}
        claims |= {"jti": secrets.token_hex(16)} | ({"nonce": nonce} if nonce else {})
        claims |= {"ath": access_token_hash(token)} if token else {}
        return jwt.encode(claims, private, "ES256", {"typ": "dpop+jwt", "jwk": public})

    return proof


def _dialtone_by(prove, clock, issuer, credentials, http, sleep):
    def answer_to(method, url, token=None, **more):
        nonce = None
        while True:
            headers = {"DPoP": prove(method, url, token, nonce)}
            if token:
                headers["Authorization"] = f"dpop {token}"
            response = http.request(method, url, headers=headers, **more)
            if response.status_code == 429:
                sleep(int(response.headers["Retry-After"]) + 1)
            elif response.status_code == 200:
                return response
            else:
                nonce = response.headers["DPoP-Nonce"]

    while (found := http.get(f"{issuer}/.well-known/openid-configuration")).status_code == 429:
        sleep(int(found.headers["Retry-After"]))
    clock.offset = parsedate_to_datetime(found.headers["Date"]).timestamp() - time.time()
    document = found.json()
    assert document["issuer"] == issuer
    http.get(document["jwks_uri"]).raise_for_status()
    token = answer_to(
        "POST",
        document["token_endpoint"],
        data={"grant_type": "client_credentials"},
        auth=(credentials.client_id, credentials.client_secret.reveal()),
    ).json()["access_token"]
    assert read_unverified(token).claims["sub"] == credentials.client_id
    return answer_to("GET", document["userinfo_endpoint"], token).json()


def _says_what_it_does(issuer, credentials, http, sleep):
    """It prints, but no secret: a token's header is none, nor are a proof and the claims."""
    http.event_hooks["response"].append(_print_what_is_no_secret)
    print("calling", issuer, credentials, Secret("a secret"), http.headers)
    return dict(_dialtone(issuer, credentials, http, sleep))


def _print_what_is_no_secret(response):
    scheme, _, token = response.request.headers.get("Authorization", "").partition(" ")
    if scheme == "DPoP":
        print(token.partition(".")[0], read_unverified(token).claims)
        print(response.request.headers["DPoP"])


right("13.dialtone", "as-changed-above", _dialtone)
right("13.dialtone", "learns-from-the-refusal", _learns_from_the_refusal)
right("13.dialtone", "all-by-hand", _all_by_hand)
right("13.dialtone", "says-what-it-does", _says_what_it_does)

# --- 13.clean ---


def _mine(client, tokens):
    return [one for one in tokens if one.claims["client_id"] == client.credentials.client_id]


def _delete(client):
    path_for(client.credentials.client_id).unlink()


@wrong("13.clean", "M37", "still works: the API answers 200. Deleting is not revoking")
def files_only(client, tokens):
    _delete(client)


@wrong("13.clean", "", "The refresh token lives")
def access_tokens_only(client, tokens):
    for token in _mine(client, tokens):
        client.revoke(token)
    _delete(client)


@wrong("13.clean", "", "got for itself still works|approved|login still works|refresh token lives")
def the_first_one_only(client, tokens):
    client.revoke(_mine(client, tokens)[0])
    _delete(client)


@wrong("13.clean", "", "got for itself still works")
def refresh_tokens_only(client, tokens):
    for token in _mine(client, tokens):
        if token.refresh_token:
            client.revoke(token.refresh_token)
    _delete(client)


@wrong("13.clean", "", "400: one of the tokens isn't yours")
def everything_in_sight(client, tokens):
    for token in tokens:
        client.revoke(token)
    _delete(client)


def _revoke_all(client, tokens):
    for token in _mine(client, tokens):
        client.revoke(token)
        if token.refresh_token:
            client.revoke(token.refresh_token)


@wrong("13.clean", "", "The client's secret is still on disk")
def no_file_deleted(client, tokens):
    _revoke_all(client, tokens)


@wrong("13.clean", "", "another client's credentials")
def the_whole_folder(client, tokens):
    _revoke_all(client, tokens)
    shutil.rmtree(path_for(client.credentials.client_id).parents[1])


@wrong("13.clean", "", "the API answers 200")
def forgets_its_variables(client, tokens):
    client.credentials = None
    del tokens


@wrong("13.clean", "", "the API answers 200|isn't yours")
def by_subject(client, tokens):
    for token in tokens:
        if token.claims["sub"] == client.credentials.client_id:
            client.revoke(token)
    _delete(client)


def _leave(client, tokens, file):
    """Right but for what becomes of the file."""
    _revoke_all(client, tokens)
    file(path_for(client.credentials.client_id))


def _backed_up(path):
    (path.parent / "client.bak").write_bytes(path.read_bytes())
    path.unlink()


def _moved_away(path):
    shutil.move(path, path.parents[2] / "elsewhere.json")


FILES = {
    "renames-the-file": lambda path: path.rename(path.with_suffix(".bak")),
    "moves-it-away": _moved_away,
    "backs-it-up": _backed_up,
}
for _name, _file in FILES.items():
    value(
        "13.clean",
        _name,
        "secret is still on disk, under another name",
        lambda _, file=_file: lambda client, tokens: _leave(client, tokens, file),
    )


@wrong("13.clean", "", "changed another client's credentials")
def empties_the_other_file(client, tokens):
    mine, other = _mine(client, tokens), list(tokens)
    _revoke_all(client, tokens)
    _delete(client)
    for token in other:
        if token not in mine:
            path_for(token.claims["client_id"]).write_text("")


def _closes_its_client(client, tokens):
    _revoke_all(client, tokens)
    _delete(client)
    client.http.close()
    client.credentials = None


def _refused_is_fine(client, tokens):
    for token in tokens:
        for one in (token, token.refresh_token):
            try:
                if one is not None:
                    client.revoke(one)
            except ServiceError:
                pass
    shutil.rmtree(path_for(client.credentials.client_id).parent)


def _file_first(client, tokens):
    who = client.credentials.client_id
    path_for(who).unlink()
    for token in tokens:
        if token.claims.get("client_id") == who and client.introspect(token)["active"]:
            client.revoke(token.refresh_token or token)
            client.revoke(token)


right("13.clean", "a-refusal-is-fine", _refused_is_fine)
right("13.clean", "the-file-first", _file_first)
right("13.clean", "closes-its-client", _closes_its_client)
right("13.clean", "as-above", lambda client, tokens: (_revoke_all(client, tokens), _delete(client)))

# --- 13.teach: without a record, the subject is M01 ---

M01 = misconceptions()["M01"]


def _sentence(name, says, text, code=""):
    value("13.teach", name, says, lambda lesson: text, code)


_sentence("too-short", "That's 3 words", "Build new proofs.")
_sentence("one-word-often", "Say what goes wrong", "proof " * 20)
_sentence(
    "the-title", "the kit's words|Say what goes wrong", f"{M01.title} again and again, my friend."
)
_sentence("the-truth", "the kit's words", M01.truth[:170])
_sentence(
    "about-something-else",
    "This isn't about M01",
    "Bananas ripen faster in a paper bag next to an apple, so do put them there.",
)
_sentence("a-page", "One sentence", "A retry sends the same proof and so it fails and then " * 8)
_sentence(
    "two-lines",
    "One sentence",
    "A retry has to build a proof of its own.\nOtherwise it fails at the service.",
)
_sentence(
    "no-end", "no full stop", "My retry had an old proof in it, and the service had seen that one"
)
_sentence(
    "with-a-secret",
    "There's a secret in it",
    f"My retry sent the old proof with sec_{'aB3_' * 11} and failed again.",
    "M27",
)
_sentence(
    "with-an-address",
    "leave the address out",
    "Ask ada@example.com why my retry sent the old proof a second time and failed.",
)
_sentence("bytes", "bytes", b"My retry had an old proof in it, and the service had seen that one.")
_sentence("a-list", "should be a string", ["My retry had an old proof."])
right(
    "13.teach",
    "a-question",
    "Would you pay twice with one cheque, or write a new proof for your next attempt?",
)
right(
    "13.teach", "a-rule", "Put the line that makes the proof inside the retry loop, never above it!"
)
right(
    "13.teach",
    "with-terms",
    "Every attempt gets its own `jti`: a proof that went out once is spent, answer or not.",
)
