"""New signing keys and SPIFFE roots, on request."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from dialtone_kit.mock.core import audit, clock, signing_keys
from dialtone_kit.mock.core.refusal import NO_STORE
from dialtone_kit.mock.core.service import Service
from dialtone_kit.mock.schemas.teaching import RotatedKeys
from dialtone_kit.mock.spiffe import authority
from dialtone_kit.mock.spiffe.settings import SpiffeSettings
from dialtone_kit.mock.teaching.owner import control
from dialtone_kit.mock.web.context import service_of
from dialtone_kit.mock.web.responses import json_answer


@control(
    "Rotate the keys: those that sign access tokens, and SPIFFE's roots",
    answers=RotatedKeys,
    status=201,
    refusals=(503,),
)
async def rotate_keys(request: Request) -> Response:
    """New keys are published first and sign once every verifier can know them; nothing live breaks.

    The trust bundle holds both roots meanwhile, and its `spiffe_sequence` rises.
    """
    service = service_of(request)
    return json_answer(await service.store.write(lambda tx: _rotate(tx, service)), 201, NO_STORE)


def _rotate(tx: Connection, service: Service) -> dict[str, Any]:
    """Make all new keys in one transaction; returns what the caller may know of them."""
    domain = service.part(SpiffeSettings).trust_domain
    new, roots = signing_keys.rotate(tx, service.settings.keys_fresh), authority.rotate(tx, domain)
    bundle = authority.bundle(tx, domain, clock.machine_now())
    sequence = bundle["spiffe_sequence"]
    audit.record(
        tx, service.realms["default"], "keys_rotated", kid=new.kid, spiffe_sequence=sequence
    )
    return {
        "kid": new.kid,
        **_times(new),
        "spiffe": {**_times(roots), "spiffe_sequence": sequence},
    }


def _times(new: signing_keys.Rotation | authority.Rotation) -> dict[str, str]:
    return {
        "signs_from": clock.rfc3339(new.sign_from),
        "old_until": clock.rfc3339(new.old_until),
    }
