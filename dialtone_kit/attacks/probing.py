"""Probing a verifier over HTTP, with tokens that an issuer gives to a client of yours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from dialtone_kit.attacks.calls import Answer, Call, NotTried, Send, Target
from dialtone_kit.attacks.judge import Outcome, judge
from dialtone_kit.attacks.victim import TokenFor, Victim
from dialtone_kit.base.challenges import challenges
from dialtone_kit.base.errors import DialtoneError, TokenRefused
from dialtone_kit.base.masking import masked
from dialtone_kit.base.reason import sentence
from dialtone_kit.client.identity import IdentityClient
from dialtone_kit.keys import ProofKey
from dialtone_kit.tokens import Token, read_unverified, text_of

ELSEWHERE = "https://elsewhere.example/api"  # names an API that nobody tests


class CantJudge(DialtoneError):
    """The verifier refuses even a good call, or anyone gets in: there is nothing to judge."""


class Issued:
    """Tokens that `client` gets for one API: each bound to a key that ends with the process."""

    def __init__(self, client: IdentityClient, scope: str, audience: str | None) -> None:
        self._client, self._scope = client, scope
        self._audience, self._kept = audience, list[Token]()

    def token(self, key: ProofKey) -> str:
        """A token bound to `key`. The first must be issued; without a later one, NotTried."""
        return self._get(key, self._audience)

    @property
    def others(self) -> dict[str, TokenFor]:
        """Those of another kind, for `Victim`; nobody waits for one to expire."""
        return {
            "foreign": self.foreign,
            "several": self.several,
            "longer": self.longer,
            "shorter": self.shorter,
            "slashed": self.slashed,
            "unnamed": self.unnamed,
            "unbound": self.unbound,
        }

    def foreign(self, key: ProofKey) -> str:
        """A token for another API. Raises NotTried unless it is known to be one."""
        return self._for_another(key, ELSEWHERE)

    def several(self, key: ProofKey) -> str:
        """A token for this API and another one. Raises NotTried unless it is known to be one."""
        token = self._get(key, self._own_name(), ELSEWHERE)
        if not {self._own_name(), ELSEWHERE} <= _audiences(token):
            raise NotTried("the issuer gives no token that is known to be for two APIs")
        return token

    def longer(self, key: ProofKey) -> str:
        """A token for an API whose name begins like this one's, and goes on."""
        return self._for_another(key, f"{self._own_name()}/elsewhere")

    def shorter(self, key: ProofKey) -> str:
        """A token for an API whose name is the beginning of this one's."""
        name = self._own_name()
        has_path = urlsplit(name).path not in ("", "/")
        return self._for_another(
            key, name.rstrip("/").rpartition("/")[0] if has_path else name[:-1]
        )

    def slashed(self, key: ProofKey) -> str:
        """A token for an API whose name has a slash more than this one's."""
        return self._for_another(key, f"{self._own_name()}/")

    def unnamed(self, key: ProofKey) -> str:
        """A token that isn't asked for any API, while those for this one are."""
        return self._for_another(key, None)

    def unbound(self, _key: ProofKey) -> str:
        """A token that is bound to no key."""
        return self._get(None, self._audience)

    def revoke(self) -> None:
        """Revoke all of them, where the issuer knows how; proofs for them have been shown."""
        for token in self._kept:
            with suppress(DialtoneError):
                self._client.revoke(token)

    def _own_name(self) -> str:
        if self._audience is None:
            raise NotTried("the tokens for this API name no audience")
        return self._audience

    def _for_another(self, key: ProofKey, audience: str | None) -> str:
        token = self._get(key, audience)
        theirs = _audiences(token)
        if not theirs or theirs & _audiences(text_of(self._kept[0])):
            raise NotTried("the issuer gives no token that is known to be for another API")
        return token

    def _get(self, key: ProofKey | None, *audience: str | None) -> str:
        try:
            token = self._client.get_token(self._scope, key=key, **_meant_for(audience))
        except DialtoneError as refused:
            if not self._kept:
                raise
            raise NotTried(f"the issuer gives no token for it: {refused}") from None
        self._kept.append(token)
        return text_of(token)


def probe(send: Send, issued: Issued, target: Target, ok: int = 200) -> Iterator[Outcome]:
    """Each outcome as it is known; at the end, all tokens are revoked.

    Raises CantJudge unless a call without a token is refused and a good one is let in.
    """
    algs = _algs(_refusal(send, target, ok))
    victim = Victim(issued.token, issued.others, algs=algs)
    try:
        victim.token()
        outcomes = judge(send, victim, target, ok)
        yield _must_pass(next(outcomes), ok)
        yield from outcomes
    finally:
        issued.revoke()


def _refusal(send: Send, target: Target, ok: int) -> Answer:
    """What a call without a token gets: for a verifier, that is a refusal."""
    bare = send(Call(target.method, target.url, ()))
    if bare.lets_in(ok):
        raise CantJudge(f"A call without any token got {bare.status}: nothing is protected here.")
    if 300 <= bare.status < 400:
        raise CantJudge(
            f"The answer is a redirect to {masked(bare.value('Location'))[:200]}. It isn't "
            "followed: give the URL of the API itself."
        )
    return bare


def _must_pass(good: Outcome, ok: int) -> Outcome:
    if good.verdict != "passed":
        raise CantJudge(
            f"A good call has to pass first, and it got {sentence(good.detail)} Does the API trust "
            "this issuer, and is the token for it (--audience, --scope)? If it answers a good call "
            f"of this --method with another status than {ok}, name it with --ok."
        )
    return good


def _algs(refusal: Answer) -> frozenset[str]:
    """The algorithms that a challenge names (RFC 9449 §7.1)."""
    fields = [value for name, value in refusal.fields if name.lower() == "www-authenticate"]
    named = [one.parameters.get("algs", "") for field in fields for one in challenges(field)]
    return frozenset(" ".join(named).split())


def _meant_for(names: Sequence[str | None]) -> dict[str, Any]:
    """Whom a token is for: APIs by their URLs (RFC 8707), or by any other names."""
    meant: dict[str, list[str]] = {}
    for name in filter(None, names):
        meant.setdefault("resource" if "://" in name else "audience", []).append(name)
    return {how: given if len(given) > 1 else given[0] for how, given in meant.items()}


def _audiences(token: str) -> set[str]:
    """Whom a token is for, "" standing for nobody in particular; empty if that can't be read."""
    with suppress(TokenRefused):
        aud = read_unverified(token).claims.get("aud") or ""
        return set(map(str, aud if isinstance(aud, list) else [aud]))
    return set()
