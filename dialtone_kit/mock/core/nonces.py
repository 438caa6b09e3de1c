"""Nonces for proofs (RFC 9449 §8, §9): computed, so nothing has to be stored or shared."""

from __future__ import annotations

import hmac
from hashlib import sha256

from dialtone_kit.base.jws import b64url, b64url_decode
from dialtone_kit.mock.core import clock
from dialtone_kit.mock.core.settings import NONCE_PERIOD, Realm

STAMP, MAC = 8, 16  # bytes


class RealmNonces:
    """One realm's nonces for one purpose. Each is valid in its own period and in the next."""

    def __init__(self, key: bytes, purpose: str, realm: Realm) -> None:
        self._key = key
        self._label = f"nonce|{purpose}|{realm.name}|".encode()
        self._period = int(clock.now(realm) // NONCE_PERIOD)

    def current(self) -> str:
        """The nonce to send now."""
        stamp = self._period.to_bytes(STAMP, "big")
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
        age = self._period - int.from_bytes(stamp, "big")
        return "fresh" if age in (0, 1) else "expired"

    def _mac(self, stamp: bytes) -> bytes:
        return hmac.digest(self._key, self._label + stamp, sha256)[:MAC]
