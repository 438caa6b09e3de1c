"""The agent that is attacked in 10.gate and 11.fix: an issuer that is made up gives its tokens."""

from __future__ import annotations

import time
from typing import Any

from dialtone_kit.attacks.victim import TokenFor, Victim
from dialtone_kit.lesson.content.lesson_04.forgeries import Issuer
from dialtone_kit.lesson.exercises.asking import word

ELSEWHERE = "https://mail.example/api"


def victim_of(issuer: Issuer, url: str, stale: int) -> Victim:
    """An agent with tokens for the API at `url`, and all others; `stale` is in seconds."""
    agent, now = f"cli_{word()}", int(time.time())
    own = {"sub": agent, "client_id": agent, "aud": url, "scope": "openid notes:read"}

    def of(**changes: Any) -> TokenFor:
        """Gives tokens with other claims; one given as None is left out."""
        return lambda key: issuer.token(**(own | {"cnf": {"jkt": key.thumbprint}} | changes))

    others = {
        "smaller": of(scope="notes:read"),
        "several": of(aud=[ELSEWHERE, url]),
        "foreign": of(aud=ELSEWHERE),
        "longer": of(aud=f"{url}.evil"),
        "shorter": of(aud=url.rpartition("/")[0]),
        "slashed": of(aud=f"{url}/"),
        "unnamed": of(aud=None),
        "unbound": of(cnf=None),
        "expired": of(iat=now - 4200, exp=now - 600),
        "strange": of(iss="https://id.evil.example"),
    }
    return Victim(of(), others, stale=stale)
