"""Teaching controls, /mock/…: for whoever started the service, and only on this machine.

Guarded by a token that is computed from the secret in the user's 0600 file. Time, faults and reset
belong to a realm; what could disturb others works in private realms only.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Awaitable, Callable
from functools import wraps
from hashlib import sha256

from sqlalchemy import Connection, delete, insert, update
from starlette.requests import Request
from starlette.responses import Response

import dialtone_kit
from dialtone_kit.mock.access import attack_lab
from dialtone_kit.mock.core import clock
from dialtone_kit.mock.core.service import Service, realm_of, service_of
from dialtone_kit.mock.core.settings import PRIVATE_KEPT, Realm
from dialtone_kit.mock.schemas import controls, queries
from dialtone_kit.mock.store import tables
from dialtone_kit.mock.web.describe import describe
from dialtone_kit.mock.web.requests import header_values, query_text, read_json
from dialtone_kit.mock.web.responses import NO_STORE, Refusal, json_answer, log, no_content

GUARDED = ("control_token",)
FARTHEST = 100 * 366 * 86400  # seconds that a realm can be ahead: no calendar reaches past 9999
Handler = Callable[[Request], Awaitable[Response]]


def control_token(secret: str) -> str:
    """What `Authorization: Bearer …` must carry at /mock/…; the secret itself never travels."""
    return _keyed(secret, "control")


def guarded(handler: Handler) -> Handler:
    """Let `handler` run only for the owner of the service. 401 otherwise, without telling why."""

    @wraps(handler)
    async def checked(request: Request) -> Response:
        expected = f"bearer {control_token(_secret(request))}"
        came = header_values(request, "authorization")
        scheme, _, token = came[0].partition(" ") if len(came) == 1 else ("", "", "")
        if not hmac.compare_digest(f"{scheme.lower()} {token}".encode(), expected.encode()):
            log.warning("a control was called without the control token")
            raise Refusal(
                401,
                "unauthorized",
                "The teaching controls are for the one who started this service.",
                (("WWW-Authenticate", 'Bearer realm="mock"'),),
            )
        return await handler(request)

    return checked


@describe(
    "Is this the service that my state file means?",
    answers=controls.Hello,
    query=queries.HelloQuery,
    refusals=(400,),
)
async def hello(request: Request) -> Response:
    """Anybody can sit on a port; only who knows the secret can answer this."""
    settings = service_of(request).settings
    nonce = request.query_params.get("nonce", "")
    if not 1 <= len(nonce) <= 256:
        raise Refusal(400, "invalid_request", "nonce: 1 to 256 characters, please.")
    answer = {
        "answer": _keyed(_secret(request), f"hello|{nonce}|{settings.base_url}"),
        "pid": settings.pid,
        "version": dialtone_kit.__version__,
        "base_url": settings.base_url,
    }
    return json_answer(answer, headers=NO_STORE)


@describe(
    "The mails sent, newest first",
    answers=controls.Inbox,
    query=queries.InboxQuery,
    refusals=(400, 401, 503),
    security=GUARDED,
)
@guarded
async def inbox(request: Request) -> Response:
    """What lies in the sponsors' mailboxes. On the real service only the sponsor sees this."""
    service, asked = service_of(request), request.query_params
    limit = asked.get("limit", "50")
    if not (limit.isascii() and limit.isdigit() and 1 <= int(limit[:6]) <= 200):
        raise Refusal(400, "invalid_request", "limit: a number from 1 to 200.")
    email, realm = query_text(request, "email"), query_text(request, "realm")
    box = service.inbox
    assert box is not None  # noqa: S101  (with a secret there is one)
    rows = await service.store.read(lambda tx: box.look(tx, email, realm, int(limit)))
    mails = [
        {
            "id": row["id"],
            "to": row["recipient"],
            "subject": row["subject"],
            "sent_at": clock.rfc3339(row["sent_at"]),
            "realm": row["realm"],
            "text": row["text"],
            "code": row["code"],
        }
        for row in rows
    ]
    return json_answer({"mails": mails}, headers=NO_STORE)


@describe(
    "Move a private realm's time on",
    answers=controls.ClockReading,
    body=controls.ClockMove,
    refusals=(400, 401, 403, 404, 413, 415, 503),
    security=GUARDED,
)
@guarded
async def move_clock(request: Request) -> Response:
    """Forward only: going back would open the window of proofs that were used already."""
    service = service_of(request)
    sent = await read_json(request, controls.ClockMove)
    realm = await private_realm(service, sent.realm)
    column = tables.realms.c.offset

    def move(tx: Connection) -> tuple[bool, Realm | None]:
        change = update(tables.realms).where(
            tables.realms.c.name == realm.name, column + sent.move_seconds <= FARTHEST
        )
        done = tx.execute(change.values(offset=column + sent.move_seconds)).rowcount
        return bool(done), service.private_realm(tx, realm.name)

    done, moved = await service.store.write(move)
    if moved is None:
        raise _no_realm()
    if not done:
        raise Refusal(
            400, "invalid_request", "move_seconds: a realm can be 100 years ahead at most."
        )
    reading = {"realm": moved.name, "offset": moved.offset, "now": clock.now(moved)}
    return json_answer(reading, headers=NO_STORE)


@describe(
    "Forget the counted registrations",
    answers=controls.Cleared,
    body=controls.RealmChoice,
    refusals=(400, 401, 404, 413, 415, 503),
    security=GUARDED,
)
@guarded
async def clear_limits(request: Request) -> Response:
    """Of one realm; of all public ones when none is named."""
    service = service_of(request)
    sent = await read_json(request, controls.RealmChoice)
    names = list(service.realms)
    if sent.realm is not None:
        names = [(await _realm(service, sent.realm)).name]
    hits = tables.limit_hits
    cleared = await service.store.write(
        lambda tx: tx.execute(delete(hits).where(hits.c.realm.in_(names))).rowcount
    )
    return json_answer({"cleared": cleared}, headers=NO_STORE)


@describe(
    "A private realm of your own",
    answers=controls.PrivateRealm,
    status=201,
    body=controls.RealmLike,
    refusals=(400, 401, 404, 413, 415, 503),
    security=GUARDED,
)
@guarded
async def make_realm(request: Request) -> Response:
    """It behaves like the realm named, and only here time can move and things can break.

    With `without` it is an attack lab: the one proof rule of that name is off. 400 for a rule that
    the others can't do without.
    """
    service = service_of(request)
    sent = await read_json(request, controls.RealmLike)
    if sent.like not in service.realms:
        raise _no_realm()
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


@describe(
    "Remove a private realm with all that is in it",
    answers=None,
    status=204,
    refusals=(401, 403, 503),
    security=GUARDED,
)
@guarded
async def remove_realm(request: Request) -> Response:
    """Its clients, notes, mails and limits go with it; its tokens are dead."""
    service = service_of(request)
    realm = await private_realm(service, (await realm_of(request)).name)
    await service.store.write(lambda tx: drop_realm(tx, realm.name))
    return no_content()


@describe(
    "Empty a realm",
    answers=controls.Cleared,
    body=controls.ResetRequest,
    refusals=(400, 401, 403, 404, 413, 415, 503),
    security=GUARDED,
)
@guarded
async def reset(request: Request) -> Response:
    """A public realm only with `confirm` naming it again: others may be using it."""
    service = service_of(request)
    sent = await read_json(request, controls.ResetRequest)
    realm = await _realm(service, sent.realm)
    if not realm.private and sent.confirm != realm.name:
        raise Refusal(
            403, "access_denied", f'Everything in {realm.name} would go. Add "confirm" to mean it.'
        )
    cleared = await service.store.write(lambda tx: empty_realm(tx, realm.name))
    return json_answer({"cleared": cleared}, headers=NO_STORE)


@describe(
    "Break the next requests in a private realm",
    answers=controls.Cleared,
    body=controls.FaultRequest,
    refusals=(400, 401, 403, 404, 413, 415, 503),
    security=GUARDED,
)
@guarded
async def add_fault(request: Request) -> Response:
    """The next `times` requests whose path ends in `path_suffix` get the fault; 0 were cleared.

    status: an error answer, for 429 and 503 with `Retry-After: seconds`; delay: by `seconds`; drop:
    the connection is cut. Several wait in the order in which they came.
    """
    service = service_of(request)
    sent = await read_json(request, controls.FaultRequest)
    realm = await private_realm(service, sent.realm)
    row = {**sent.model_dump(exclude={"times"}), "realm": realm.name, "times_left": sent.times}
    await service.store.write(lambda tx: tx.execute(insert(tables.faults), row).rowcount)
    return json_answer({"cleared": 0}, headers=NO_STORE)


@describe(
    "Take back the faults that still wait in a private realm",
    answers=controls.Cleared,
    body=controls.RealmName,
    refusals=(400, 401, 403, 404, 413, 415, 503),
    security=GUARDED,
)
@guarded
async def clear_faults(request: Request) -> Response:
    """All of them; the realm stays as it is otherwise."""
    service = service_of(request)
    sent = await read_json(request, controls.RealmName)
    realm = await private_realm(service, sent.realm)
    waiting = delete(tables.faults).where(tables.faults.c.realm == realm.name)
    cleared = await service.store.write(lambda tx: tx.execute(waiting).rowcount)
    return json_answer({"cleared": cleared}, headers=NO_STORE)


def empty_realm(tx: Connection, name: str) -> int:
    """Remove every row of a realm; used proofs stay used. Returns how many went."""
    return sum(
        tx.execute(delete(table).where(table.c.realm == name)).rowcount
        for table in tables.OF_A_REALM
    )


def drop_realm(tx: Connection, name: str) -> None:
    """Remove a private realm itself, too."""
    empty_realm(tx, name)
    tx.execute(delete(tables.realms).where(tables.realms.c.name == name))


async def _realm(service: Service, name: str) -> Realm:
    realm = await service.find_realm(name)
    if realm is None:
        raise _no_realm()
    return realm


async def private_realm(service: Service, name: str) -> Realm:
    """The private realm of that name. 404 when there is none, 403 for a public one."""
    realm = await _realm(service, name)
    if not realm.private:
        raise Refusal(
            403,
            "access_denied",
            f"{name} belongs to everybody. Make a private realm at /mock/realms for this.",
        )
    return realm


def _no_realm() -> Refusal:
    return Refusal(404, "not_found", "There is no realm of this name.")


def _secret(request: Request) -> str:
    secret = service_of(request).settings.secret
    assert secret is not None  # noqa: S101  (without one these routes are not there)
    return secret


def _keyed(secret: str, text: str) -> str:
    return hmac.new(secret.encode(), text.encode("utf-8", "surrogatepass"), sha256).hexdigest()
