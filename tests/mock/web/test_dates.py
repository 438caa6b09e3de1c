"""Which `Date` an answer has, where no running service can show it."""

from types import SimpleNamespace
from typing import Any

import pytest

from dialtone_kit.mock.core import clock
from dialtone_kit.mock.core.settings import Realm, built_in_realms
from dialtone_kit.mock.store.store import StoreUnavailable
from dialtone_kit.mock.web.dates import dated
from tests.support.own_loop import finished

NOW = 1_700_000_000.9


def sent(path: str, *, down: bool = False) -> list[Any]:
    """The headers of an answer at `path`, from a service whose store may be away."""
    messages: list[Any] = []

    async def find_realm(_name: str) -> Realm:
        if down:
            raise StoreUnavailable("away")
        return built_in_realms()["default"]

    async def send(message: Any) -> None:
        messages.append(message)

    async def respond() -> None:
        service: Any = SimpleNamespace(find_realm=find_realm)
        dated_send = await dated(service, path, send)
        await dated_send({"type": "http.response.start", "status": 200, "headers": [(b"x", b"y")]})
        await dated_send({"type": "http.response.body", "body": b""})

    finished(respond())
    assert messages[1] == {"type": "http.response.body", "body": b""}
    return list(messages[0]["headers"])


@pytest.fixture(autouse=True)
def moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "machine_now", lambda: NOW)
    monkeypatch.setattr(clock, "now", lambda realm: NOW + realm.offset)


@pytest.mark.parametrize("path", ["/jwks", "/realms/default/jwks"])
def test_date_is_in_whole_seconds_of_gmt(path: str) -> None:
    assert sent(path) == [(b"date", b"Tue, 14 Nov 2023 22:13:20 GMT"), (b"x", b"y")]


def test_no_date_rather_than_a_wrong_one() -> None:
    assert sent("/realms/lab-000000000000/jwks", down=True) == [(b"x", b"y")]
    assert len(sent("/jwks", down=True)) == 2
