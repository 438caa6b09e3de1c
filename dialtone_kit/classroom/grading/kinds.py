"""The kit's own objects that cross as copies, and how: what a learner's function may be given.

A private key never crosses. `LentKey` has its public half, and asks for each signature.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from starlette.datastructures import Headers

from dialtone_kit.base.display import Shown
from dialtone_kit.base.masking import Secret
from dialtone_kit.classroom.grading.crossing import Kind
from dialtone_kit.client.credentials import Credentials
from dialtone_kit.client.device_login import DeviceLogin
from dialtone_kit.client.transport import open_client
from dialtone_kit.keys import ProofKey, thumbprint
from dialtone_kit.lesson.content.lesson_03.broken_proofs import BrokenProofs
from dialtone_kit.lesson.content.lesson_09.children import Child
from dialtone_kit.lesson.content.lesson_11.naive import Listing
from dialtone_kit.lesson.content.lesson_12.field_cases import FieldCases, Refusal
from dialtone_kit.lesson.content.lesson_12.recorded import Recorded
from dialtone_kit.lesson.leaf import Leaf
from dialtone_kit.tokens import Token
from dialtone_kit.wire.raw import PROVE

HERE = "http://127.0.0.1"
Pairs = list[tuple[bytes, bytes]]


class LentKey(ProofKey):
    """A key whose private half is on the other side."""

    __slots__ = ("_signs",)

    def __init__(self, public: Mapping[str, Any]) -> None:
        self.alg, self.public_jwk = str(public["alg"]), dict(public["jwk"])
        self.proof_header = str(public["header"])
        self.thumbprint = thumbprint(self.public_jwk)
        self._signs: Callable[[bytes], Any] = public["signs"]

    def sign(self, message: bytes) -> bytes:
        return bytes(self._signs(message))


class Elsewhere(httpx.BaseTransport):
    """A transport whose requests are sent by the other side."""

    def __init__(self, send: Callable[[httpx.Request, Any], httpx.Response]) -> None:
        self._send = send

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        return self._send(request, bool(request.extensions.get(PROVE)))


def _sender(client: httpx.Client) -> Callable[[httpx.Request, Any], httpx.Response]:
    def send(request: httpx.Request, proved_by_the_kit: Any) -> httpx.Response:
        if proved_by_the_kit:
            request.extensions[PROVE] = _nothing_more
        return client.send(request)

    return send


def _nothing_more(*_: object) -> None:
    """What is recorded of a proof that the kit has made on the other side."""


def _of_request(request: httpx.Request) -> tuple[str, str, Pairs, bytes]:
    return request.method, str(request.url), request.headers.raw, _body(request)


def _body(request: httpx.Request) -> bytes:
    return request.content if hasattr(request, "_content") else request.read()


def _request(packed: tuple[str, str, Pairs, bytes]) -> httpx.Request:
    method, url, headers, content = packed
    return httpx.Request(method, url, headers=headers, content=content or None)


def _of_response(response: httpx.Response) -> tuple[int, Pairs, bytes, Any]:
    response.read()
    try:
        request: httpx.Request | None = response.request
    except RuntimeError:  # made by hand
        request = None
    return response.status_code, response.headers.raw, response.content, request


def _response(packed: tuple[int, Pairs, bytes, Any]) -> httpx.Response:
    status, headers, content, request = packed
    return httpx.Response(status, headers=headers, content=content, request=request)


def _of_private(key: ec.EllipticCurvePrivateKey) -> bytes:
    """A key that a check makes for a learner's function, and for nothing else."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _broken(packed: Mapping[str, Any]) -> BrokenProofs:
    proofs = BrokenProofs.__new__(BrokenProofs)
    proofs.update(packed["proofs"])
    proofs.now = packed["now"]
    return proofs


def _dataclass(cls: type, *, back: bool = False) -> Kind:
    names = [one.name for one in fields(cls) if one.init]
    return Kind(
        cls.__name__,
        cls,
        lambda thing: {name: getattr(thing, name) for name in names},
        lambda members: cls(**members),
        back,
    )


KINDS = (
    Kind("datetime", datetime, datetime.isoformat, datetime.fromisoformat, back=True),
    Kind("Secret", Secret, lambda secret: secret.reveal(), Secret, back=True),
    Kind(
        "ProofKey",
        ProofKey,
        lambda k: {"alg": k.alg, "jwk": k.public_jwk, "header": k.proof_header, "signs": k.sign},
        LentKey,
        back=True,
    ),
    Kind("Request", httpx.Request, _of_request, _request, back=True),
    Kind("Response", httpx.Response, _of_response, _response, back=True),
    *(_dataclass(cls, back=True) for cls in (Token, Credentials, DeviceLogin)),
    *(_dataclass(cls) for cls in (Child, Leaf, Recorded, Refusal, Shown)),
    Kind(
        "Client",
        httpx.Client,
        _sender,
        lambda send: open_client(HERE, timeout=10.0, inner=Elsewhere(send)),
    ),
    Kind(
        "PrivateKey",
        ec.EllipticCurvePrivateKey,
        _of_private,
        lambda p: load_pem_private_key(p, None),
    ),
    Kind("Headers", Headers, lambda headers: headers.raw, lambda raw: Headers(raw=raw)),
    Kind("Namespace", SimpleNamespace, vars, lambda members: SimpleNamespace(**members)),
    Kind("PyJWK", jwt.PyJWK, lambda key: key._jwk_data, jwt.PyJWK),
    Kind(
        "BrokenProofs",
        BrokenProofs,
        lambda proofs: {"proofs": list(proofs.items()), "now": proofs.now},
        _broken,
    ),
    Kind("Listing", Listing, lambda listing: str.__str__(listing), Listing),
    Kind("FieldCases", FieldCases, lambda cases: list(cases.items()), FieldCases),
)
