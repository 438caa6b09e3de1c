"""A verifier of some sixty lines with one hole, drawn for each learner: 11.find and 11.fix.

Order and wording are drawn, too, so neither a number nor a comparison of two verifiers helps.
"""

from __future__ import annotations

import random
import re
import secrets
from collections.abc import Mapping

from dialtone_kit.base.display import BORDER, CODE, FAINT, INK, PAPER, WIDTH
from dialtone_kit.base.masking import escaped
from dialtone_kit.lesson.content.lesson_11.spots import SPOTS
from dialtone_kit.lesson.exercises.asking import show

_HEAD = """\
import base64
import hashlib
import json
from urllib.parse import urlsplit

import jwt  # PyJWT, as in the demo

ALGORITHMS = ["ES256", "ES384", "EdDSA"]
WINDOW = 60  # seconds
PRIVATE = {"d", "p", "q", "dp", "dq", "qi", "k"}
@signature_verifies"""
_HELPERS = (
    """\
def need(condition, what):
    if not condition:
        raise PermissionError(what)""",
    """\
def hash_of(text):
    digest = hashlib.sha256(text.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()""",
    """\
def listed(names):
    return names if isinstance(names, list) else [names] if names else []""",
    """\
def thumbprint(jwk):
    members = {name: jwk[name] for name in ("crv", "kty", "x", "y") if name in jwk}
    return hash_of(json.dumps(members, sort_keys=True, separators=(",", ":")))""",
    """\
def token_of(fields, api):
    sent = [value for name, value in fields if name.lower() == "authorization"]
    need(len(sent) == 1, "one token")
    scheme, _, token = sent[0].partition(" ")
    key = api.keys[jwt.get_unverified_header(token)["kid"]]
    rules = {"verify_aud": False, "require": ["exp"]}
    claims = jwt.decode(token, key, ALGORITHMS, rules, issuer=api.issuer)
    @aud
    return scheme.lower(), token, claims""",
    """\
def proof_of(fields):
    sent = [value for name, value in fields if name.lower() == "dpop"]
    @one_header
    header = jwt.get_unverified_header(sent[0])
    jwk = header["jwk"]
    @@
    key = jwt.PyJWK(jwk, header["alg"])
    return jwk, jwt.decode(sent[0], key, ALGORITHMS, LOOSE)""",
)
_VERIFY = """\
def verify(method, fields, api):
    scheme, token, told = token_of(fields, api)
    if scheme == "bearer":
        @scheme
        return told
    need(scheme == "dpop", "a scheme of ours")
    jwk, proof = proof_of(fields)
    @@
    return told"""
# What stands where @@ is, in random order.
_OF_THE_HEADER = (
    "@typ_is_dpop",
    "@jwk_is_public",
    'need(header["alg"] in ALGORITHMS, "an algorithm of ours")',
)
_OF_THE_CLAIMS = ("@htm_matches", "@htu_matches", "@iat_is_fresh", "@ath_matches", "@key_is_bound")
_COMMENTS = (
    "# Any exception is a 401 for the caller.",
    "# What the caller says about itself counts only once it is verified.",
    "# In a header field, the name can be written in any case.",
    "# RFC 9449 §4.3 has the checks in its own order.",
)
_DOES = {
    "need": "raises the PermissionError that becomes a 401",
    "hash_of": "computes a SHA-256 in base64url, for `ath` and for thumbprints",
    "listed": "makes a list of one audience or several",
    "thumbprint": "computes a thumbprint as RFC 7638 has it",
    "token_of": "reads the token, and verifies it with the issuer's keys",
    "proof_of": "reads the proof, and verifies it with the key in its header",
    "verify": "asks for token and proof, and compares the two with the request",
}


class Listing(str):
    """The source of a verifier. In a notebook, it shows itself with the numbers of its lines."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "\n".join(f"{n:3}  {line}".rstrip() for n, line in enumerate(self.lines, 1))

    @property
    def lines(self) -> list[str]:
        """Its lines, the first of which is number 1."""
        return self.splitlines()

    def _repr_html_(self) -> str:
        rows = "\n".join(
            f'<span style="color: {FAINT}; user-select: none">{n:3}  </span>{escaped(line)}'
            for n, line in enumerate(self.lines, 1)
        )
        style = f"{CODE}; {WIDTH}; margin: 0; padding: 8px 12px; overflow-x: auto"
        look = f"border: {BORDER}; border-radius: 8px; background: {PAPER}; color: {INK}"
        return f'<pre style="{style}; {look}">{rows}</pre>'


def make_listing(hole: str | None = None) -> Listing:
    """A verifier with one hole, by default any; it has no memory for used proofs either."""
    drawn = hole or secrets.choice(sorted(SPOTS))
    lines = {
        rule: spot.hole if rule == drawn else secrets.choice(spot.right)
        for rule, spot in SPOTS.items()
    }
    return _assembled(lines)


def _assembled(lines: Mapping[str, str]) -> Listing:
    helpers = [_filled(part, _OF_THE_HEADER) for part in _HELPERS]
    random.shuffle(helpers)
    text = "\n\n".join([_HEAD, *helpers, _filled(_VERIFY, _OF_THE_CLAIMS)])
    text = re.sub(r"@(\w+)", lambda spot: lines[spot[1]], text)
    return Listing(_with_comments(text))


def _filled(part: str, rows: tuple[str, ...]) -> str:
    return part.replace("@@", "\n    ".join(random.sample(rows, len(rows))))


def _with_comments(text: str) -> str:
    """Three comments above lines of functions: they move the numbers, and say nothing of holes."""
    lines = text.splitlines()
    inside = [n for n, line in enumerate(lines) if line.startswith("    ") and n > 12]
    places = random.sample(inside, 3)
    for place, comment in zip(
        sorted(places, reverse=True), random.sample(_COMMENTS, 3), strict=True
    ):
        indent = lines[place][: len(lines[place]) - len(lines[place].lstrip())]
        lines.insert(place, indent + comment)
    return "\n".join(lines) + "\n"


def hole_of(listing: Listing) -> tuple[int, str]:
    """The number of the line that is wrong, and the rule it breaks: found in the text itself."""
    holes = {spot.hole: rule for rule, spot in SPOTS.items()}
    for number, line in enumerate(listing.lines, 1):
        if line.strip() in holes:
            return number, holes[line.strip()]
    raise ValueError("this verifier has no hole")


def what_stands(listing: Listing, number: int) -> str:
    """A sentence about a line that is not the hole."""
    line = listing.lines[number - 1].strip()
    for spot in SPOTS.values():
        if line in spot.right:
            return f"Line {number} is right: it {spot.does}."
    if not line:
        return f"Line {number} is empty."
    if line.startswith("#"):
        return f"Line {number} is a comment. It stops no one, and lets no one in."
    if line.startswith(("import", "from")):
        return f"Line {number} imports what other lines use, and decides nothing."
    function = _function_at(listing, number)
    if not function:
        return f"Line {number} is right: it sets what other lines compare with."
    return f"Line {number} is right. It's a part of `{function}`, which {_DOES[function]}."


def _function_at(listing: Listing, number: int) -> str:
    """The name of the function that line `number` is a part of, or nothing."""
    for line in reversed(listing.lines[:number]):
        if line.startswith("def "):
            return line[4:].partition("(")[0]
    return ""


def rule_name(rule: object) -> str:
    """A rule as learners give it: by its name, or the function itself."""
    name = rule if isinstance(rule, str) else getattr(rule, "__name__", show(rule))
    return str.__str__(name).strip(" `")
