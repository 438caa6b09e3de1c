"""An enrollment that locks, without a service: for 02.tries."""

from __future__ import annotations

from dialtone_kit.base.errors import ServiceError


class Lock:
    """An enrollment that locks after `tries` wrong codes, for checks without a service.

    Its words mislead on purpose, so that only `.status` tells. With `busy`, the second code is
    answered 503 and costs no try.
    """

    def __init__(self, tries: int, *, busy: bool = False) -> None:
        self.left, self.busy, self.sent = tries, busy, 0

    def __call__(self, code: str) -> None:  # noqa: ARG002  (every code is wrong)
        self.sent += 1
        if self.busy and self.sent == 2:
            raise ServiceError(503, "refused", "Come back later.")
        self.left -= 1
        if self.left > 0:
            left = {"tries_left": self.left}
            raise ServiceError(401, "refused", "That is not it; not locked yet.", body=left)
        raise ServiceError(410, "refused", "This enrollment is over.")
