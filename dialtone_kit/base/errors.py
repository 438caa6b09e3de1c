"""What can go wrong, one class each. Every message says what to do, and none holds a secret."""

from __future__ import annotations

import time
from collections.abc import Mapping

from dialtone_kit.base.masking import masked, visible
from dialtone_kit.base.reason import Reason


class DialtoneError(Exception):
    """The root of the kit's errors. In a notebook it shows as one line, not as a traceback.

    Its message may quote a service and is saved with the notebook, so it is masked here, once.
    Notes that were added to it follow, a line each.
    """

    def __init__(self, *args: object) -> None:
        super().__init__(*(masked(part) if isinstance(part, str) else part for part in args))

    def _render_traceback_(self) -> list[str]:  # the hook that IPython looks for
        notes = getattr(self, "__notes__", ())
        return [f"{type(self).__name__}: {self}", *map(masked, notes)]


class LessonStop(DialtoneError):
    """A cell needs something from you first; the message says what."""


class MockOnly(DialtoneError):
    """Only the local mock can do this; the real service has no such control."""


class UnsafeUrl(DialtoneError):
    """The URL must not be used: wrong scheme, another origin, or plain http beyond loopback."""


class CredentialProblem(DialtoneError):
    """Stored credentials can't be used or can't be stored safely."""


class EnrollmentProblem(DialtoneError):
    """An enrollment can't continue from here."""


class ServiceUnreachable(DialtoneError):
    """No connection to the service, after the retries that the demo asks for."""


class NotThisService(DialtoneError):
    """The response is not from an identity service: a portal's HTML, a cut-off or huge body."""


class IssuerMismatch(DialtoneError):
    """A discovery document names a different issuer from the one asked (RFC 8414 §3.3)."""


class ProofRefused(DialtoneError):
    """A DPoP proof did not pass. `rule` names the check; `error` is the code for the wire.

    A rule says only what it expected and what it got: `judge` in rules.py adds the rule's name.
    """

    error = "invalid_dpop_proof"

    def __init__(
        self,
        expected: object = None,
        got: object = None,
        *,
        hint: str = "",
        code: str = "",
        rule: str = "",
    ) -> None:
        super().__init__()
        self.expected, self.got, self.hint, self.code, self.rule = expected, got, hint, code, rule

    def __str__(self) -> str:
        got = brief(self.got)
        return masked(str(Reason(str(self.expected), got, self.hint, self.code, self.rule)))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"


class NonceRequired(ProofRefused):
    """Only a fresh nonce is missing (RFC 9449 §8): take it from `DPoP-Nonce` and try again."""

    error = "use_dpop_nonce"


class KeyMismatch(ProofRefused):
    """Proof and token are bound to different keys (RFC 9449 §4.3, check 12)."""

    error = "invalid_token"


class _RuleBroken(DialtoneError):
    """A check failed, and `rule` names it."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(f"{rule}: {message}")
        self.rule = rule


class TokenRefused(_RuleBroken):
    """A token did not pass verification. `rule` names the check that stopped it."""


class BadSpiffeId(_RuleBroken):
    """A string isn't a SPIFFE ID, or not one to use here. `rule` names what it breaks."""


class SvidRefused(_RuleBroken):
    """An SVID did not pass verification. `rule` names the check that stopped it."""


class ServiceError(DialtoneError):
    """The service refused: HTTP `status`, `error` code, `description`, `headers`, `body`."""

    def __init__(
        self,
        status: int,
        error: str,
        description: str,
        headers: Mapping[str, str] | None = None,
        body: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(f"{status} {error}: {description}")
        self.status, self.error, self.description = status, error, description
        self.headers: Mapping[str, str] = headers if headers is not None else {}
        self.body: Mapping[str, object] = body if body is not None else {}


class RateLimited(ServiceError):
    """429, and the wait is longer than the client may wait. `retry_after` is in seconds."""

    def __init__(
        self,
        description: str,
        retry_after: float,
        headers: Mapping[str, str] | None = None,
        *,
        now: float | None = None,
        body: Mapping[str, object] | None = None,
    ) -> None:
        self.retry_after = retry_after
        self.come_back_at = (time.time() if now is None else now) + retry_after
        clock = time.strftime("%H:%M:%S", time.localtime(self.come_back_at))
        super().__init__(
            429,
            "rate_limited",
            f"{description} Come back at {clock}, in {retry_after:.0f} s.",
            headers,
            body,
        )


def brief(value: object, limit: int = 120) -> str:
    """`value` as part of a message: on one line, and short enough to read."""
    text = "nothing" if value is None else value if isinstance(value, str) else repr(value)
    text = visible(text, keep="")
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text)} characters)"
