"""The calls that a sound verifier lets in, each with the section that says so."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from dialtone_kit.attacks.calls import Call, NotTried, Target
from dialtone_kit.attacks.victim import Victim
from dialtone_kit.keys import ProofKey

FEW = 4  # seconds
_LETTERS = re.compile(r"%[0-9A-Fa-f]{2}|([A-Za-z])")  # an escape is no letter
_PORTS = {"http": 80, "https": 443}


Make = Callable[[Victim, Target], Call]


@dataclass(frozen=True)
class Good:
    """Calls that all pass a sound verifier. `advised`: the RFC only recommends that they do.

    Each is made right before it is sent, since a nonce may be good for one proof only.
    """

    name: str
    section: str
    makes: tuple[Make, ...]
    advised: bool = False


def plain(victim: Victim, target: Target) -> Call:
    """A call with a fresh proof."""
    return victim.call(target)


def overtaken(victim: Victim, target: Target) -> Call:
    """A proof made a few seconds ago: requests in parallel may overtake each other."""
    return victim.call(target, victim.proof(target, iat=int(victim.now()) - FEW))


def small_scheme(victim: Victim, target: Target) -> Call:
    """The scheme in small letters."""
    return victim.call(target, scheme="dpop")


def capital_field(victim: Victim, target: Target) -> Call:
    """The names of the header fields in capitals."""
    call = victim.call(target)
    fields = tuple((name.upper(), value) for name, value in call.fields)
    return Call(call.method, call.url, fields)


def with_query(victim: Victim, target: Target) -> Call:
    """A query that is in the URL and not in `htu`."""
    asked = Target(target.method, f"{target.url}{'&' if '?' in target.url else '?'}probe=1")
    return victim.call(asked)


def in_capitals(victim: Victim, target: Target) -> Call:
    """Scheme and host of `htu` in capitals."""
    parts = urlsplit(target.url)
    origin = f"{parts.scheme}://{parts.netloc}"
    return _spelled(victim, target, target.url.replace(origin, origin.upper(), 1))


def default_port(victim: Victim, target: Target) -> Call:
    """The scheme's own port in `htu`."""
    parts = urlsplit(target.url)
    if parts.port is not None:
        raise NotTried("the URL has a port of its own")
    netloc = f"{parts.netloc}:{_PORTS[parts.scheme]}"
    return _spelled(victim, target, urlunsplit(parts._replace(netloc=netloc)))


def escaped_letter(victim: Victim, target: Target) -> Call:
    """A letter of the path in `htu` as a percent escape."""
    parts = urlsplit(target.url)
    letters = [one for one in _LETTERS.finditer(parts.path) if one[1]]
    if not letters:
        raise NotTried("the path has no letter")
    place = letters[-1].start()
    path = f"{parts.path[:place]}%{ord(parts.path[place]):02x}{parts.path[place + 1 :]}"
    return _spelled(victim, target, urlunsplit(parts._replace(path=path)))


def more_claims(victim: Victim, target: Target) -> Call:
    """Claims that no rule knows."""
    proof = victim.proof(target, iss="urn:example:agent", trace={"hop": 1})
    return victim.call(target, proof)


def more_members(victim: Victim, target: Target) -> Call:
    """A `jwk` with more members, in another order: the thumbprint is the same."""
    jwk = {"use": "sig", "kid": "1"} | dict(reversed(victim.key.public_jwk.items()))
    return victim.call(target, victim.proof(target, header={"jwk": jwk}))


def a_little_ahead(victim: Victim, target: Target) -> Call:
    """A proof by a clock that is a few seconds fast."""
    return victim.call(target, victim.proof(target, iat=int(victim.now()) + FEW))


def by_alg(alg: str) -> Make:
    """A proof by a key for `alg`, where the verifier says that it takes it."""

    def make(victim: Victim, target: Target) -> Call:
        if alg not in victim.algs:
            raise NotTried(f"this verifier does not say that it takes {alg}")
        key = ProofKey.generate(alg)
        return victim.call(target, token=victim.token("token", key), key=key)

    return make


def for_several(victim: Victim, target: Target) -> Call:
    """A token whose `aud` names another API, too."""
    return victim.call(target, token=victim.token("several"))


def with_nonce(victim: Victim, target: Target) -> Call:
    """A proof with the nonce that was handed out."""
    if not victim.nonce:
        raise NotTried("this verifier hands out no nonce")
    return plain(victim, target)


def _spelled(victim: Victim, target: Target, htu: str) -> Call:
    """A call whose `htu` is written another way, and still names the same URL."""
    return victim.call(target, victim.proof(target, htu=htu.partition("?")[0]))


SPELLING = "RFC 9449 §4.3"
GOOD = (
    Good("a call", "RFC 9449 §7.1", (plain,)),
    Good("the next call, with a new proof", "RFC 9449 §11.1", (plain,)),
    Good("an older proof behind a newer one", "RFC 9449 §4.3, check 11", (plain, overtaken)),
    Good("the scheme written dpop", "RFC 9110 §11.1", (small_scheme,)),
    Good("header names in capitals", "RFC 9110 §5.1", (capital_field,)),
    Good("a query that htu leaves out", "RFC 9449 §4.2", (with_query,)),
    Good("claims that no rule knows", "RFC 7519 §4", (more_claims,)),
    Good("a jwk with more members", "RFC 7638 §3.1", (more_members,)),
    Good("a token for two APIs", "RFC 7519 §4.1.3", (for_several,)),
    Good("scheme and host of htu in capitals", SPELLING, (in_capitals,), advised=True),
    Good("the default port in htu", SPELLING, (default_port,), advised=True),
    Good("an escaped letter in htu", SPELLING, (escaped_letter,), advised=True),
    Good("a key for ES384", "RFC 9449 §7.1", (by_alg("ES384"),)),
    Good("a key for EdDSA", "RFC 9449 §7.1", (by_alg("EdDSA"),)),
    Good("the nonce that was handed out", "RFC 9449 §9", (with_nonce,)),
    Good(f"a clock that is {FEW} s fast", "RFC 9449 §11.1", (a_little_ahead,), advised=True),
)
