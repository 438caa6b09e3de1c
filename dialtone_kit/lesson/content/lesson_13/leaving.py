"""An agent that is about to leave, with what it holds, and what is left of it after: 13.clean."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from dialtone_kit.base.errors import ServiceError
from dialtone_kit.client import config_folder
from dialtone_kit.client.credentials import Credentials, path_for
from dialtone_kit.client.identity import IdentityClient
from dialtone_kit.lesson.exercises.asking import ask, lent
from dialtone_kit.lesson.exercises.definition import LiveLesson
from dialtone_kit.lesson.exercises.verdict import Wrong
from dialtone_kit.lesson.lab_realm import LabRealm
from dialtone_kit.local import seat

CONFIG = "config"
OWN, LOGIN, REFRESH = "its own token", "the token of its login", "the refresh token"
ONLY_DELETED = (
    "You deleted the file, and {left} still works: the API answers 200. Deleting is not revoking: "
    "only the service ends a token."
)
STILL_LIVES = {
    OWN: "The token that the client got for itself still works: the API answers 200.",
    LOGIN: "The access token of the login still works: the API answers 200.",
    REFRESH: "The refresh token lives: it gets a new access token whenever it likes. A Token has "
    "it in `refresh_token`.",
}
NOT_YOURS = (
    '400: one of the tokens isn\'t yours to revoke. `token.claims["client_id"]` says to which '
    "client each was issued."
)
ON_DISK = (
    "The client's secret is still on disk, and it gets new tokens. `path_for` says where it is."
)
MOVED = (
    "The client's secret is still on disk, under another name, and it gets new tokens. Delete the "
    "file instead of moving or copying it."
)
TOO_MUCH = (
    "You deleted or changed another client's credentials, too. Only this client leaves: `path_for` "
    "names its one file."
)


class Scene:
    """In a private realm: the agent that leaves, with what it got, and a client that stays."""

    def __init__(self, lab: LabRealm, lesson: LiveLesson) -> None:
        self.leaver, self.stayer = (lab.agent(name, ["openid"]) for name in ("leaver", "stayer"))
        client, key = self.leaver.client, self.leaver.key
        login = client.start_device("openid")
        lesson.approve(login)
        self.login = client.wait_for_device(replace(login, interval=0), key)
        self.own = client.get_token(key=key)
        foreign = self.stayer.client.get_token(key=self.stayer.key)
        self.tokens = tuple(random.sample([self.own, self.login, foreign], 3))

    def left(self) -> list[str]:
        """What of the leaver's still lives, by the service's own word."""
        asking = self.leaver.client
        held = {OWN: self.own, LOGIN: self.login, REFRESH: self.login.refresh_token}
        asked = {name: asking.introspect(token) for name, token in held.items() if token}
        return [name for name, said in asked.items() if said["active"]]


def judge_leaving(clean_up: Callable[..., Any], lesson: LiveLesson) -> None:
    """Judge `clean_up(client, tokens)` by introspection, the disk, and what stays in the realm."""
    with _own_folder() as folder, lesson.lab_realm(scopes=()) as lab:
        scene = Scene(lab, lesson)
        disk = Disk(folder, scene.leaver.client, scene.stayer.client)
        with lent(scene.leaver.client) as client:
            ask(_passing(clean_up), client, scene.tokens)
        left = scene.left()
        if len(left) == len(STILL_LIVES) and not disk.gone.exists():
            raise Wrong(ONLY_DELETED.format(left=left[0]), "M37")
        if left:
            raise Wrong(STILL_LIVES[left[0]])
        disk.judge()


class Disk:
    """The credentials of two clients below `folder`, before a learner's function touches them."""

    def __init__(self, folder: Path, leaver: IdentityClient, stayer: IdentityClient) -> None:
        self._folder = folder / CONFIG
        self.gone, self._stays = (path_for(_of(client).client_id) for client in (leaver, stayer))
        self._secret, self._before = _of(leaver).client_secret, self._stays.read_bytes()
        self._link = folder / "link"  # it counts the names that the file has, wherever they are
        with suppress(OSError):  # there are disks without links
            os.link(self.gone, self._link)

    def judge(self) -> None:
        """Raise Wrong unless the leaver's file is gone, and nothing else."""
        if self.gone.exists():
            raise Wrong(ON_DISK)
        if self._is_elsewhere():
            raise Wrong(MOVED)
        if not self._stays.is_file() or self._stays.read_bytes() != self._before:
            raise Wrong(TOO_MUCH)

    def _is_elsewhere(self) -> bool:
        """Whether the file has another name, or a file in the same folders holds the secret."""
        if self._link.exists() and self._link.stat().st_nlink > 1:
            return True
        secret = self._secret.reveal().encode() if self._secret else b""
        files = (path for path in self._folder.rglob("*") if path.is_file())
        return any(secret in path.read_bytes() for path in files)


def _of(client: IdentityClient) -> Credentials:
    assert client.credentials is not None  # noqa: S101  (it has just registered)
    return client.credentials


@contextmanager
def _own_folder() -> Iterator[Path]:
    """Credentials go to a folder of this check's own: a slip with `rmtree` ends there.

    The session file of a class is in the usual folder, and stays in use.
    """
    session = seat.session_path()
    with TemporaryDirectory() as folder:
        own = {config_folder.VARIABLE: str(Path(folder) / CONFIG)}
        if session:
            own[seat.VARIABLE] = str(session)
        before = {name: os.environ.get(name) for name in own}
        os.environ.update(own)
        try:
            yield Path(folder)
        finally:
            for name, value in before.items():
                os.environ.pop(name)
                if value is not None:
                    os.environ[name] = value


def _passing(clean_up: Callable[..., Any]) -> Callable[..., Any]:
    """`clean_up`, with the service's refusal of another client's token in words."""

    def called(*arguments: object) -> object:
        try:
            return clean_up(*arguments)
        except ServiceError as refused:
            if refused.status == 400:
                raise Wrong(NOT_YOURS) from None
            raise

    return called
