"""A device login in progress (RFC 8628): what to show the person, and how often to ask."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from dialtone_kit.base.errors import NotThisService, ServiceError
from dialtone_kit.base.masking import Secret
from dialtone_kit.base.urls import require_https_or_loopback, same_origin

INTERVAL = 5  # seconds, where the service names none; each slow_down adds as many (§3.2, §3.5)
LONGEST_INTERVAL = 300  # seconds that a service may make us wait between two polls


@dataclass(frozen=True)
class DeviceLogin:
    """Two codes: `user_code` for the person, `device_code` for the polls.

    `verification_uri_complete` contains the user code. `interval` is in seconds, `expires_at` in
    UTC. The codes are secrets until they are used: `.user_code.reveal()` shows what to type.
    """

    device_code: Secret
    user_code: Secret
    verification_uri: str
    verification_uri_complete: Secret | None
    expires_at: datetime
    interval: int
    scope: str | None = None

    def must_not_be_over(self, now: float) -> DeviceLogin:
        """This login, if the person still has time; `now` is in Unix seconds."""
        if now >= self.expires_at.timestamp():
            raise ServiceError(400, "expired_token", "Nobody answered in time. Start again.")
        return self


def read_login(body: Mapping[str, Any], issuer: str, now: float) -> DeviceLogin:
    """The login in a response (RFC 8628 §3.2). Raises NotThisService when there is none.

    The page is where a person types a code: it must be the issuer's own.
    """
    strings = [body.get(name) for name in ("device_code", "user_code", "verification_uri")]
    lifetime = _seconds(body.get("expires_in"), 1, 86400)
    interval = _seconds(body.get("interval", INTERVAL), 0, LONGEST_INTERVAL)
    if not all(isinstance(string, str) and string for string in strings):
        raise NotThisService(
            "The response has no usable device_code, user_code or verification_uri."
        )
    complete = body.get("verification_uri_complete")
    pages = [strings[2], *([complete] if complete is not None else [])]
    for page in pages:
        if not isinstance(page, str) or not same_origin(require_https_or_loopback(page), issuer):
            raise NotThisService(f"The page for the person is not on {issuer}: not shown.")
    return DeviceLogin(
        device_code=Secret(str(strings[0])),
        user_code=Secret(str(strings[1])),
        verification_uri=str(strings[2]),
        verification_uri_complete=None if complete is None else Secret(complete),
        expires_at=datetime.fromtimestamp(now + lifetime, UTC),
        interval=interval or INTERVAL,
    )


def still_pending(login: DeviceLogin, refusal: ServiceError) -> DeviceLogin:
    """The login to continue with after a refused poll; raises a refusal that ends it."""
    if refusal.error == "authorization_pending":
        return login
    if refusal.error == "slow_down":
        return replace(login, interval=login.interval + INTERVAL)
    raise refusal


def _seconds(value: object, least: int, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise NotThisService("The response has no usable expires_in and interval in seconds.")
    return value
