"""`WWW-Authenticate` fields for 07.challenge: fresh ones, and what is wrong with an answer."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dialtone_kit.base.challenges import challenges
from dialtone_kit.lesson.exercises.asking import same, show, word
from dialtone_kit.lesson.exercises.verdict import Wrong

Parsed = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Case:
    """The fields of one answer, and what they say."""

    fields: Sequence[str]
    parsed: Parsed


def cases() -> list[Case]:
    """One field and two, in both orders, with a comma or an = inside the quotes."""
    made = [_case(joined, turned) for joined in (True, False) for turned in (True, False)]
    random.shuffle(made)
    return made


def _case(joined: bool, turned: bool) -> Case:
    said = {
        "DPoP": {
            "error": "invalid_token",
            "error_description": f"key_is_bound: expected {word()}, got k={word()}",
            "algs": "ES256 EdDSA",
        },
        "Bearer": {"realm": f"{word()}, {word()}", "max_age": str(random.randint(60, 900))},  # noqa: S311
    }
    order = list(said)[::-1] if turned else list(said)
    fields = [f"{_in_some_case(scheme)} {_written(said[scheme])}" for scheme in order]
    parsed = {scheme.lower(): said[scheme] for scheme in order}
    return Case([", ".join(fields)] if joined else fields, parsed)


def _in_some_case(scheme: str) -> str:
    return random.choice([scheme, scheme.upper(), scheme.lower()])  # noqa: S311


def _written(parameters: Mapping[str, str]) -> str:
    """As a service writes them: quoted, a number without quotes."""
    return ", ".join(
        f"{name}={value}" if value.isdigit() else f'{name}="{value}"'
        for name, value in parameters.items()
    )


def parsed(fields: Sequence[str]) -> Parsed:
    """What real fields say, by the kit's own parser."""
    return {one.scheme.lower(): one.parameters for field in fields for one in challenges(field)}


def judge_parsed(got: object, case: Case) -> None:
    """Raise Wrong with the sentence for this mistake."""
    if same(got, case.parsed):
        return
    if not isinstance(got, Mapping) or not all(isinstance(name, str) for name in got):
        raise Wrong(f"Return a dict of dicts, {{scheme: {{name: value}}}}; got {show(got)}.")
    names = {str.__str__(name) for name in got}
    _judge_schemes(names, case)
    for scheme, expected in case.parsed.items():
        _judge_parameters(got[scheme], expected, scheme)
    raise Wrong(f"Expected {show(dict(case.parsed), 200)}; you returned {show(got, 200)}.")


def _judge_schemes(names: set[str], case: Case) -> None:
    expected = set(case.parsed)
    if names == expected:
        return
    if {name.lower() for name in names} == expected:
        raise Wrong(
            "Scheme names have no case: `BEARER` and `Bearer` are the same (RFC 9110 §11.1). "
            "Return them in lower case."
        )
    lower = {name.lower() for name in names}
    if lower < expected:
        left = ", ".join(sorted(expected - lower))
        where = "the same field" if len(case.fields) == 1 else "the second field"
        raise Wrong(
            f"{len(expected)} challenges came, and you left out {left}: it is in {where}. Whoever "
            "reads only the first one misses what else the API takes."
        )
    extra = sorted(names - expected, key=str)
    raise Wrong(f"{show(extra[0])} is no scheme here. A comma inside quotes ends nothing.")


def _judge_parameters(got: object, expected: Mapping[str, str], scheme: str) -> None:
    if same(got, expected):
        return
    if not isinstance(got, Mapping):
        raise Wrong(f"The parameters of {scheme} are a dict; you returned {show(got)}.")
    for name, value in expected.items():
        found = got.get(name)
        if not isinstance(found, str):
            raise Wrong(f"{scheme} has a parameter `{name}`, and yours has {show(found)} for it.")
        text = str.__str__(found)
        if text == value:
            continue
        if text.strip('" ') == value:
            raise Wrong(f"The quotes are not part of a value: `{name}` of {scheme} is {value!r}.")
        if value.startswith(text.strip('" ')) and "," in value:
            raise Wrong(
                f"A quoted text may hold a comma. `{name}` is {value!r}; yours ends at the comma."
            )
        raise Wrong(f"`{name}` of {scheme} is {value!r}; you returned {show(found)}.")
    raise Wrong(f"{scheme} has {', '.join(expected)} and no more; you returned {show(got)}.")
