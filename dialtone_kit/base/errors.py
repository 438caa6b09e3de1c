"""What can go wrong, one class each. Every message says what to do, and none holds a secret."""

from __future__ import annotations

import time
from collections.abc import Mapping

from dialtone_kit.base.masking import mask_text


class DialtoneError(Exception):
    """The root of the kit's errors. In a notebook it shows as one line, not as a traceback.

    Its text may quote a service, and is saved with the notebook: it is masked here, once for all.
    """

    def __init__(self, *args: object) -> None:
        super().__init__(*(_safe(part) if isinstance(part, str) else part for part in args))

    def _render_traceback_(self) -> list[str]:  # the hook that IPython looks for
        return [f"{type(self).__name__}: {self}"]


class LessonStop(DialtoneError):
    """A cell needs something from you first; the message says what."""


class MockOnly(DialtoneError):
    """Only the local mock can do this; the real service has no such control."""


class UnsafeUrl(DialtoneError):
    """The URL must not be used: wrong scheme, another origin, or plain http beyond loopback."""


class CredentialProblem(DialtoneError):
    """Stored credentials can't be used or can't be stored safely."""


class EnrollmentProblem(DialtoneError):
    """An enrollment can't go on from here."""


class ServiceUnreachable(DialtoneError):
    """No connection to the service, after the retries that the demo asks for."""


class NotThisService(DialtoneError):
    """Something answered, but no identity service: a portal's HTML, a cut-off or huge body."""


class IssuerMismatch(DialtoneError):
    """A discovery document names another issuer than the one asked (RFC 8414 §3.3)."""


class TokenRefused(DialtoneError):
    """A token did not pass verification. `rule` names the check that stopped it."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(f"{rule}: {message}")
        self.rule = rule


class BadSpiffeId(DialtoneError):
    """A text is no SPIFFE ID, or not one that can serve here. `rule` names what it breaks."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(f"{rule}: {message}")
        self.rule = rule


class SvidRefused(DialtoneError):
    """An SVID did not pass verification. `rule` names the check that stopped it."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(f"{rule}: {message}")
        self.rule = rule


class ProofRefused(DialtoneError):
    """A DPoP proof did not pass. `rule` names the check; `error` is the code for the wire."""

    error = "invalid_dpop_proof"

    def __init__(
        self,
        rule: str,
        expected: object = None,
        got: object = None,
        hint: str = "",
        code: str = "",
    ) -> None:
        self.rule, self.expected, self.got, self.hint, self.code = rule, expected, got, hint, code
        text = f"{rule}: expected {expected}, got {brief(got)}. {hint}".rstrip()
        super().__init__(f"{text} [{code}]" if code else text)


class NonceRequired(ProofRefused):
    """Only a fresh nonce is missing (RFC 9449 §8): take it from `DPoP-Nonce` and try again."""

    error = "use_dpop_nonce"


class KeyMismatch(ProofRefused):
    """Proof and token are bound to different keys (RFC 9449 §4.3, check 12)."""

    error = "invalid_token"


class ServiceError(DialtoneError):
    """The service said no: HTTP `status`, `error` code, `description`, `headers`, `body`."""

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
    """`value` as it may stand in a message: printable, and short enough to read."""
    text = "nothing" if value is None else value if isinstance(value, str) else repr(value)
    text = _printable(text)
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text)} characters)"


def _safe(text: str) -> str:
    """`text` without secrets, terminal commands and marks that turn the writing around."""
    return "\n".join(_printable(line) for line in mask_text(text).split("\n"))


def _printable(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)
