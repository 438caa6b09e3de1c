"""DPoP proofs (RFC 9449): `build_proof` makes one, `check_proof` judges one.

Client and service share this file: one checks what the other builds, by the table in rules.py.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Sequence
from heapq import heappop, heappush
from typing import Any

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.jws import b64url, to_segment
from dialtone_kit.base.times import CLOCK_SKEW
from dialtone_kit.keys import ProofKey
from dialtone_kit.rules import (
    RULES,
    WINDOW,
    Proof,
    Request,
    Rule,
    access_token_hash,
    jti_is_new,
    judge,
)


def build_proof(
    key: ProofKey,
    method: str,
    url: str,
    *,
    access_token: str | None = None,
    nonce: str | None = None,
    now: float | None = None,
) -> str:
    """Prove, for one request, that the caller holds `key` (RFC 9449 §4.2).

    `url` is sent without query and fragment. With `access_token` the proof carries `ath` (§7).
    `now` is in Unix seconds. Use the result once: a second use is a replay.
    """
    claims: dict[str, Any] = {
        "htm": method,
        "htu": url.partition("#")[0].partition("?")[0],
        "iat": int(time.time() if now is None else now),
        "jti": secrets.token_urlsafe(16),
    }
    if access_token is not None:
        claims["ath"] = access_token_hash(access_token)
    if nonce is not None:
        claims["nonce"] = nonce
    signing_input = f"{key.proof_header}.{to_segment(claims)}"
    return f"{signing_input}.{b64url(key.sign(signing_input.encode()))}"


def check_proof(headers: Sequence[str], request: Request, rules: Sequence[Rule] = RULES) -> Proof:
    """Judge the values of a request's `DPoP` header fields by all `rules`, in order.

    Returns the proof, or raises ProofRefused (NonceRequired, KeyMismatch) naming the rule.
    Without `request.first_use` the last rule, `jti_is_new`, is left to the caller: a service
    runs it in the transaction of the effect that the proof permits. Raises DialtoneError for a
    string: a request may bring several header fields, and the first rule counts them.
    """
    if isinstance(headers, str):
        raise DialtoneError("check_proof takes a list of DPoP header values: [proof], not proof.")
    proof = Proof(headers)
    proof.keep_until = (
        request.now + WINDOW + CLOCK_SKEW
    )  # iat_is_fresh, if it runs, sets it by `iat`
    if request.first_use is None:
        rules = [rule for rule in rules if rule is not jti_is_new]
    judge(proof, request, rules)
    return proof


class SeenProofs:
    """A memory of used `jti`, for one process: a `first_use` for lessons and small verifiers.

    It holds at most `limit` of them. When it is full, it fails closed: every proof counts as used.
    """

    def __init__(self, now: Callable[[], float] = time.time, limit: int = 100_000) -> None:
        self._now, self._limit = now, limit
        self._used: set[tuple[str, str]] = set()
        self._ends: list[tuple[float, tuple[str, str]]] = []  # a heap: the next to forget is first
        self._lock = threading.Lock()

    def first_use(self, thumbprint: str, jti: str, keep_until: float) -> bool:
        """Remember `jti` until `keep_until` (Unix seconds). False if it was used before."""
        with self._lock:
            now = min(self._now(), keep_until - WINDOW)  # a lesson may judge at an earlier time
            while self._ends and self._ends[0][0] <= now:
                self._used.remove(heappop(self._ends)[1])
            proof = thumbprint, jti
            new = proof not in self._used and len(self._used) < self._limit
            if new:
                self._used.add(proof)
                heappush(self._ends, (keep_until, proof))
            return new
