"""What a lesson sets up to play with: private realms, workloads, a thief, APIs of its own.

Each is imported when it's used: no lesson needs all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from functools import cached_property
from typing import TYPE_CHECKING

import httpx

from dialtone_kit.base.errors import MockOnly
from dialtone_kit.client.identity import IdentityClient
from dialtone_kit.client.quiet import hiding
from dialtone_kit.local.controls import Controls
from dialtone_kit.wire.recorder import Wire

if TYPE_CHECKING:
    from dialtone_kit.lesson.attack_room import AttackRoom
    from dialtone_kit.lesson.attack_rooms import AttackRooms, Found
    from dialtone_kit.lesson.lab_realm import LabRealm
    from dialtone_kit.lesson.legacy_api import LegacyApi
    from dialtone_kit.lesson.reverse_proxy import ReverseProxy
    from dialtone_kit.lesson.second_process import Find
    from dialtone_kit.lesson.tool_server import ToolServer
    from dialtone_kit.lesson.workloads import Cluster
    from dialtone_kit.spiffe.workload import Workload


class Stage:
    """The part of a lesson that sets things up, and takes them down at its end."""

    def __init__(
        self,
        base_url: str,
        controls: Controls,
        wire: Wire,
        client: IdentityClient,
        *,
        is_mock: bool,
    ) -> None:
        self.base_url, self.controls, self.wire, self.client = base_url, controls, wire, client
        self.is_mock = is_mock
        self._lab_realms: list[LabRealm] = []
        self._to_end = ExitStack()  # the newest is closed first

    @cached_property
    def _rooms(self) -> AttackRooms:
        from dialtone_kit.lesson.attack_rooms import AttackRooms

        return AttackRooms(self.base_url, self.controls, self.wire, is_mock=self.is_mock)

    @property
    def clients(self) -> list[IdentityClient]:
        """The clients of this lesson: its own, then those of its private realms."""
        return [self.client, *(lab.client for lab in self._lab_realms)]

    def lab_realm(
        self,
        like: str = "default",
        scopes: Sequence[str] = ("openid",),
        *,
        without: str | None = None,
        workload: Workload | None = None,
    ) -> LabRealm:
        """A private realm with a registered client, removed by `done()` at the latest (mock only).

        `without` names one check that is switched off there. With `workload` the client is
        that workload, and has no secret. With or without a `with`, the realm is removed when the
        kernel ends.
        """
        if not self.is_mock:
            raise MockOnly(
                "Only the local service has private realms; the real service has none to break. "
                'Set base_url = "mock" to run this part.'
            )
        from dialtone_kit.lesson.lab_realm import LabRealm

        lab = LabRealm(
            self.base_url,
            self.controls,
            self.wire,
            like=like,
            scopes=scopes,
            without=without,
            workload=workload,
        )
        self._lab_realms.append(lab)
        self._to_end.callback(lab.remove)
        return lab

    def room(self, number: int) -> AttackRoom:
        """A room of the attack lab, with one check off and a flag to find (mock only).

        Its number is that of the attack that opens it; in room 0 nothing is off. `done()` removes
        it at the latest.
        """
        return self._rooms.room(number)

    def found(self, flag: object) -> Found:
        """Which open room a flag is from, and whether the check that is off there let you in."""
        return self._rooms.found(flag)

    def cluster(self) -> Cluster:
        """Workloads to play with, and a platform that vouches for them (mock only)."""
        if not self.is_mock:
            raise MockOnly(
                "This lesson needs a platform that vouches for your workloads. The local service "
                'comes with one; set base_url = "mock" to run it.'
            )
        from dialtone_kit.lesson.workloads import Cluster

        cluster = Cluster(self.base_url, self.controls, self.wire)
        self._to_end.callback(cluster.remove)
        return cluster

    @hiding
    def thief(self, method: str, url: str, *finds: Find) -> list[httpx.Response]:
        """What a second process gets for `finds`: tokens, or a client's credentials.

        It has them from standard input and a key of its own. It shows each token as Bearer, a bound
        one also with its own proof; with credentials it gets a token first, then calls `url`.
        """
        from dialtone_kit.lesson.second_process import robbed

        return robbed(self.clients, method, url, finds)

    def legacy_api(self, client: IdentityClient | None = None) -> LegacyApi:
        """An API on this machine that knows only Bearer, for tokens of `client`'s issuer.

        `done()` closes it at the latest.
        """
        from dialtone_kit.lesson.legacy_api import LegacyApi

        api = LegacyApi(client or self.client)
        self._to_end.callback(api.close)
        return api

    def reverse_proxy(self) -> ReverseProxy:
        """A reverse proxy in front of the service, on this machine; `done()` closes it."""
        from dialtone_kit.lesson.reverse_proxy import ReverseProxy

        proxy = ReverseProxy(self.base_url)
        self._to_end.callback(proxy.close)
        return proxy

    def tool_server(self, client: IdentityClient | None = None) -> ToolServer:
        """A port of this machine for an MCP server of yours; `done()` closes it.

        Its tokens come from the issuer of `client`, by default the lesson's.
        """
        from dialtone_kit.lesson.tool_server import ToolServer

        server = ToolServer(client or self.client)
        self._to_end.callback(server.close)
        return server

    def _clear_the_stage(self) -> None:
        if "_rooms" in vars(self):  # opened at least once
            self._rooms.close()
        self._to_end.close()
        self._lab_realms.clear()
