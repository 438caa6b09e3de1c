"""Attestation challenges: computed, so that asking for one costs the store nothing.

Only used ones are stored, for all workers and across restarts.
"""

from __future__ import annotations

import hmac
import secrets
from hashlib import sha256

from sqlalchemy import Connection, insert
from sqlalchemy.exc import IntegrityError

from dialtone_kit.base.jws import b64url, b64url_decode
from dialtone_kit.mock.core import clock
from dialtone_kit.mock.core.refusal import Headers, Refusal
from dialtone_kit.mock.core.settings import Realm
from dialtone_kit.mock.spiffe.settings import CHALLENGE_LIFETIME
from dialtone_kit.mock.store.tables import used_challenges

STAMP, RANDOM, MAC = 8, 16, 16  # bytes; the stamp counts milliseconds
LABEL = b"attest|"
# A 401 must say how to authenticate (RFC 9110 §11.6.1): here, with a platform's evidence.
ATTEST: Headers = (("WWW-Authenticate", 'Attestation challenge="/v1/attest/challenge"'),)


def issue(key: bytes, now: float) -> str:
    """A new challenge, authenticated with the service's `key`; `now` is in Unix seconds."""
    stamp = int(now * 1000).to_bytes(STAMP, "big")
    content = stamp + secrets.token_bytes(RANDOM)
    return b64url(content + _mac(key, content))


def use_up(tx: Connection, realm: Realm, key: bytes, challenge: str, now: float) -> None:
    """Use up `challenge` for this attempt, or raise Refusal.

    401 if it is not ours, 410 if it is more than 5 minutes old, 409 if it was used already.
    """
    issued_at = _issued_at(key, challenge)
    if issued_at is None:
        raise Refusal(
            401,
            "unauthorized",
            "challenge: this service did not issue it. Get one at /v1/attest/challenge.",
            ATTEST,
        )
    if now - issued_at > CHALLENGE_LIFETIME:
        raise Refusal(
            410,
            "gone",
            f"challenge: issued {now - issued_at:.0f} s ago, but valid for only "
            f"{CHALLENGE_LIFETIME} s. Get a new one, and new evidence for it.",
        )
    row = {
        "digest": sha256(challenge.encode()).digest(),
        "forget_at": issued_at + CHALLENGE_LIFETIME + clock.MARGIN,
    }
    try:
        tx.execute(insert(used_challenges), row)
    except IntegrityError:
        if realm.refuses("challenge_is_new"):
            raise Refusal(
                409,
                "conflict",
                "challenge: already used. Each is good for one attempt, right or wrong: get a new "
                "one.",
            ) from None


def _issued_at(key: bytes, challenge: str) -> float | None:
    """When it was issued, in Unix seconds; None if it is not ours."""
    try:
        raw = b64url_decode(challenge)
    except ValueError:
        return None
    content, mac = raw[: STAMP + RANDOM], raw[STAMP + RANDOM :]
    if len(mac) != MAC or not hmac.compare_digest(mac, _mac(key, content)):
        return None
    return int.from_bytes(content[:STAMP], "big") / 1000


def _mac(key: bytes, content: bytes) -> bytes:
    return hmac.digest(key, LABEL + content, sha256)[:MAC]
