"""Each named rule is needed: switched off, one of its own rows is no longer refused as it was.

The rows are those of the tables; here they meet the rules without a service in between, so that a
rule can be taken out.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dialtone_kit.mock.core.refusal import Refusal
from dialtone_kit.mock.core.settings import built_in_realms
from dialtone_kit.mock.spiffe import attestation, certificate_requests, challenges, settings
from dialtone_kit.mock.spiffe.attestation import Shown
from dialtone_kit.mock.spiffe.certificate_requests import read_request
from dialtone_kit.mock.spiffe.settings import SpiffeSettings
from dialtone_kit.spiffe.evidence import Evidence
from tests.mock.spiffe import test_spiffe_refusals as tables
from tests.support.mutations import names, without
from tests.support.running_mock import Mock
from tests.support.spiffe_scene import NAMES, Platforms, Scene

DEFAULT = built_in_realms()["default"]
KEY = b"the key of a service that does not run"


class Offline(Scene):
    """A scene without a service."""

    def nonce(self) -> str:
        return challenges.issue(KEY, time.time())


def offline() -> Offline:
    return Offline(Mock.__new__(Mock), Platforms())


# --- certificate requests -----------------------------------------------------------------------

CSR_ROWS = [
    row for row in tables.X509_ROWS if row.number in ("S1", "S2", "S4", "S5", "S6", "S7", "S12")
]


def holds_for_csr(row: tables.Row) -> bool:
    """Whether the rules alone say of the row's request what its row says."""
    text = row.request(offline())["csr"]
    try:
        read_request(text)
    except Refusal as refusal:
        return refusal.status == row.status and row.reason in refusal.description
    except AssertionError:  # what a rule saw to was not so
        return False
    return row.status == 200


def test_the_rules_alone_say_what_the_service_says_of_requests() -> None:
    assert [row for row in CSR_ROWS if not holds_for_csr(row)] == []


@pytest.mark.parametrize("rule", certificate_requests.RULES, ids=names(certificate_requests.RULES))
def test_a_rule_for_requests_that_is_off_is_missed(rule: Callable[..., Any]) -> None:
    with without(certificate_requests, "RULES", rule):
        assert not all(map(holds_for_csr, CSR_ROWS))


# --- evidence -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def believed(tmp_path_factory: pytest.TempPathFactory) -> SpiffeSettings:
    folder: Path = tmp_path_factory.mktemp("settings")
    Platforms().configure(folder)
    return settings.load(folder, {"default": None})


def holds_for_evidence(row: tables.Row, believed: SpiffeSettings) -> bool:
    body = row.request(offline())
    platform = believed.platforms[body["platform"]]
    evidence = Evidence.of(platform.name, body["evidence"])
    jwk = read_request(body["csr"]).jwk
    shown = Shown(platform, evidence, body["nonce"], jwk, body.get("binding"))
    assert platform.keys is not None
    try:
        attestation.attest(shown, platform.keys, believed.trust_domain, DEFAULT)
    except Refusal as refusal:
        return refusal.status == row.status and row.reason in refusal.description
    return row.status == 200


EVIDENCE_ROWS = [row for row in tables.EVIDENCE_ROWS if row.status != 400]
EVIDENCE_RULES = list(dict.fromkeys(r for rules in attestation.RULES.values() for r in rules))


def test_the_rules_alone_say_what_the_service_says_of_evidence(believed: SpiffeSettings) -> None:
    assert [row for row in EVIDENCE_ROWS if not holds_for_evidence(row, believed)] == []


@pytest.mark.parametrize("rule", EVIDENCE_RULES, ids=names(EVIDENCE_RULES))
def test_a_rule_for_evidence_that_is_off_is_missed(
    rule: Callable[..., Any], believed: SpiffeSettings
) -> None:
    with without(attestation, "RULES", rule):
        missed = [row for row in EVIDENCE_ROWS if not holds_for_evidence(row, believed)]
    assert missed


@pytest.mark.parametrize("platform", NAMES)
def test_every_rule_of_a_platform_has_a_row_of_that_platform(
    platform: str, believed: SpiffeSettings
) -> None:
    """What is checked for one platform is checked, and tested, for each that shares the rule."""
    rows = [row for row in EVIDENCE_ROWS if row.request(offline())["platform"] == platform]
    for rule in attestation.RULES[platform]:  # type: ignore[index]
        with without(attestation, "RULES", rule):
            assert not all(holds_for_evidence(row, believed) for row in rows), rule.__name__


def test_the_list_of_our_customers_that_is_off_is_missed(
    monkeypatch: pytest.MonkeyPatch, believed: SpiffeSettings
) -> None:
    monkeypatch.setattr(attestation, "is_one_of_ours", lambda *_: None)
    missed = [row.what for row in EVIDENCE_ROWS if not holds_for_evidence(row, believed)]
    assert missed == ["a tenant of others", "a project of others", "an account of others"]
