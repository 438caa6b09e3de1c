"""Private realms for a lesson, where time can move and things can break."""

from __future__ import annotations

import secrets

from sqlalchemy import insert
from starlette.requests import Request
from starlette.responses import Response

from dialtone_kit.mock.access import attack_lab
from dialtone_kit.mock.core import clock
from dialtone_kit.mock.core.realms import drop_realm, empty_realm
from dialtone_kit.mock.core.refusal import NO_STORE, Refusal
from dialtone_kit.mock.core.service import Service
from dialtone_kit.mock.core.settings import PRIVATE_KEPT, Realm
from dialtone_kit.mock.schemas.teaching import Cleared, PrivateRealm, RealmLike, ResetRequest
from dialtone_kit.mock.store import tables
from dialtone_kit.mock.teaching.owner import control
from dialtone_kit.mock.web.context import realm_of, service_of
from dialtone_kit.mock.web.requests import read_json
from dialtone_kit.mock.web.responses import json_answer, no_content


@control(
    "A private realm of your own",
    answers=PrivateRealm,
    status=201,
    body=RealmLike,
    refusals=(404, 503),
)
async def make_realm(request: Request) -> Response:
    """It behaves like the realm that it names, but here time can move and things can break.

    With `without` it is an attack lab: the check of that name is off. 400 for one that the others
    depend on.
    """
    service = service_of(request)
    sent = await read_json(request, RealmLike)
    if sent.like not in service.realms:
        raise no_such_realm()
    if sent.without is not None:
        attack_lab.must_be_possible(sent.without, service.realms[sent.like])
    name = f"lab-{secrets.token_hex(6)}"
    row = {"name": name, "like": sent.like, "offset": 0.0, "without": sent.without}
    forget_at = clock.machine_now() + PRIVATE_KEPT
    await service.store.write(
        lambda tx: tx.execute(insert(tables.realms), {**row, "forget_at": forget_at}).rowcount
    )
    made = {"realm": name, "issuer": service.settings.issuer(name), "like": sent.like}
    return json_answer({**made, "without": sent.without}, 201, NO_STORE)


@control(
    "Remove a private realm and everything in it",
    answers=None,
    status=204,
    refusals=(403, 503),
)
async def remove_realm(request: Request) -> Response:
    """Its clients, notes, emails and limits go with it; its tokens are dead."""
    service = service_of(request)
    realm = await private_realm(service, (await realm_of(request)).name)
    await service.store.write(lambda tx: drop_realm(tx, realm.name))
    return no_content()


@control(
    "Empty a realm",
    answers=Cleared,
    body=ResetRequest,
    refusals=(403, 404, 503),
)
async def reset_realm(request: Request) -> Response:
    """A public realm only with `confirm` naming it again: others may be using it."""
    service = service_of(request)
    sent = await read_json(request, ResetRequest)
    realm = await named_realm(service, sent.realm)
    if not realm.private and sent.confirm != realm.name:
        raise Refusal(
            403,
            "access_denied",
            f'To delete everything in {realm.name}, send its name in "confirm".',
        )
    cleared = await service.store.write(lambda tx: empty_realm(tx, realm.name))
    return json_answer({"cleared": cleared}, headers=NO_STORE)


async def named_realm(service: Service, name: str) -> Realm:
    realm = await service.find_realm(name)
    if realm is None:
        raise no_such_realm()
    return realm


async def private_realm(service: Service, name: str) -> Realm:
    """The private realm of that name. 404 when there is none, 403 for a public one."""
    realm = await named_realm(service, name)
    if not realm.private:
        raise Refusal(
            403,
            "access_denied",
            f"{name} is shared by everyone. Make a private realm at /mock/realms for this.",
        )
    return realm


def no_such_realm() -> Refusal:
    return Refusal(404, "not_found", "There is no realm with this name.")
