"""What `dialtone probe` prints: lines for a person, JSON, or JUnit's XML for a team's CI."""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from typing import Any
from urllib.parse import urlsplit

import click

from dialtone_kit.attacks.calls import Target
from dialtone_kit.attacks.catalogue import RISKS, Attack
from dialtone_kit.attacks.judge import Outcome
from dialtone_kit.attacks.over_http import MOST
from dialtone_kit.base.masking import visible
from dialtone_kit.base.reason import sentence
from dialtone_kit.base.urls import origin

_COLORS = {"passed": "green", "held": "green", "open": "red", "refused": "red"}


class Report:
    """The outcomes of one probe. As text, each is printed at once."""

    def __init__(self, target: Target, issuer: str, form: str) -> None:
        self.target, self.issuer, self.form = target, issuer, form
        self.outcomes: list[Outcome] = []
        self.began, self.started_at = time.monotonic(), datetime.now(UTC)
        self.url = visible(target.url.partition("?")[0])  # a query may hold a secret
        click.echo(f"{target.method} {self.url}, with tokens of {issuer}", err=form != "text")
        click.echo(
            f"At most {MOST} requests, one at a time, to {origin(target.url)} and nowhere else.",
            err=form != "text",
        )

    def add(self, outcome: Outcome) -> None:
        """Keep an outcome, and print it if the report is text."""
        self.outcomes.append(outcome)
        if self.form == "text":
            width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
            for line in lines(outcome, width):
                click.echo(line)

    def end(self) -> int:
        """Print what is left to print; returns the exit code."""
        click.echo(FORMATS[self.form](self))
        if any(one.is_fault for one in self.outcomes):
            return 1
        unjudged = [one for one in self.outcomes if one.unjudged]
        if unjudged:
            click.echo(f"dialtone: can't judge all of it: {sentence(unjudged[0].detail)}", err=True)
        return 2 if unjudged else 0


def lines(outcome: Outcome, width: int | None = None) -> Iterator[str]:
    """One line for what is as it should be, cut at `width`; more of them for what is not."""
    tried, color = outcome.tried, _COLORS.get(outcome.verdict)
    number, risks = (tried.number, " ".join(tried.owasp)) if isinstance(tried, Attack) else ("", "")
    word = f"{outcome.verdict:<9}"
    about = f" {number:>2}  {tried.name:<34}  {tried.section:<23}  {risks:<11}"
    as_wished = outcome.verdict in ("passed", "held")
    line = f"{about}  {outcome.detail}" if as_wished else about
    yield click.style(word, fg=color) + line[: width and width - len(word)].rstrip()
    for more in (outcome.detail, _advice(outcome)) if not as_wished else ():
        if more:
            yield f"{'':14}{more}"


def as_text(report: Report) -> str:
    """The sums, and what is open by name."""
    counted = Counter(one.verdict for one in report.outcomes)
    names = [one.tried.name for one in report.outcomes if one.verdict == "open"]
    sums = (
        f"Attacks: {counted['held']} held, {counted['open']} open",
        f"Good calls: {counted['passed']} passed, {counted['refused']} refused",
        f"Not tried: {counted['not tried']}",
    )
    summary = "\n" + ". ".join(sums) + "."
    return f"{summary}\nOpen: {'; '.join(names)}." if names else summary


def as_json(report: Report) -> str:
    """All that is known, for a program."""
    about = {"method": report.target.method, "url": report.url, "issuer": report.issuer}
    outcomes = [_members(one) for one in report.outcomes]
    return json.dumps({**about, "outcomes": outcomes, "owasp": RISKS}, indent=2)


def as_junit(report: Report) -> str:
    """A test suite in the form of Ant's reports: each attack and each good call is a test case."""
    cases = [_case(one) for one in report.outcomes]
    kinds = Counter(map(_kind, report.outcomes))
    suite = {
        "id": 0,
        "package": "dialtone",
        "name": "dialtone probe",
        "hostname": urlsplit(report.url).hostname,
        "timestamp": f"{report.started_at:%Y-%m-%dT%H:%M:%S}",
        "time": f"{time.monotonic() - report.began:.3f}",
        "tests": len(cases),
        "failures": kinds["failure"],
        "errors": kinds["error"],
        "skipped": kinds["skipped"],
    }
    about = {"method": report.target.method, "url": report.url, "issuer": report.issuer}
    properties = [_tag("property", {"name": name, "value": v}) for name, v in about.items()]
    inside = [_tag("properties", {}, properties), *cases, "<system-out/>", "<system-err/>"]
    whole = _tag("testsuites", {}, [_tag("testsuite", suite, inside)])
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{whole}'


FORMATS: Mapping[str, Callable[[Report], str]] = {
    "text": as_text,
    "json": as_json,
    "junit": as_junit,
}


def _advice(outcome: Outcome) -> str:
    tried = outcome.tried
    if isinstance(tried, Attack):
        code = f" [{tried.code}]" if tried.code else ""
        return tried.sentence + code if outcome.verdict == "open" else ""
    if outcome.verdict != "refused":
        return ""
    return "It must be let in." if outcome.is_fault else "The RFC only recommends letting it in."


def _members(outcome: Outcome) -> dict[str, Any]:
    tried = outcome.tried
    members: dict[str, Any] = {"name": tried.name, "verdict": outcome.verdict}
    members |= {"detail": outcome.detail, "section": tried.section}
    if not isinstance(tried, Attack):
        return members | {"kind": "good call", "advised": tried.advised}
    about = {name: getattr(tried, name) for name in ("number", "rule", "code", "sentence", "owasp")}
    return members | {"kind": "attack"} | about


def _kind(outcome: Outcome) -> str:
    if outcome.is_fault:
        return "failure"
    if outcome.unjudged:
        return "error"
    return "skipped" if outcome.verdict in ("not tried", "refused") else ""


def _case(outcome: Outcome) -> str:
    tried, kind = outcome.tried, _kind(outcome)
    group = "attacks" if isinstance(tried, Attack) else "good calls"
    about = {"classname": f"dialtone.probe.{group}", "name": tried.name, "time": "0"}
    if not kind:
        return _tag("testcase", about)
    risks = f" {' '.join(tried.owasp)}" if isinstance(tried, Attack) else ""
    text = f"{_advice(outcome)} ({tried.section}{risks})".lstrip()
    message = {"message": f"{outcome.verdict}: {outcome.detail}"}
    typed = {} if kind == "skipped" else {"type": str(outcome.verdict)}
    return _tag("testcase", about, [_tag(kind, message | typed, [escape(text)])])


def _tag(name: str, attributes: Mapping[str, object], inside: Sequence[str] = ()) -> str:
    given = "".join(f' {key}="{escape(str(value))}"' for key, value in attributes.items())
    text = "\n".join(inside)
    return f"<{name}{given}>{text}</{name}>" if inside else f"<{name}{given}/>"
