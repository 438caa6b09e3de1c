"""Wrong answers to the exercises of lesson 11, and unusual right ones."""

from __future__ import annotations

import time

from dialtone_kit import ProofRefused, Request, SeenProofs, TokenRefused, check_proof, verify_token
from dialtone_kit.attacks.bag import owner
from dialtone_kit.attacks.calls import Target
from dialtone_kit.lesson.content.lesson_11.naive import hole_of, make_listing
from dialtone_kit.lesson.content.lesson_11.spots import SPOTS
from dialtone_kit.lesson.content.lesson_11.words import OPEN
from dialtone_kit.rules import RULES
from tests.support.wrong_answers import Chameleon, ChameleonText, right, value, wrong
from tests.support.wrong_answers.lesson_03 import FromLesson

# --- 11.rooms ---

ROOMS = "11.rooms"
PIECES = {2: "P1", 5: "P3", 6: "P4", 9: "P6"}
RULE_OF = {2: "jti_is_new", 5: "htu_matches", 6: "ath_matches", 9: "typ_is_dpop"}


def _newest(response):
    return response.json()["notes"][0]["text"]


def _flag(lesson, number):
    room = lesson.room(number)
    return _newest(room.call(room.bag.T, getattr(room.bag, PIECES[number])))


def _found(lesson, **changes):
    """The right answer, but for the rooms in `changes`: `_6` is room 6."""
    found = {number: (rule, _flag(lesson, number)) for number, rule in RULE_OF.items()}
    return found | {int(name[1:]): pair for name, pair in changes.items()}


def _inside(lesson, number):
    """The flag by a way that needs no hole: someone has the agent's key after all."""
    room = lesson.room(number)
    victim, target = owner(room.bag), Target("GET", room.notes)
    return _newest(room.call(victim.token(), victim.proof(target)))


value(
    ROOMS,
    "wrong-rule",
    "Room 6: without `htm_matches`, P2 would open it",
    lambda lesson: _found(lesson, _6=("htm_matches", _flag(lesson, 6))),
)
value(
    ROOMS,
    "flag-of-another-room",
    "Room 6: that flag is from room 5",
    lambda lesson: _found(lesson, _6=("ath_matches", _flag(lesson, 5))),
)
value(
    ROOMS,
    "right-rules-and-no-flags",
    "Room 2: naming a rule proves nothing yet",
    lambda lesson: {number: (rule, ...) for number, rule in RULE_OF.items()},
)
value(
    ROOMS,
    "an-empty-flag",
    "naming a rule proves nothing yet",
    lambda lesson: _found(lesson, _5=("htu_matches", "")),
)
value(
    ROOMS,
    "made-up-flag",
    "Room 9: no room has the flag",
    lambda lesson: _found(lesson, _9=("typ_is_dpop", "flag-000000000000")),
)
value(
    ROOMS,
    "flag-without-a-rule",
    "Room 9: the flag is right. But the rule that is off isn't",
    lambda lesson: _found(lesson, _9=("signature", _flag(lesson, 9))),
)
value(
    ROOMS,
    "two-of-four",
    "Right so far. Still to do: room 6, 9",
    lambda lesson: _found(lesson, _6=(..., ...), _9=(..., ...)),
)
value(
    ROOMS,
    "a-room-without-a-flag",
    "No room 10 has a flag",
    lambda lesson: _found(lesson, _10=("one_header", "flag")),
)
value(ROOMS, "no-such-room", "No room 99", lambda lesson: {99: ("ath_matches", "flag")})
value(ROOMS, "flags-alone", "give two things", lambda lesson: {2: _flag(lesson, 2)})
value(ROOMS, "a-list", "Give a dict", lambda lesson: list(RULE_OF.values()))
value(
    ROOMS,
    "claims-to-be-the-flag",
    "no room has the flag",
    lambda lesson: _found(lesson, _2=("jti_is_new", ChameleonText("flag-0"))),
)
value(
    ROOMS,
    "by-the-front-door",
    "Room 4: nicely found; now by the rule",
    lambda lesson: _found(lesson, _4=("htm_matches", _inside(lesson, 4))),
)
right(
    ROOMS,
    "lists-and-backticks",
    FromLesson(
        lambda lesson: {n: [f"`{rule}`", flag] for n, (rule, flag) in _found(lesson).items()}
    ),
)
right(
    ROOMS,
    "rules-as-functions",
    FromLesson(
        lambda lesson: {
            n: (next(one for one in RULES if one.__name__ == rule), flag)
            for n, (rule, flag) in _found(lesson).items()
        }
    ),
)
right(
    ROOMS,
    "one-room-more",
    FromLesson(
        lambda lesson: _found(
            lesson,
            _7=(
                "iat_is_fresh",
                _newest(lesson.room(7).call(lesson.room(7).bag.T, lesson.room(7).bag.P5)),
            ),
        )
    ),
)

# --- 11.find ---

FIND = "11.find"


def _hole(lesson):
    return hole_of(lesson.material(FIND))


def _line_with(lesson, wanted):
    """The number of the first line for which `wanted(line)` holds."""
    lines = lesson.material(FIND).lines
    return next(n for n, line in enumerate(lines, 1) if wanted(line.strip()))


def _right_check(line):
    return any(line in spot.right for spot in SPOTS.values())


def _at(wanted):
    return lambda lesson: (_line_with(lesson, wanted), _hole(lesson)[1])


LINES = "Line \\d+ (is right|is a comment|is empty|imports)"
for _step in (-1, 1):
    value(
        FIND,
        f"the-neighbour-at-{_step}",
        LINES,
        lambda lesson, step=_step: (_hole(lesson)[0] + step, _hole(lesson)[1]),
    )
value(FIND, "the-comment", "is a comment. It stops no one", _at(lambda line: line[:1] == "#"))
value(FIND, "the-import", "imports what other lines use", _at(lambda line: line[:6] == "import"))
value(FIND, "an-empty-line", "is empty", _at(lambda line: not line))
value(FIND, "a-right-check", "is right: it", _at(_right_check))
value(FIND, "a-helper", "It's a part of `need`", _at(lambda line: line.startswith("raise")))
value(FIND, "a-constant", "sets what other lines", _at(lambda line: line.startswith("WINDOW")))
value(FIND, "another-rule", "holds here", lambda lesson: (_hole(lesson)[0], "alg_is_listed"))
value(FIND, "no-rule", "the name of no rule", lambda lesson: (_hole(lesson)[0], "the 3rd one"))
value(FIND, "the-line-alone", "Give two things", lambda lesson: _hole(lesson)[0])
value(FIND, "the-rule-alone", "Give two things", lambda lesson: _hole(lesson)[1])
value(FIND, "beyond-the-end", "lines 1 to", lambda lesson: (999, "aud"))
value(FIND, "the-text", "There is no line", lambda lesson: ("need(sent)", "one_header"))
value(FIND, "claims-to-be-a-rule", "no rule", lambda lesson: (_hole(lesson)[0], ChameleonText("x")))
value(FIND, "claims-to-be-a-line", "There is no line", lambda lesson: (Chameleon(), "aud"))
right(FIND, "as-a-list", FromLesson(lambda lesson: list(_hole(lesson))))
right(FIND, "as-a-dict", FromLesson(lambda lesson: dict([_hole(lesson)])))
right(
    FIND,
    "as-text",
    FromLesson(lambda lesson: (str(_hole(lesson)[0]), f" `{_hole(lesson)[1]}` ")),
)

# --- 11.fix: each mistake is a source, since the hole of the lesson's own listing is drawn ---

FIX = "11.fix"
MEMORY = 'need(api.first_use(thumbprint(jwk), proof["jti"]), "a new proof")'
END = "    return told\n"


def _mended(hole="aud", memory=MEMORY, keep=False):
    """A verifier with `memory` in its last lines; its hole is mended unless it is to be kept."""
    listing = make_listing(hole)
    source = str(listing) if keep else listing.replace(SPOTS[hole].hole, SPOTS[hole].right[0])
    head = source[: source.rindex(END)]
    return f"{head}    {memory}\n{END}" if memory else f"{head}{END}"


def _changed(old, new, **how):
    source = _mended(**how)
    assert old in source, old
    return source.replace(old, new)


def _fix(name, says, make, code=""):
    value(FIX, name, says, lambda lesson: make(), code)


_fix("lets-the-memory-out", "Attack 2 still works", lambda: _mended(memory=""), "M01")
_fix(
    "asks-and-does-not-listen",
    "Attack 2 still works",
    lambda: _mended(memory='api.first_use(thumbprint(jwk), proof["jti"])'),
    "M01",
)
_fix("leaves-the-line", "Attack 6 still works", lambda: _mended("ath_matches", keep=True), "M05")
_fix("checks-bearer-too-late", "Attack 13 still", lambda: _mended("scheme", keep=True), "M08")
_fix("any-audience", "Attack 14 still works", lambda: _mended(keep=True), "M29")
_fix(
    "jti-before-the-signature",
    "A proof with an invented signature was turned away, as it has to be",
    lambda: _changed(
        '    key = jwt.PyJWK(jwk, header["alg"])\n',
        '    claims = jwt.decode(sent[0], options={"verify_signature": False})\n'
        '    need(api_now.first_use(thumbprint(jwk), claims["jti"]), "a new proof")\n'
        '    key = jwt.PyJWK(jwk, header["alg"])\n',
        memory="",
    ).replace(
        "    jwk, proof = proof_of(",
        "    global api_now; api_now = api\n    jwk, proof = proof_of(",
    ),
)
_fix(
    "jti-before-the-method",
    "A proof sent with another method was turned away, as it has to be",
    lambda: _changed(
        "    jwk, proof = proof_of(fields)\n",
        f"    jwk, proof = proof_of(fields)\n    {MEMORY}\n",
        memory="",
    ),
)
_fix(
    "a-clock-to-the-second",
    "A good call was turned away: .*a clock that is 4 s fast",
    lambda: _mended().replace("WINDOW = 60", "WINDOW = 2"),
)
_fix(
    "htu-letter-by-letter",
    "A good call was turned away: (scheme and host|a query)",
    lambda: _mended("htu_matches").replace(
        SPOTS["htu_matches"].right[0], 'need(proof["htu"] == api.url, "this URL")'
    ),
)
_fix(
    "scheme-by-case",
    "A good call was turned away: the scheme written dpop",
    lambda: _changed("return scheme.lower(), token", "return scheme, token").replace(
        'scheme == "dpop"', 'scheme == "DPoP"'
    ),
)
_fix(
    "one-proof-a-key",
    "A good call was turned away",
    lambda: _mended(memory='need(api.first_use(thumbprint(jwk), ""), "a new proof")'),
)
_fix(
    "tries-until-it-is-new",
    "Look for a loop",
    lambda: _mended(memory='while api.first_use(thumbprint(jwk), proof["jti"]) or True: pass'),
)
_fix("says-yes", "return the claims", lambda: _changed(END, "    return True\n"))
_fix("no-function-left", "no function `verify`", lambda: _mended().replace("def verify", "def v"))
_fix("does-not-compile", "Python can't read", lambda: _mended(memory="need(api.first_use("))
_fix("raises-when-loaded", "can't be loaded", lambda: "import nothing_of_this_name\n")
_fix("line-99", "lines 1 to", lambda: {999: MEMORY})
_fix("a-line-that-is-none", "as a string", lambda: {12: 12})
_fix("a-number", "Give the lines that you change", lambda: 42)

# Mends of the drawn line that still look at less than they should: hole, line, what gets in.
HALF_MENDED = {
    "htu-host-alone": (
        "htu_matches",
        'need(urlsplit(api.plain(proof["htu"])).netloc == urlsplit(api.url).netloc, "u")',
        "Attack 5 .*another path of the same host",
        "M03",
    ),
    "htu-as-a-prefix": (
        "htu_matches",
        'need(api.plain(proof["htu"]).startswith(api.plain(api.url)), "u")',
        "Attack 5 .*only begins like yours",
        "M03",
    ),
    "htu-with-it-inside": (
        "htu_matches",
        'need(api.plain(proof["htu"]).endswith(api.plain(api.url)), "u")',
        "Attack 5 .*your whole URL in its path",
        "M03",
    ),
    "htu-and-any-slash": (
        "htu_matches",
        'need(api.plain(proof["htu"]).rstrip("/") == api.plain(api.url).rstrip("/"), "u")',
        "Attack 5 .*final slash",
        "M03",
    ),
    "htu-in-any-case": (
        "htu_matches",
        'need(proof["htu"].lower() == api.plain(api.url).lower(), "u")',
        "escaped letter|Attack 5 .*in capitals",
        "",
    ),
    "htu-plain-in-any-case": (
        "htu_matches",
        'need(api.plain(proof["htu"]).lower() == api.plain(api.url).lower(), "u")',
        "Attack 5 .*in capitals",
        "M03",
    ),
    "htu-without-the-scheme": (
        "htu_matches",
        'need(urlsplit(api.plain(proof["htu"]))[1:3] == urlsplit(api.url)[1:3], "u")',
        "Attack 5 .*the other scheme",
        "M03",
    ),
    "htu-if-there": (
        "htu_matches",
        'need(api.plain(proof.get("htu", api.url)) == api.plain(api.url), "u")',
        "Attack 5 .*names no URL",
        "M03",
    ),
    "htm-if-there": (
        "htm_matches",
        'need(proof.get("htm", method) == method, "m")',
        "Attack 4 .*names no method",
        "",
    ),
    "any-typ-but-jwt": (
        "typ_is_dpop",
        'need(header["typ"] != "JWT", "t")',
        "Attack 9 .*at[+]jwt",
        "",
    ),
    "any-plus-jwt": (
        "typ_is_dpop",
        'need(header["typ"].endswith("+jwt"), "t")',
        "Attack 9 .*at[+]jwt",
        "",
    ),
    "aud-as-a-substring": (
        "aud",
        'need(api.url in (claims.get("aud") or ""), "a")',
        "Attack 14 .*only begins like yours",
        "M29",
    ),
    "aud-as-a-prefix": (
        "aud",
        'need(any(one.startswith(api.url) for one in listed(claims.get("aud"))), "a")',
        "Attack 14 .*only begins like yours",
        "M29",
    ),
    "aud-one-alone": (
        "aud",
        'need(api.url == claims.get("aud"), "a")',
        "good call was turned away: a token for two APIs",
        "",
    ),
    "aud-nobody-else": (
        "aud",
        'need({*listed(claims.get("aud"))} == {api.url}, "a")',
        "good call was turned away: a token for two APIs",
        "",
    ),
    "aud-as-a-beginning": (
        "aud",
        'need(any(api.url.startswith(one) for one in listed(claims.get("aud"))), "a")',
        "Attack 14 .*is the beginning of yours",
        "M29",
    ),
    "aud-and-any-slash": (
        "aud",
        'need(api.url in [one.rstrip("/") for one in listed(claims.get("aud"))], "a")',
        "Attack 14 .*yours and a slash",
        "M29",
    ),
    "aud-if-there": (
        "aud",
        'need(not claims.get("aud") or api.url in listed(claims["aud"]), "a")',
        "Attack 14 .*names no API at all",
        "M29",
    ),
    "half-an-hour": (
        "iat_is_fresh",
        'need(abs(api.now() - proof["iat"]) <= 1700, "i")',
        "Attack 7 .*minutes old",
        "M06",
    ),
    "longer-than-the-memory": (
        "iat_is_fresh",
        'need(abs(api.now() - proof["iat"]) <= 4 * WINDOW, "i")',
        "Attack 7 .*minutes old",
        "M06",
    ),
    "iat-if-there": (
        "iat_is_fresh",
        'need(abs(api.now() - proof.get("iat", api.now())) <= WINDOW, "i")',
        "Attack 7 .*says no time",
        "M06",
    ),
    "cnf-if-there": (
        "key_is_bound",
        'need(told.get("cnf", {}).get("jkt", thumbprint(jwk)) == thumbprint(jwk), "k")',
        "Attack 1 .*bound to no key",
        "",
    ),
    "half-of-ath": (
        "ath_matches",
        'need(proof["ath"].startswith(hash_of(token)[:8]), "h")',
        "Attack 6 .*only begins like its hash",
        "M05",
    ),
}
for _name, (_hole_of_it, _line, _says, _code) in HALF_MENDED.items():
    _fix(
        _name,
        _says,
        lambda hole=_hole_of_it, line=_line: _mended(hole).replace(SPOTS[hole].right[0], line),
        _code,
    )
for _name, _memory, _says in (
    ("remembers-header-fields", "hash_of(str(fields))", "with one more header field"),
    (
        "remembers-the-proof",
        '{name.lower(): text for name, text in fields}["dpop"]',
        "the other good signature",
    ),
    ("jti-if-there", 'proof.get("jti", str(api.now()))', "no `jti` to remember"),
):
    _fix(
        _name,
        f"Attack 2 still works.*{_says}",
        lambda what=_memory: _mended(
            memory=f'need(api.first_use(thumbprint(jwk), {what}), "a new proof")'
        ),
        "M01",
    )
for _name, _rules, _says, _code in (
    ("token-not-verified", '"verify_signature": False', "Attack 24 .*key in its `cnf`", "M20"),
    ("token-of-any-age", '"verify_exp": False', "Attack 25", ""),
):
    _fix(
        _name,
        _says,
        lambda rules=_rules: _changed('"require": ["exp"]}', f'"require": ["exp"], {rules}}}'),
        _code,
    )
_fix(
    "any-issuer",
    "Attack 24 .*of another issuer",
    lambda: _changed(", issuer=api.issuer", ""),
    "M20",
)


@wrong(FIX, "", "A good call was turned away: a call")
def blocks_all(method, fields, api):
    raise PermissionError("no")


@wrong(FIX, "", "your verifier returned None|Your verifier returned None")
def lets_all_in(method, fields, api):
    api.now()


def _by_the_kit():
    seen = SeenProofs()

    def verify(method, fields, api):
        """The kit's own rules, with a memory of its own."""
        sent = [text for name, text in fields if name.lower() == "authorization"]
        scheme, _, token = sent[0].partition(" ")
        keys = {"keys": [_jwk(kid, key) for kid, key in api.keys.items()]}
        try:
            claims = verify_token(token, keys, api.issuer, now=time.time(), audience=api.url)
            known = {"access_token": token, "bound_to": claims["cnf"]["jkt"]}
            request = Request(method, api.url, time.time(), first_use=seen.first_use, **known)
            check_proof([text for name, text in fields if name.lower() == "dpop"], request)
        except (ProofRefused, TokenRefused) as problem:
            raise PermissionError(str(problem)) from None
        if scheme.lower() != "dpop":
            raise PermissionError(scheme)
        return claims

    return verify


def _jwk(kid, key):
    return key.Algorithm.to_jwk(key.key, as_dict=True) | {"kid": kid}


def _by_changes(lesson):
    number, rule = _hole(lesson)
    last = len(lesson.material(FIND).lines)
    return {number: SPOTS[rule].right[1], last: f"{MEMORY}\nreturn told"}


def _memory_of_its_own():
    pair = '(jwk["x"], proof["jti"])'
    memory = f'need({pair} not in used, "a new proof")\n    used.add({pair})'
    return f"used = set()\n{_mended(memory=memory)}"


right(FIX, "by-changes", FromLesson(_by_changes))
right(FIX, "as-a-source", FromLesson(lambda lesson: _mended("typ_is_dpop")))
right(FIX, "by-the-kit", FromLesson(lambda lesson: _by_the_kit()))
# RFC 9449 §11.1 remembers a `jti` "in the context of the target URI": by the key, too, is stricter.
right(
    FIX,
    "jti-without-its-key",
    FromLesson(
        lambda lesson: _mended(memory='need(api.first_use("", proof["jti"]), "a new proof")')
    ),
)
right(FIX, "a-memory-of-its-own", FromLesson(lambda lesson: _memory_of_its_own()))

# --- 11.words ---

WORDS = "11.words"
BODY = next(iter(OPEN))


def _open_letters(lesson):
    """Those that get through, in the order of the list."""
    drawn = {text: letter for letter, text in lesson.material(WORDS).items()}
    return [drawn[text] for text in OPEN if text in drawn]


def _with_the_body(lesson):
    while BODY not in lesson.material(WORDS).values():
        lesson.reset_exercise(WORDS)


def _without_the_body(lesson):
    _with_the_body(lesson)
    return set(_open_letters(lesson)[1:])


def _none_of_them(lesson):
    _with_the_body(lesson)
    return set()


def _one_too_many(place):
    def answer(lesson):
        letters = _open_letters(lesson)
        return {*letters, sorted(set(lesson.material(WORDS)) - set(letters))[place]}

    return answer


STOPPED = "is stopped by `"
for _place in range(3):
    value(WORDS, f"one-too-many-{_place}", STOPPED, _one_too_many(_place))
value(WORDS, "all", STOPPED, lambda lesson: {one for one, _ in lesson.material(WORDS).items()})
value(WORDS, "body-is-covered", "the answer was 201", _without_the_body, "M22")
value(WORDS, "none", "3 more get through", _none_of_them, "M22")
value(WORDS, "all-but-the-last", "One more gets", lambda lesson: set(_open_letters(lesson)[:-1]))
value(WORDS, "no-letter", "none of the letters", lambda lesson: {"Z"})
value(WORDS, "a-number", "Give the letters", lambda lesson: 3)
value(WORDS, "claims-to-be-all", "Give the letters", lambda lesson: Chameleon())
right(WORDS, "as-a-list", FromLesson(_open_letters))
right(WORDS, "as-text", FromLesson(lambda lesson: "".join(_open_letters(lesson))))
right(WORDS, "with-commas", FromLesson(lambda lesson: ", ".join(_open_letters(lesson))))
