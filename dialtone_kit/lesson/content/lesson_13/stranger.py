"""A service that nobody has seen before, for 13.dialtone: every path, nonce and delay is drawn."""

from __future__ import annotations

import math
import secrets
import threading
import time
from collections.abc import Callable, Collection
from typing import Any
from urllib.parse import parse_qsl

from dialtone_kit.base.errors import (
    DialtoneError,
    KeyMismatch,
    NonceRequired,
    ProofRefused,
    TokenRefused,
)
from dialtone_kit.base.masking import Secret
from dialtone_kit.base.nonces import TimedNonces
from dialtone_kit.base.reason import description
from dialtone_kit.client.credentials import Credentials
from dialtone_kit.lesson.content.lesson_04.forgeries import Issuer
from dialtone_kit.lesson.content.lesson_05.judging import CODES, WAYS
from dialtone_kit.lesson.content.lesson_13.refusals import (
    BEARER,
    CLIENT,
    GRANT,
    IN_URL,
    JSON,
    LONGER,
    NO_NONCE,
    NOT_OURS,
    SCHEME,
    STRICT,
    TWO_NONCES,
    Busy,
    Refused,
    early,
    late,
    only,
)
from dialtone_kit.lesson.content.lesson_13.tally import Tally
from dialtone_kit.lesson.exercises.asking import word
from dialtone_kit.lesson.loopback import Answered, Asked, Loopback, read_basic
from dialtone_kit.proofs import SeenProofs, check_proof
from dialtone_kit.rules import Proof, Request, iat_is_fresh
from dialtone_kit.tokens import read_unverified, verify_token

NONCES = 300  # seconds that a nonce is good for
LIFE = 300  # seconds that a token lives
FORM = "application/x-www-form-urlencoded"
PLACES = ("discovery", "token", "whoami")


class Stranger:
    """Serves one client at `issuer`, `fast` seconds ahead of us. Busy once at each of `busy`.

    `tally` is told what went wrong.
    """

    def __init__(self, fast: float, busy: Collection[str], tally: Tally) -> None:
        self._fast, self._tally = fast, tally
        self._lock, self._signer, self._seen = threading.Lock(), Issuer(), SeenProofs(self.now)
        key = secrets.token_bytes(32)
        self._nonces = {p: TimedNonces(key, p, NONCES, self.now) for p in PLACES[1:]}
        self._busy, self._asked = {place: Busy() for place in busy}, dict.fromkeys(PLACES, 0)
        self._server = Loopback(self._answer, "stranger", self.now)
        origin = self._server.origin
        self.issuer = f"{origin}/{word()}/{word()}"
        self.urls = {
            "discovery": f"{self.issuer}/.well-known/openid-configuration",
            "token": f"{origin}/{word()}/{word()}",
            "whoami": f"{origin}/{word()}/{word()}",
            "keys": f"{origin}/{word()}",
        }
        secret = Secret(f"sec_{secrets.token_urlsafe(32)}")
        self.credentials = Credentials(f"cli_{word()}", secret, self.urls["token"], self.issuer)
        self.answer: dict[str, Any] | None = None  # what whoami said, once it said it
        self.tokens: list[str] = []

    def now(self) -> float:
        """The time here, in Unix seconds."""
        return time.time() + self._fast

    def close(self) -> None:
        self._server.close()

    # -- one request -------------------------------------------------------------------------

    def _answer(self, asked: Asked) -> Answered:
        with self._lock:
            try:
                answered = self._go(asked)
            except Refused as refused:
                self._tally.refused(refused.status, refused.error, refused.mistake, refused.code)
                body = {"error": refused.error, "error_description": description(str(refused))}
                return Answered(refused.status, body, refused.fields)
            self._tally.accepted()
            return answered

    def _go(self, asked: Asked) -> Answered:
        self._tally.came += 1
        path, _, query = asked.path.partition("?")
        place = next((p for p, url in self.urls.items() if url == self._server.origin + path), "")
        if not place:
            raise Refused(
                404,
                "not_found",
                "Nothing is here.",
                f"This service has no `{path[-40:]}`. Only its discovery document knows the paths.",
            )
        if any(token in query for token in self.tokens):
            raise Refused(400, "invalid_request", "A token in a URL.", IN_URL)
        serve: dict[str, Callable[[Asked], Answered]] = {
            "discovery": self._discovery,
            "keys": lambda _: Answered(200, self._signer.jwks),
            "token": self._token,
            "whoami": self._whoami,
        }
        return serve[place](asked)

    def _discovery(self, asked: Asked) -> Answered:
        only(asked, "GET")
        self._rest("discovery")
        document = {
            "issuer": self.issuer,
            "token_endpoint": self.urls["token"],
            "userinfo_endpoint": self.urls["whoami"],
            "jwks_uri": self.urls["keys"],
            "response_types_supported": ["none"],
            "grant_types_supported": ["client_credentials"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "dpop_signing_alg_values_supported": list(Request.algorithms),
        }
        return Answered(200, document)

    def _token(self, asked: Asked) -> Answered:
        only(asked, "POST")
        form = self._form(asked)
        self._authenticate(asked, form)
        if form.get("grant_type") != "client_credentials":
            raise Refused(400, "unsupported_grant_type", "Only client_credentials.", GRANT)
        proof = self._proof(asked, "token")
        self._rest("token")
        now, client_id = int(self.now()), self.credentials.client_id
        token = self._signer.token(
            iss=self.issuer,
            sub=client_id,
            client_id=client_id,
            iat=now,
            exp=now + LIFE,
            cnf={"jkt": proof.thumbprint},
        )
        self.tokens.append(token)
        body = {"access_token": token, "token_type": "DPoP", "expires_in": LIFE}
        return Answered(200, body, self._with_nonce("token"))

    def _whoami(self, asked: Asked) -> Answered:
        only(asked, "GET")
        scheme, _, token = asked.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "dpop":
            bearer = scheme.lower() == "bearer"
            raise Refused(
                401,
                "invalid_token" if scheme else "unauthorized",
                "The scheme is DPoP.",
                *((BEARER, "M08") if bearer else (SCHEME, "")),
                WWW_Authenticate='DPoP algs="ES256"',
            )
        try:
            held = verify_token(token, self._signer.jwks, self.issuer, now=self.now())
        except TokenRefused as problem:
            raise Refused(401, "invalid_token", str(problem), f"{NOT_OURS} {problem}") from None
        self._proof(asked, "whoami", token, held["cnf"]["jkt"])
        self._rest("whoami")
        self.answer = {"sub": held["sub"], "iss": self.issuer, "tone": word(12)}
        return Answered(200, self.answer, self._with_nonce("whoami"))

    # -- what it looks at --------------------------------------------------------------------

    def _form(self, asked: Asked) -> dict[str, str]:
        if asked.headers.get_content_type() != FORM:
            raise Refused(415, "unsupported_media_type", f"Send {FORM}.", JSON, "M09")
        return dict(parse_qsl(asked.body.decode("utf-8", "replace")))

    def _authenticate(self, asked: Asked, form: dict[str, str]) -> None:
        sent = read_basic(asked.headers)
        if not any(sent):
            sent = form.get("client_id", ""), form.get("client_secret", "")
        known = self.credentials.client_secret
        if sent[0] != self.credentials.client_id or known is None or Secret(sent[1]) != known:
            basic = {"WWW_Authenticate": 'Basic realm="stranger"'}
            raise Refused(401, "invalid_client", "Unknown client or secret.", CLIENT, **basic)

    def _proof(self, asked: Asked, place: str, token: str = "", bound_to: str = "") -> Proof:
        """The request's proof, by the kit's own rules and a stricter one. Raises Refused."""
        nonces, sent = self._nonces[place], asked.headers.get_all("DPoP", [])
        about = (token or None, bound_to or None, nonces, self._seen.first_use)
        request = Request(asked.method, self.urls[place], self.now(), *about)
        status, error = (401, "invalid_dpop_proof") if token else (400, "invalid_dpop_proof")
        fields = {"DPoP_Nonce": nonces.current()}
        try:
            return check_proof(sent, request, STRICT)
        except (ProofRefused, KeyMismatch) as refused:
            why = str(refused)
            error = getattr(refused, "error", error)
            if token:
                fields["WWW_Authenticate"] = f'DPoP error="{error}", algs="ES256"'
            mistake = self._mistake(refused, place, sent)
            raise Refused(status, error, why, *mistake, **fields) from None

    def _mistake(self, refused: DialtoneError, place: str, sent: list[str]) -> tuple[str, str]:
        """What to tell the learner about a refused proof, and its code; "" if it is no mistake."""
        rule = getattr(refused, "rule", "")
        if isinstance(refused, NonceRequired):
            return self._about_nonce(place, sent)
        if rule == iat_is_fresh.__name__:
            return self._tally.late(str(refused).removesuffix(" [M06]")), "M06"
        return WAYS.get(rule, str(refused)), CODES.get(rule, getattr(refused, "code", ""))

    def _about_nonce(self, place: str, sent: list[str]) -> tuple[str, str]:
        self._asked[place] += 1
        nonce = read_unverified(sent[0]).claims.get("nonce")
        others = [other for name, other in self._nonces.items() if name != place]
        if isinstance(nonce, str) and any(other.judge(nonce) == "fresh" for other in others):
            return TWO_NONCES, "M16"
        return (NO_NONCE, "M02") if self._asked[place] > 1 else ("", "")

    def _rest(self, place: str) -> None:
        """429 for the first good request where this service is busy, and for all that are early."""
        busy = self._busy.get(place)
        if busy is None:
            return
        waited = self._tally.waited()
        if not busy.told:
            busy.told = 2 + secrets.randbelow(8)
            busy.until = waited + busy.told
            busy.slept = self._tally.slept
        elif self._tally.slept - busy.slept > busy.told + LONGER:
            why = late(busy, self._tally.slept)
            raise Refused(429, "rate_limited", "Too late.", why, "M36")
        elif waited >= busy.until - 0.1:
            busy.slept = math.inf  # it has come back: what it sleeps from now on isn't for this
            return
        else:
            raise Refused(429, "rate_limited", "Too early.", early(busy, waited), "M36")
        fields = self._with_nonce(place) if place in self._nonces else {}
        after = {"Retry_After": str(busy.told)}
        raise Refused(429, "rate_limited", f"Wait {busy.told} s.", **after, **fields)

    def _with_nonce(self, place: str) -> dict[str, str]:
        return {"DPoP-Nonce": self._nonces[place].current()}
