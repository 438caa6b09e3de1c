"""A small verifier of DPoP calls with an issuer of its own, sound or with any one hole in it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec

from dialtone_kit.attacks.calls import Answer, Call
from dialtone_kit.attacks.victim import Victim
from dialtone_kit.base.errors import DialtoneError, ProofRefused, TokenRefused
from dialtone_kit.base.nonces import TimedNonces
from dialtone_kit.keys import ProofKey, jwk_of
from dialtone_kit.proofs import SeenProofs, check_proof
from dialtone_kit.rules import (
    RULES,
    Request,
)
from dialtone_kit.tokens import (
    Decoded,
    bound_thumbprint,
    read_unverified,
    sign_token,
    verify_token,
)
from tests.support.verifier_holes import STAND_INS

URL = "https://notes.example/api/notes"
ELSEWHERE = "https://mail.example/api"
ISSUER = "https://id.example/realms/main"
ADVERTISED = ("ES256", "ES384", "EdDSA")


# Verifiers that believe a token unverified if this holds.
TOKEN_HOLES: Mapping[str, Callable[[SmallVerifier, Decoded], bool]] = {
    "decoded": lambda own, read: (
        read.claims["iss"] == ISSUER
        and read.claims.get("aud") == own.url
        and read.claims["exp"] > time.time()
        and "cnf" in read.claims
    ),
    "token of alg none": lambda own, read: read.header["alg"] == "none",
    "the key in the token": lambda own, read: "jwk" in read.header,
}
# Verifiers that take what the token says of its audience if this holds.
AUDIENCES: Mapping[str, Callable[[Any, str], bool]] = {
    "aud": lambda aud, url: bool(aud),
    "aud that begins so": lambda aud, url: str(aud).startswith(url),
    "aud as a beginning": lambda aud, url: url.startswith(str(aud or "-")),
    "aud and a slash": lambda aud, url: str(aud).rstrip("/") == url,
    "aud if there": lambda aud, url: aud is None,
}


@dataclass
class SmallVerifier:
    """`send(call)` answers as an API would. `hole` is a name of STAND_INS, or one of its own."""

    hole: str = ""
    url: str = URL
    nonces: bool = False
    issuer_key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    calls: int = 0

    def __post_init__(self) -> None:
        self.seen = SeenProofs()
        self.jwks = {"keys": [{**jwk_of(self.issuer_key.public_key()), "kid": "1", "alg": "ES256"}]}
        stand_ins = STAND_INS.get(self.hole, {})
        self.rules = [stand_ins.get(rule.__name__, rule) for rule in RULES]
        self.own_nonces = TimedNonces(b"k" * 32, "small", 120, time.time) if self.nonces else None

    def token(
        self, key: ProofKey | None, audience: str = "", scope: str = "notes:read", **more: Any
    ) -> str:
        now = int(time.time())
        claims: dict[str, Any] = {"iss": ISSUER, "sub": "cli_a", "client_id": "cli_a"}
        claims |= {"iat": now, "exp": now + 3600, "jti": f"{now}-{id(object())}-{scope}"}
        claims |= {"scope": scope, "aud": audience or self.url, "token_type": "access_token"}
        claims |= {"cnf": {"jkt": key.thumbprint} if key else None} | more
        given = {name: value for name, value in claims.items() if value is not None}
        return sign_token(self.issuer_key, given, kid="1")

    def victim(self, **more: Any) -> Victim:
        return Victim(
            self.token,
            {
                "smaller": lambda key: self.token(key, scope=""),
                "foreign": lambda key: self.token(key, ELSEWHERE),
                "several": lambda key: self.token(key, aud=[ELSEWHERE, self.url]),
                "longer": lambda key: self.token(key, f"{self.url}-too"),
                "shorter": lambda key: self.token(key, self.url.rpartition("/")[0]),
                "slashed": lambda key: self.token(key, f"{self.url}/"),
                "unnamed": lambda key: self.token(key, aud=None),
                "unbound": lambda _: self.token(None),
                "expired": lambda key: self.token(
                    key, iat=(now := int(time.time())) - 4200, exp=now - 600
                ),
                "strange": lambda key: self.token(key, iss="https://evil.example"),
            },
            algs=ADVERTISED,
            **more,
        )

    def __call__(self, call: Call) -> Answer:
        self.calls += 1
        more = (("DPoP-Nonce", self.own_nonces.current()),) if self.own_nonces else ()
        try:
            self.judge(call)
        except DialtoneError as refusal:
            error = refusal.error if isinstance(refusal, ProofRefused) else "invalid_token"
            fields = (("WWW-Authenticate", f'DPoP error="{error}", algs="ES256"'), *more)
            return Answer(401, fields, str(refusal))
        return Answer(200, more)

    def judge(self, call: Call) -> None:
        scheme, _, token = call.values("Authorization")[0].partition(" ")
        claims = self.believed(token)
        proofs = call.values("DPoP")
        if scheme.lower() != "dpop":
            if self.hole != "as bearer":
                raise TokenRefused("scheme", "Bearer is the wrong scheme here. [M08]")
        elif bound_thumbprint(claims) is None and self.hole not in ("unbound", "key_is_bound"):
            raise TokenRefused("cnf", "this token is bound to no key.")
        elif proofs or self.hole != "without proof":
            check_proof(proofs, self._request(call, token, claims), self.rules)

    def believed(self, token: str) -> Mapping[str, Any]:
        """The claims of a token, verified but for the hole."""
        read, now, issuer, ours = read_unverified(token), time.time(), ISSUER, [self.url]
        if (blind := TOKEN_HOLES.get(self.hole)) and blind(self, read):
            return read.claims
        if self.hole == "expired":
            now = float(read.claims["iat"])
        if self.hole == "any issuer":
            issuer = read.claims["iss"]
        if self.hole in AUDIENCES:
            aud = read.claims.get("aud")
            aud = aud[0] if isinstance(aud, list) else aud
            ours = [aud] if AUDIENCES[self.hole](aud, self.url) else ours
        return verify_token(token, self.jwks, issuer, now=now, audience=ours[0])

    def _request(self, call: Call, token: str, claims: Mapping[str, Any]) -> Request:
        believed = call.values(self.hole) if self.hole in ("Host", "X-Forwarded-Host") else []
        parts = urlsplit(self.url)
        return Request(
            call.method,
            f"{parts.scheme}://{(believed or [parts.netloc])[0]}{parts.path}",
            time.time(),
            access_token=token,
            bound_to=bound_thumbprint(claims),
            nonces=self.own_nonces,
            first_use=self.seen.first_use,
        )
