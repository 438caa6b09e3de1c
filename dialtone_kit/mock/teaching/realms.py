"""Private realms for a lesson, where time can move and things can break."""

from __future__ import annotations

import secrets

from sqlalchemy import Connection, func, insert, select
from starlette.requests import Request
from starlette.responses import Response

from dialtone_kit.mock.access import attack_lab
from dialtone_kit.mock.core import clock
from dialtone_kit.mock.core.realm_rows import drop_realm, empty_realm
from dialtone_kit.mock.core.refusal import NO_STORE, Refusal
from dialtone_kit.mock.core.settings import PRIVATE_KEPT, Realm
from dialtone_kit.mock.schemas.teaching import Cleared, PrivateRealm, RealmLike, ResetRequest
from dialtone_kit.mock.store import tables
from dialtone_kit.mock.teaching.owner import control, seat_of
from dialtone_kit.mock.web.context import realm_of, service_of
from dialtone_kit.mock.web.requests import read_json
from dialtone_kit.mock.web.responses import json_answer, no_content

MOST_OF_A_SEAT = 3  # private realms of one learner at a time


@control(
    "A private realm of your own",
    answers=PrivateRealm,
    status=201,
    body=RealmLike,
    refusals=(404, 409, 503),
    learners=True,
)
async def make_realm(request: Request) -> Response:
    """It behaves like the realm that it names, but here time can move and things can break.

    With `without` it is an attack lab: the check of that name is off. 400 for one that the others
    depend on. A learner of a class has at most three at a time.
    """
    service = service_of(request)
    sent = await read_json(request, RealmLike)
    if sent.like not in service.realms:
        raise no_such_realm()
    if sent.without is not None:
        attack_lab.must_be_possible(sent.without, service.realms[sent.like])
    name = f"lab-{secrets.token_hex(6)}"
    row = {"name": name, "like": sent.like, "offset": 0.0, "without": sent.without}
    row["forget_at"] = clock.machine_now() + PRIVATE_KEPT
    seat = seat_of(request)
    row["seat"] = seat and seat.number

    def make(tx: Connection) -> None:
        if seat is not None and _realms_of(tx, seat.number) >= MOST_OF_A_SEAT:
            raise _too_many_realms()
        tx.execute(insert(tables.realms), row)

    await service.store.write(make)
    made = {"realm": name, "issuer": service.settings.issuer(name), "like": sent.like}
    return json_answer({**made, "without": sent.without}, 201, NO_STORE)


def _realms_of(tx: Connection, seat: int) -> int:
    mine = select(func.count()).select_from(tables.realms).where(tables.realms.c.seat == seat)
    return int(tx.execute(mine).scalar_one())


def _too_many_realms() -> Refusal:
    return Refusal(
        409,
        "conflict",
        f"Your seat has {MOST_OF_A_SEAT} private realms already, and that's the most. Run "
        "lesson.done() in a notebook that you have finished, or lesson.remove_realms() to remove "
        "all of them.",
    )


@control(
    "Remove a private realm and everything in it",
    answers=None,
    status=204,
    refusals=(404, 503),
    learners=True,
)
async def remove_realm(request: Request) -> Response:
    """Its clients, notes, emails and limits go with it; its tokens are dead."""
    realm = await private_realm(request, (await realm_of(request)).name)
    await service_of(request).store.write(lambda tx: drop_realm(tx, realm.name))
    return no_content()


@control(
    "Remove all your private realms",
    answers=Cleared,
    refusals=(503,),
    learners=True,
)
async def remove_realms(request: Request) -> Response:
    """For a learner whose notebook was killed. The owner's and other learners' stay."""
    seat, column = seat_of(request), tables.realms.c.seat
    mine = column.is_(None) if seat is None else column == seat.number

    def remove(tx: Connection) -> int:
        names = tx.execute(select(tables.realms.c.name).where(mine)).scalars().all()
        for name in names:
            drop_realm(tx, name)
        return len(names)

    cleared = await service_of(request).store.write(remove)
    return json_answer({"cleared": cleared}, headers=NO_STORE)


@control(
    "Empty a realm",
    answers=Cleared,
    body=ResetRequest,
    refusals=(404, 503),
    learners=True,
)
async def reset_realm(request: Request) -> Response:
    """A public realm only with `confirm` naming it again: others may be using it."""
    service = service_of(request)
    sent = await read_json(request, ResetRequest)
    realm = await (private_realm if seat_of(request) else named_realm)(request, sent.realm)
    if not realm.private and sent.confirm != realm.name:
        raise Refusal(
            403,
            "access_denied",
            f'To delete everything in {realm.name}, send its name in "confirm".',
        )
    cleared = await service.store.write(lambda tx: empty_realm(tx, realm.name))
    return json_answer({"cleared": cleared}, headers=NO_STORE)


async def named_realm(request: Request, name: str) -> Realm:
    """The realm of that name. 404 when there is none, or it's another learner's."""
    realm, seat = await service_of(request).find_realm(name), seat_of(request)
    if realm is None or (seat and realm.private and realm.seat != seat.number):
        raise no_such_realm()
    return realm


async def private_realm(request: Request, name: str) -> Realm:
    """The private realm of that name. 404 when there is none, 403 for a public one."""
    realm = await named_realm(request, name)
    if not realm.private:
        raise Refusal(
            403,
            "access_denied",
            f"{name} is shared by everyone. Make a private realm at /mock/realms for this.",
        )
    return realm


def no_such_realm() -> Refusal:
    return Refusal(404, "not_found", "There is no realm with this name.")
