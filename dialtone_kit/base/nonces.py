"""Nonces for proofs (RFC 9449 §8, §9): computed, so nothing has to be stored or shared."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from hashlib import sha256

from dialtone_kit.base.jws import b64url, b64url_decode

STAMP, MAC = 8, 16  # bytes


class TimedNonces:
    """Nonces by a secret `key`. Each is good in its own period and in the next.

    `label` keeps the nonces of one purpose from serving another. `period` is in seconds, and `now`
    gives Unix seconds. Whoever has the same key and label knows the same nonces.
    """

    def __init__(self, key: bytes, label: str, period: float, now: Callable[[], float]) -> None:
        self._key, self._label = key, label.encode()
        self._length, self._now = period, now

    def current(self) -> str:
        """The nonce to send now."""
        stamp = self._period().to_bytes(STAMP, "big")
        return b64url(stamp + self._mac(stamp))

    def judge(self, nonce: str) -> str:
        """Returns "fresh", "expired" (ours, but too old), or "unknown" (never ours)."""
        try:
            raw = b64url_decode(nonce)
        except ValueError:
            return "unknown"
        stamp, mac = raw[:STAMP], raw[STAMP:]
        if len(raw) != STAMP + MAC or not hmac.compare_digest(mac, self._mac(stamp)):
            return "unknown"
        age = self._period() - int.from_bytes(stamp, "big")
        return "fresh" if age in (0, 1) else "expired"

    def _period(self) -> int:
        return int(self._now() // self._length)

    def _mac(self, stamp: bytes) -> bytes:
        return hmac.digest(self._key, self._label + stamp, sha256)[:MAC]
