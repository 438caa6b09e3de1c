"""Jobs for 07.smallest, and whether a token opens what they need and nothing else."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from dialtone_kit.base.errors import ServiceError
from dialtone_kit.lesson.content.lesson_07.finds import short
from dialtone_kit.lesson.exercises.asking import show
from dialtone_kit.lesson.exercises.verdict import Wrong
from dialtone_kit.lesson.lab_realm import LabRealm
from dialtone_kit.lesson.legacy_api import LegacyApi
from dialtone_kit.tokens import Token

Job = Mapping[str, Any]
NEEDS = {"GET /notes": "notes:read", "POST /notes": "notes:write"}
SCOPES = ("openid", *NEEDS.values())


def jobs(api: str) -> list[Job]:
    """What three programs do all day, in random order."""
    read, write = NEEDS
    calls = [[read], [write], [read, write], [read, read]]
    random.shuffle(calls)
    return [{"api": api, "calls": random.sample(one, len(one))} for one in calls]


def read_order(got: object) -> tuple[str, str | list[str] | None]:
    """Scope and resource of the learner's answer. Raises Wrong if it has another form."""
    if not isinstance(got, Mapping):
        raise Wrong(f"Return a dict with scope and resource; you returned {show(got)}.")
    scope, resource = got.get("scope"), got.get("resource")
    if not isinstance(scope, str) or not scope.split():
        raise Wrong(f"`scope` is one string, with spaces between names; yours is {show(scope)}.")
    if isinstance(resource, list | tuple) and all(isinstance(one, str) for one in resource):
        return " ".join(scope.split()), [str.__str__(one) for one in resource]
    if resource is not None and not isinstance(resource, str):
        raise Wrong(f"`resource` is a URL; yours is {show(resource)}.")
    return " ".join(scope.split()), None if resource is None else str.__str__(resource)


def judge_scope(scope: str, job: Job) -> None:
    """Raise Wrong for scopes that can't be right: more than the job needs."""
    needed = {NEEDS[call] for call in job["calls"]}
    extra = [name for name in scope.split() if name not in needed]
    if extra:
        raise Wrong(f"{_named(job)}, the token doesn't need {extra[0]}. A thief would have it too.")


def judge_loot(
    scope: str, resource: str | list[str] | None, job: Job, lab: LabRealm, other: LegacyApi
) -> None:
    """Get the token and try it at everything. Raises Wrong where it opens too much or little."""
    try:
        token = lab.client.get_token(scope, resource=resource)
    except ServiceError as refusal:
        raise Wrong(f"The service refused your request: {refusal}") from None
    for call in job["calls"]:
        answer = _called(call, token, job, lab)
        if not answer.startswith("2"):
            raise Wrong(f"{_named(job)}: the job itself got {answer} for {call}.")
    if _called_other(token, lab, other).startswith("2"):
        raise Wrong(
            f"{_named(job)}: the other API in the room took the token too. Say which one it's for.",
            "M29",
        )
    judge_scope(scope, job)
    _judge_audience(token, job, lab)
    for call in NEEDS:
        if call not in job["calls"]:
            answer = _called(call, token, job, lab)
            if answer.startswith("2"):
                raise Wrong(f"{_named(job)}: the token also opened {call}: {answer}.")


def _judge_audience(token: Token, job: Job, lab: LabRealm) -> None:
    """Raise Wrong for an audience other than the API of the job (RFC 8707 §2)."""
    named = token.claims.get("aud", [])
    names = [named] if isinstance(named, str) else named
    if lab.issuer in names:
        raise Wrong(
            f"{_named(job)}: the token is for the issuer, and so for all that it runs. Name the "
            "API of the job.",
            "M29",
        )
    if extra := [name for name in names if name != job["api"]]:
        raise Wrong(f"{_named(job)}: the token is for {extra[0]}, too. Name one API only.", "M29")


def _called(call: str, token: Token, job: Job, lab: LabRealm) -> str:
    method, path = call.split(" ")
    body = {"text": "a note"} if method == "POST" else None
    return short(lab.client.call(method, f"{job['api']}{path}", token, json=body))


def _called_other(token: Token, lab: LabRealm, other: LegacyApi) -> str:
    return short(lab.client.call("GET", other.url, token))


def _named(job: Job) -> str:
    return f"For {' and '.join(dict.fromkeys(job['calls']))}"
