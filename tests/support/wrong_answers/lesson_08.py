"""Wrong answers to the exercises of lesson 08, and unusual right ones."""

from __future__ import annotations

import re
from string import ascii_letters, digits
from types import SimpleNamespace
from urllib.parse import urlsplit

from dialtone_kit.lesson.content.lesson_08.sentences import TRUE
from dialtone_kit.spiffe import SpiffeId
from tests.support.wrong_answers import Chameleon, ChameleonText, right, value, wrong
from tests.support.wrong_answers.lesson_03 import FromLesson

MOST = 5


@wrong("08.again", "M35", "that challenge was used up")
def the_same_challenge(challenge, evidence, request):
    nonce = challenge()
    shown = evidence(nonce)
    for _ in range(MOST):
        status, body = request(nonce, shown)
        if status != 503:
            return body if status == 200 else None
    return None


@wrong("08.again", "M35", "names another challenge")
def the_old_evidence(challenge, evidence, request):
    shown = evidence(first := challenge())
    for turn in range(MOST):
        status, body = request(challenge() if turn else first, shown)
        if status != 503:
            return body if status == 200 else None
    return None


@wrong("08.again", "", "attempt number 6")
def for_ever(challenge, evidence, request):
    while True:
        nonce = challenge()
        status, body = request(nonce, evidence(nonce))
        if status != 503:
            return body if status == 200 else None


@wrong("08.again", "", "gave up after one attempt")
def gives_up_at_once(challenge, evidence, request):
    nonce = challenge()
    status, body = request(nonce, evidence(nonce))
    return body if status == 200 else None


@wrong("08.again", "", "asked again after a (4..|500|200)")
def whatever_it_says(challenge, evidence, request):
    for _ in range(MOST):
        nonce = challenge()
        status, body = request(nonce, evidence(nonce))
        if status == 200:
            return body
    return None


def _stops_at(*final):
    def again(challenge, evidence, request):
        for _ in range(MOST):
            nonce = challenge()
            status, body = request(nonce, evidence(nonce))
            if status in (200, *final):
                return body if status == 200 else None
        return None

    return again


for _final, _says in (
    ((401, 403), "asked again after a (400|404|409|500)"),
    ((400, 401, 403, 404, 500), "asked again after a 409"),
    ((400, 401, 403, 404, 409), "asked again after a 500"),
):
    value(
        "08.again",
        f"stops-at-{len(_final)}-to-{_final[-1]}",
        _says,
        lambda _, f=_final: _stops_at(*f),
    )


@wrong("08.again", "", "None, since there is no SVID")
def the_last_body(challenge, evidence, request):
    for _ in range(MOST):
        nonce = challenge()
        status, body = request(nonce, evidence(nonce))
        if status != 503:
            break
    return body


@wrong("08.again", "", "Return the body as it came")
def the_svid_alone(challenge, evidence, request):
    for _ in range(MOST):
        nonce = challenge()
        status, body = request(nonce, evidence(nonce))
        if status != 503:
            return body["svid"] if status == 200 else None
    return None


@wrong("08.again", "", "made no attempt")
def nothing_at_all(challenge, evidence, request):
    evidence(challenge())
    return {"svid": "mine"}


@wrong("08.again", "", "no challenge of this service")
def a_challenge_of_ones_own(challenge, evidence, request):
    _status, body = request("my-challenge", evidence("my-challenge"))
    return body


@wrong("08.again", "", "You asked for 30 of these")
def hoards_challenges(challenge, evidence, request):
    while True:
        challenge()


@wrong("08.again", "", "you returned")
def claims_to_be_the_body(challenge, evidence, request):
    for _ in range(MOST):
        nonce = challenge()
        if request(nonce, evidence(nonce))[0] != 503:
            return Chameleon()
    return Chameleon()


def _by_recursion(challenge, evidence, request, left=MOST):
    nonce = challenge()
    status, body = request(nonce, evidence(nonce))
    if status == 503 and left > 1:
        return _by_recursion(challenge, evidence, request, left - 1)
    return body if status == 200 else None


right("08.again", "by-recursion", _by_recursion)


def _with_a_spare_challenge(challenge, evidence, request):
    for _ in range(MOST):
        challenge()
        nonce = challenge()
        status, body = request(nonce, evidence(nonce))
        if status != 503:
            return body if status == 200 else None
    return None


right("08.again", "with-a-spare-challenge", _with_a_spare_challenge)


def _with_a_copy_of_the_body(challenge, evidence, request):
    answer = _by_recursion(challenge, evidence, request)
    return answer and dict(sorted(answer.items()))


right("08.again", "with-a-copy-of-the-body", _with_a_copy_of_the_body)


def _right_leaf(leaf, trust_domain):
    if len(leaf.uris) != 1 or leaf.is_ca or leaf.signs_certificates or not leaf.signs_messages:
        raise ValueError("not a workload's leaf")
    name = SpiffeId.parse(leaf.uris[0])
    if name.trust_domain != trust_domain or not name.path:
        raise ValueError("not a workload of this domain")
    return str(name)


def _but(**changed):
    """The right rules for a leaf that looks better than it is."""

    class Seen:
        def __init__(self, leaf):
            self.leaf = leaf

        def __getattr__(self, name):
            return changed.get(name, getattr(self.leaf, name))

    return lambda leaf, domain: _right_leaf(Seen(leaf), domain)


@wrong("08.svid", "", "two names")
def the_first_of_two(leaf, trust_domain):
    for uri in leaf.uris[:1]:
        if uri.startswith(f"spiffe://{trust_domain}/"):
            return uri
    raise ValueError("no name")


@wrong("08.svid", "", "begins the same")
def starts_with(leaf, trust_domain):
    if len(leaf.uris) != 1 or not leaf.uris[0].startswith(f"spiffe://{trust_domain}"):
        raise ValueError("another domain")
    if leaf.is_ca or leaf.signs_certificates or not leaf.signs_messages:
        raise ValueError("not a leaf")
    if leaf.uris[0] == f"spiffe://{trust_domain}":
        raise ValueError("no path")
    return leaf.uris[0]


@wrong("08.svid", "", "Its name is .*/a/[.][.]/.*refused whole")
def starts_with_a_slash_more(leaf, trust_domain):
    (uri,) = leaf.uris
    if not uri.startswith(f"spiffe://{trust_domain}/") or uri.endswith("/"):
        raise ValueError("another domain")
    if leaf.is_ca or leaf.signs_certificates or not leaf.signs_messages:
        raise ValueError("not a leaf")
    return uri


def _by_urlsplit(host, path_is_fine):
    def by_urlsplit(leaf, trust_domain):
        (uri,) = leaf.uris
        parts = urlsplit(uri)
        if parts.scheme != "spiffe" or host(parts) != trust_domain or parts.query or parts.fragment:
            raise ValueError("another domain")
        if not path_is_fine(parts.path.split("/")[1:]):
            raise ValueError("its path")
        if leaf.is_ca or leaf.signs_certificates or not leaf.signs_messages:
            raise ValueError("not a leaf")
        return uri

    return by_urlsplit


for _name, _says, _host, _fine in (
    ("dots", "/a/[.][.]/", lambda parts: parts.netloc, lambda path: path and "" not in path),
    (
        "nothing-between",
        "test//",
        lambda parts: parts.netloc,
        lambda path: path and ".." not in path and path[-1],
    ),
    (
        "a-port-or-a-user",
        ":8443/",
        lambda parts: parts.hostname,
        lambda path: path and all(re.fullmatch(r"[\w-]+", one) for one in path),
    ),
):
    value(
        "08.svid",
        f"by-urlsplit-with-{_name}",
        f"Its name is .*{_says}.*refused whole",
        lambda _, host=_host, fine=_fine: _by_urlsplit(host, fine),
    )


@wrong("08.svid", "", "in another trust domain")
def somewhere_in_it(leaf, trust_domain):
    if len(leaf.uris) != 1 or f"/{trust_domain}/" not in leaf.uris[0]:
        raise ValueError("another domain")
    if not leaf.uris[0].startswith("spiffe://"):
        raise ValueError("no SPIFFE ID")
    if leaf.is_ca or leaf.signs_certificates or not leaf.signs_messages:
        raise ValueError("not a leaf")
    return leaf.uris[0]


value("08.svid", "an-authority", "sign any name", lambda lesson: _but(is_ca=False))
value(
    "08.svid", "a-signer-of-others", "could name anyone", lambda _: _but(signs_certificates=False)
)
value("08.svid", "no-signature", "handshake", lambda lesson: _but(signs_messages=True))


@wrong("08.svid", "", "no path")
def the_domain_itself(leaf, trust_domain):
    if len(leaf.uris) == 1 and leaf.uris[0] == f"spiffe://{trust_domain}":
        return leaf.uris[0]
    return _right_leaf(leaf, trust_domain)


@wrong("08.svid", "", "Nothing follows the slash")
def by_the_beginning(leaf, trust_domain):
    (uri,) = leaf.uris
    if uri == f"spiffe://{trust_domain}/":
        return uri
    return _right_leaf(leaf, trust_domain)


@wrong("08.svid", "", "web address")
def any_scheme(leaf, trust_domain):
    found = re.fullmatch(rf"(\w+)://{re.escape(trust_domain)}/.+", "".join(leaf.uris[:1]))
    if found and found[1] == "https":
        return leaf.uris[0]
    return _right_leaf(leaf, trust_domain)


@wrong("08.svid", "", "You refused it")
def refuses_all(leaf, trust_domain):
    raise ValueError("no")


@wrong("08.svid", "", "The name should be a string")
def a_verdict_and_no_name(leaf, trust_domain):
    return bool(_right_leaf(leaf, trust_domain))


@wrong("08.svid", "", "You accepted None")
def none_for_no(leaf, trust_domain):
    try:
        return _right_leaf(leaf, trust_domain)
    except Exception:
        return None


@wrong("08.svid", "", "The name is")
def the_path_alone(leaf, trust_domain):
    return SpiffeId.parse(_right_leaf(leaf, trust_domain)).path


@wrong("08.svid", "", "You accepted")
def claims_to_be_the_name(leaf, trust_domain):
    return ChameleonText("spiffe://")


@wrong("08.svid", "", "two names")
def the_only_spiffe_id(leaf, trust_domain):
    (uri,) = [one for one in leaf.uris if one.startswith("spiffe://")]
    return _right_leaf(SimpleNamespace(**{**_members(leaf), "uris": [uri]}), trust_domain)


@wrong("08.svid", "", "two names")
def the_same_twice(leaf, trust_domain):
    (uri,) = set(leaf.uris)
    return _right_leaf(SimpleNamespace(**{**_members(leaf), "uris": [uri]}), trust_domain)


def _members(leaf):
    names = ("is_ca", "signs_certificates", "signs_messages")
    return {name: getattr(leaf, name) for name in names}


def _by(pattern):
    def by_a_pattern(leaf, trust_domain):
        (uri,) = leaf.uris
        if not re.fullmatch(pattern.format(trust_domain, re.escape(trust_domain)), uri):
            raise ValueError(uri)
        if (leaf.is_ca, leaf.signs_certificates, leaf.signs_messages) != (False, False, True):
            raise ValueError("its powers")
        return uri

    return by_a_pattern


for _name, _says, _pattern in (
    ("any-dot", "a dot stands for any character", r"spiffe://{0}(/(?!\.\.?(/|$))[A-Za-z0-9._-]+)+"),
    ("dots-with-a-slash", "/[.][.]`.*refused whole", r"spiffe://{1}(/(?!\.\.?/)[A-Za-z0-9._-]+)+"),
    ("one-dot", "/[.]/.*refused whole", r"spiffe://{1}(/(?!\.\.(/|$))[A-Za-z0-9._-]+)+"),
    ("a-colon", ":a`.*letters, digits", r"spiffe://{1}(/(?!\.\.?(/|$))[A-Za-z0-9._:-]+)+"),
    ("a-tilde", "/~.*letters, digits", r"spiffe://{1}(/(?!\.\.?(/|$))[A-Za-z0-9._~-]+)+"),
    ("any-case", "[A-Z]{{5}}.*lower case", r"spiffe://(?i:{1})(/(?!\.\.?(/|$))[A-Za-z0-9._-]+)+"),
    ("any-scheme", "SPIFFE://.*lower case", r"(?i:spiffe)://{1}(/(?!\.\.?(/|$))[A-Za-z0-9._-]+)+"),
):
    value("08.svid", f"by-{_name}", _says.format(), lambda _, pattern=_pattern: _by(pattern))


def _by_a_pattern(leaf, trust_domain):
    (uri,) = leaf.uris
    if not re.fullmatch(rf"spiffe://{re.escape(trust_domain)}(/(?!\.\.?(/|$))[\w.-]+)+", uri):
        raise ValueError(uri)
    if (leaf.is_ca, leaf.signs_certificates, leaf.signs_messages) != (False, False, True):
        raise ValueError("its powers")
    return uri


right("08.svid", "by-a-pattern", _by_a_pattern)


def _by_its_parts(leaf, trust_domain):
    if len(leaf.uris) != 1:
        raise ValueError("names")
    scheme, _, domain, *path = leaf.uris[0].split("/")
    allowed = set("-_." + ascii_letters + digits)
    if scheme != "spiffe:" or domain != trust_domain or not path or {"", ".", ".."} & {*path}:
        raise ValueError("name")
    if not allowed.issuperset("".join(path)):
        raise ValueError("name")
    if leaf.is_ca or leaf.signs_certificates or not leaf.signs_messages:
        raise ValueError("powers")
    return leaf.uris[0]


right("08.svid", "by-its-parts", _by_its_parts)


def _with_the_librarys_errors(leaf, trust_domain):
    from dialtone_kit.spiffe import BadSpiffeId

    try:
        return _right_leaf(leaf, trust_domain)
    except ValueError as problem:
        raise BadSpiffeId("mine", str(problem)) from None


right("08.svid", "with-the-librarys-errors", _with_the_librarys_errors)


def _named(claims):
    aud = claims.get("aud", [])
    return [aud] if isinstance(aud, str) else aud


@wrong("08.audience", "M24", "only contains your name")
def a_substring(claims, me, now):
    return any(me in one for one in _named(claims)) and claims.get("exp", 0) > now


@wrong("08.audience", "M24", "only contains your name")
def me_in_the_string(claims, me, now):
    return me in claims.get("aud", []) and claims.get("exp", 0) > now


@wrong("08.audience", "M24", "for nobody is not for you")
def nobody_is_everybody(claims, me, now):
    return me in (_named(claims) or [me]) and claims.get("exp", 0) > now


@wrong("08.audience", "M24", "for nobody is not for you")
def missing_is_fine(claims, me, now):
    if "aud" not in claims:
        return True
    return me in _named(claims) and claims.get("exp", 0) > now


@wrong("08.audience", "", "ended [0-9]+ minutes ago")
def never_mind_the_end(claims, me, now):
    return me in _named(claims)


@wrong("08.audience", "", "ended [0-9]+ minutes ago")
def ten_minutes_more(claims, me, now):
    return me in _named(claims) and claims.get("exp", 0) + 600 > now


def _one_minute_more(claims, me, now):
    return me in _named(claims) and claims.get("exp", -60) + 60 > now


right("08.audience", "one-minute-more", _one_minute_more)


@wrong("08.audience", "", "no `exp`")
def endless_is_fine(claims, me, now):
    return me in _named(claims) and claims.get("exp", now + 1) > now


@wrong("08.audience", "M24", "may be a string or a list")
def lists_only(claims, me, now):
    aud = claims.get("aud")
    return isinstance(aud, list) and me in aud and claims.get("exp", 0) > now


@wrong("08.audience", "M24", "may be a string or a list")
def strings_only(claims, me, now):
    return claims.get("aud") == me and claims.get("exp", 0) > now


@wrong("08.audience", "M24", "may be a string or a list")
def the_only_name(claims, me, now):
    return _named(claims) == [me] and claims.get("exp", 0) > now


@wrong("08.audience", "M24", "capitals make another")
def case_does_not_matter(claims, me, now):
    return me.lower() in [o.lower() for o in _named(claims)] and claims.get("exp", 0) > now


@wrong("08.audience", "M24", "only contains your name")
def in_quotes(claims, me, now):
    return repr(me) in repr(claims.get("aud")) and claims.get("exp", 0) > now


@wrong("08.audience", "M24", "slash more")
def slashes_do_not_matter(claims, me, now):
    return me in [one.rstrip("/") for one in _named(claims)] and claims.get("exp", 0) > now


@wrong("08.audience", "", r"raised KeyError: .aud.\. It got \{.sub.: .spiffe:")
def both_must_be_there(claims, me, now):
    aud = claims["aud"]
    return me in ([aud] if isinstance(aud, str) else aud) and claims["exp"] > now


@wrong("08.audience", "", "Return True or False")
def claims_to_be_either(claims, me, now):
    return Chameleon()


def _by_a_set(claims, me, now):
    aud = claims.get("aud") or ()
    return {me} <= set((aud,) if isinstance(aud, str) else aud) and now < claims.get("exp", -1)


right("08.audience", "by-a-set", _by_a_set)


def _by_exceptions(claims, me, now):
    try:
        aud = claims["aud"]
        return (aud == me if isinstance(aud, str) else aud.count(me) > 0) and claims["exp"] > now
    except KeyError:
        return False


right("08.audience", "by-exceptions", _by_exceptions)


def _by_a_loop(claims, me, now):
    ends = claims.get("exp")
    if ends is None or now >= ends:
        return False
    return any(one == me for one in _named(claims))


right("08.audience", "by-a-loop", _by_a_loop)

PROVED = "08.not-proved"


def _proved(lesson):
    drawn = lesson.material(PROVED)
    return {letter for letter, text in drawn.items() if text in TRUE}


def _not_proved(lesson):
    return sorted(set(lesson.material(PROVED)) - _proved(lesson))


def _with_one_more(place):
    return lambda lesson: _proved(lesson) | {_not_proved(lesson)[place]}


ISNT = "isn't proved"
for _place in range(4):
    value(PROVED, f"one-too-many-{_place}", ISNT, _with_one_more(_place))
value(PROVED, "all", ISNT, lambda lesson: {one for one, _ in lesson.material(PROVED).items()})
value(PROVED, "none", "Two of them are proved", lambda lesson: set() & set(_proved(lesson)))
value(PROVED, "one-alone", "one more is", lambda lesson: sorted(_proved(lesson))[:1])
value(PROVED, "no-letter", "none of the letters", lambda lesson: {"Z"})
value(PROVED, "a-number", "Give the letters", lambda lesson: 2)
value(PROVED, "claims-to-be-all", "Give the letters", lambda lesson: Chameleon())
right(PROVED, "as-a-list", FromLesson(lambda lesson: sorted(_proved(lesson))))
right(PROVED, "as-text", FromLesson(lambda lesson: "".join(_proved(lesson))))
right(PROVED, "as-text-with-commas", FromLesson(lambda lesson: ", ".join(_proved(lesson))))
