"""Six things found in a log, for 07.blast: made for real in a private realm, and tried there."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Mapping, Set
from contextlib import closing
from typing import Any

import httpx

from dialtone_kit.client.dpop_auth import DPoPAuth
from dialtone_kit.client.transport import open_client
from dialtone_kit.keys import ProofKey
from dialtone_kit.lesson.answers import read_answer
from dialtone_kit.lesson.exercises.asking import show
from dialtone_kit.lesson.exercises.verdict import Wrong
from dialtone_kit.lesson.lab_realm import LabRealm
from dialtone_kit.lesson.thief import Thief
from dialtone_kit.tokens import Token, text_of

Find = Mapping[str, Any]  # what is known about one find: see `token_find`
CAN = frozenset({"read", "call", "renew"})
SECRET: Find = {"what": "client ID and secret"}
ELSEWHERE = "https://reports.example/api"


def token_find(bound: bool = False, left: int = 0, made_for: str = "any API") -> dict[str, Any]:
    """An access token in a log; `left` is in seconds, by default some of an hour."""
    return {
        "what": "access token",
        "bound": bound,
        "seconds_left": left or random.randint(60, 3500),  # noqa: S311
        "made_for": made_for,
        "used_proof": False,
    }


def six_finds() -> list[Find]:
    """The six of the exercise, in random order."""
    finds = [
        token_find(made_for=random.choice(["any API", "this API"])),  # noqa: S311
        token_find(bound=True),
        token_find(bound=True) | {"used_proof": True},
        token_find(left=-random.randint(1, 3000)),  # noqa: S311
        token_find(made_for="another API"),
        SECRET,
    ]
    random.shuffle(finds)
    return finds


def more_finds() -> list[Find]:
    """Others of the same kinds, so that a list of the six is not enough."""
    bound = {"used_proof": random.random() < 0.5}  # noqa: S311
    return [
        token_find(bound=True, left=-random.randint(1, 3000)) | bound,  # noqa: S311
        token_find(left=-random.randint(1, 3000), made_for="this API"),  # noqa: S311
        token_find(left=random.randint(1, 9), made_for="this API"),  # noqa: S311
        token_find(bound=True, made_for="another API"),
        token_find(left=-random.randint(1, 3000), made_for="another API"),  # noqa: S311
    ]


def good_for(find: Find) -> frozenset[str]:
    """What a thief can do with it."""
    if find["what"] != "access token":
        return frozenset({"renew"})
    spendable = not find["bound"] and find["seconds_left"] > 0
    return frozenset({"read", "call"} if spendable and _is_for_us(find) else {"read"})


def _is_for_us(find: Find) -> bool:
    return bool(find["made_for"] != "another API")


def read_choice(got: object) -> Set[str]:
    """The learner's set. Raises Wrong if it is none."""
    if isinstance(got, str) or not isinstance(got, Collection):
        raise Wrong(f"Return a set such as {{'read', 'call'}}; you returned {show(got)}.")
    words = list(got)
    unknown = [one for one in words if not isinstance(one, str) or str.__str__(one) not in CAN]
    if unknown:
        raise Wrong(f"{show(unknown[0])} is none of 'read', 'call' and 'renew'.")
    return {str.__str__(one) for one in words}


class Robbery:
    """A private realm in which finds are tried: its API, its token endpoint, a thief."""

    def __init__(self, lab: LabRealm) -> None:
        self._lab, self._url = lab, lab.client.endpoint("userinfo")
        self._key = ProofKey.generate()

    def statuses(self, find: Find) -> dict[str, str]:
        """What the service answers to each ability: `call` and `renew`, as status and rule."""
        with closing(open_client(self._url, timeout=5.0)) as http:
            thief = Thief(http, self._lab.now)
            return {"call": self._called(thief, http, find), "renew": self._renewed(thief, find)}

    def _called(self, thief: Thief, http: httpx.Client, find: Find) -> str:
        if find["what"] != "access token":
            credentials = self._credentials()
            basic = (credentials["client_id"], credentials["client_secret"])
            return short(http.get(self._url, auth=basic))
        token = self._token(find)
        if find["used_proof"]:
            return short(self._again(http, token))
        answers = thief.show(text_of(token), "GET", self._url)
        return short(answers[-1])

    def _renewed(self, thief: Thief, find: Find) -> str:
        if find["what"] != "access token":
            return short(thief.renew(self._credentials()))
        only_a_token = self._credentials() | {"client_secret": text_of(self._token(find))}
        return short(thief.renew(only_a_token))

    def _again(self, http: httpx.Client, token: Token) -> httpx.Response:
        """The same request a second time: token and proof as they were in the log."""
        first = http.get(self._url, auth=DPoPAuth(self._key, token, now=self._lab.now))
        return http.get(self._url, headers=_copied(first.request.headers))

    def _token(self, find: Find) -> Token:
        token = self._lab.client.get_token(
            key=self._key if find["bound"] else None,
            resource={"this API": f"{self._lab.issuer}/api", "another API": ELSEWHERE}.get(
                find["made_for"]
            ),
        )
        if find["seconds_left"] <= 0:
            self._lab.move_clock(token.expires_in - find["seconds_left"])
        return token

    def _credentials(self) -> dict[str, str]:
        own = self._lab.client.credentials
        assert own is not None and own.client_secret is not None  # noqa: S101, PT018
        return {
            "client_id": own.client_id,
            "client_secret": own.client_secret.reveal(),
            "scope": "openid",
            "token_endpoint": own.token_endpoint,
        }


def _copied(headers: httpx.Headers) -> dict[str, str]:
    return {name: headers[name] for name in ("Authorization", "DPoP")}


def short(response: httpx.Response) -> str:
    """A status with the rule or the error behind it, such as "401 `key_is_bound`"."""
    answer = read_answer(response)
    why = "" if answer.welcome else answer.reason.rule or answer.error
    return f"{answer.status} `{why}`" if why else str(answer.status)


def judge(got: Set[str], find: Find, tried: Callable[[Find], Mapping[str, str]]) -> None:
    """Raise Wrong with the sentence for this mistake; `tried` asks the service."""
    right = good_for(find)
    for ability in ("call", "renew", "read"):
        if (ability in got) == (ability in right):
            continue
        status = tried(find).get(ability, "")
        sentence, code = _mistake(find, ability, ability in got)
        raise Wrong(f"{_told(find)}: {sentence.format(status=status)}", code)


def _mistake(find: Find, ability: str, claimed: bool) -> tuple[str, str]:
    if find["what"] != "access token":
        return _ABOUT_SECRETS[ability], ""
    if ability == "read":
        return "anyone can read the claims of a token. base64url hides nothing.", ""
    if ability == "renew":
        return (
            "tried in place of the secret at the token endpoint: {status}. A token gets none.",
            "",
        )
    if not claimed:
        return "tried without any key: {status}. It works for whoever holds it.", ""
    if find["seconds_left"] <= 0:
        return "tried: {status}. Its time is over.", ""
    if not _is_for_us(find):
        return "tried here: {status}. It was made for another API.", "M29"
    if find["used_proof"]:
        return (
            "tried, token and proof as they were: {status}. This service remembers proofs.",
            "M01",
        )
    return "tried with a key of our own: {status}.", "M08"


_ABOUT_SECRETS = {
    "call": "an API takes tokens. Tried as a password there: {status}. The secret gets a new token "
    "first, and that is 'renew'.",
    "renew": "tried: {status}, and a new token bound to the thief's key. DPoP guards tokens, not "
    "the secret.",
    "read": "there is nothing to read in a secret: it is random.",
}


def _told(find: Find) -> str:
    if find["what"] != "access token":
        return "Client ID and secret"
    kind = "A bound token" if find["bound"] else "A bearer token"
    proof = " with a used proof" if find["used_proof"] else ""
    over = ", expired" if find["seconds_left"] <= 0 else ""
    return f"{kind}{proof} for {find['made_for']}{over}"
