"""How a stranger refuses: its strict clock, and a sentence for each mistake (13.dialtone)."""

from __future__ import annotations

import math
from dataclasses import dataclass

from dialtone_kit.base.errors import ProofRefused
from dialtone_kit.lesson.loopback import Asked
from dialtone_kit.rules import RULES, Proof, Request, iat_is_fresh

WINDOW = 30  # seconds that a proof is good here: how many is the server's choice (RFC 9449 §11.1)
LONGER = 5  # seconds that someone may sleep beyond what was asked
GRANT = "The grant is `client_credentials`: the agent asks for itself."
JSON = "You sent the token request as JSON. OAuth wants a form: `http.post(url, data={…})`."
CLIENT = "The service doesn't know this client or its secret: 401 `invalid_client`."
BEARER = "A bound token sent as Bearer is refused: its scheme is `DPoP`."
SCHEME = "At `whoami`, the header is `Authorization: DPoP <token>`."
NOT_OURS = "This isn't the access token that the service gave you."
IN_URL = "The token was in the URL, where every proxy logs it. It belongs in a header."
TWO_NONCES = (
    "You sent the nonce of one place to another. The token endpoint and the API each have their "
    "own: keep two."
)
NO_NONCE = (
    "Asked for a nonce a second time: the first answer had it in `DPoP-Nonce`, and your proof "
    "doesn't. It's a claim of a new proof."
)


class Refused(Exception):
    """How a request ends: status, error and why. `mistake` is for the learner, with its code."""

    def __init__(
        self, status: int, error: str, why: str, mistake: str = "", code: str = "", **fields: str
    ) -> None:
        super().__init__(why)
        self.status, self.error, self.mistake, self.code = status, error, mistake, code
        self.fields = {name.replace("_", "-"): content for name, content in fields.items()}


def made_recently(proof: Proof, request: Request) -> None:
    """The proof was made just now, by a service that is stricter than most."""
    age = math.ceil(request.now - proof.claims["iat"])
    if age > WINDOW:
        raise ProofRefused(
            expected=f"iat at most {WINDOW} s old",
            got=f"iat {age} s behind the service's clock",
            hint="Its time is in Date.",
            code="M06",
            rule=iat_is_fresh.__name__,
        )


_AFTER = RULES.index(iat_is_fresh) + 1
STRICT = (*RULES[:_AFTER], made_recently, *RULES[_AFTER:])


@dataclass
class Busy:
    """A 429 that is still to come, or one that counts until `waited` reaches `until`.

    `slept` is what the learner had slept in all by then.
    """

    told: int = 0
    until: float = 0.0
    slept: float = 0.0


def only(asked: Asked, method: str) -> None:
    """Raise Refused for any other method."""
    if asked.method != method:
        why = f"This is a {method}; your function sent {asked.method}."
        raise Refused(405, "method_not_allowed", why, why, Allow=method)


def early(busy: Busy, waited: float) -> str:
    """The sentence for someone who came back too early."""
    before = busy.told - (busy.until - waited)
    return (
        f"After a 429 with Retry-After {busy.told} your function came back {before:.0f} s later. "
        "Wait as long as it says, with the `sleep` that you're given."
    )


def late(busy: Busy, slept: float) -> str:
    """The sentence for someone who slept much longer than they were asked to."""
    return (
        f"After a 429 with Retry-After {busy.told} your function slept {slept - busy.slept:.0f} s. "
        "Read how long to wait from each response."
    )
