"""Times in claims: what a NumericDate is, and which one is in milliseconds."""

import math

import pytest

from dialtone_kit.base.times import is_in_milliseconds, is_numeric_date

NOW = 1_700_000_000


@pytest.mark.parametrize("value", [0, 0.5, 1_700_000_000, 1_700_000_000.25, 2**53 - 1])
def test_a_numeric_date_is_a_number_with_or_without_a_fraction(value: float) -> None:
    assert is_numeric_date(value)


@pytest.mark.parametrize(
    "value",
    [True, False, None, "1700000000", "", [], {}, -1, -0.5, 2**53, 10**400, math.inf, math.nan],
    ids=lambda value: repr(value)[:12],
)
def test_what_is_not_a_numeric_date(value: object) -> None:
    assert not is_numeric_date(value)


@pytest.mark.parametrize("seconds", [-86400, -0.5, 0, 86400 * 365])
def test_milliseconds_are_recognised(seconds: float) -> None:
    assert is_in_milliseconds((NOW + seconds) * 1000, NOW)
    assert not is_in_milliseconds(NOW + seconds, NOW)


@pytest.mark.parametrize("value", [0, 253_402_300_799, NOW * 10**6, 10**400])
def test_other_numbers_are_not_taken_for_milliseconds(value: int) -> None:
    assert not is_in_milliseconds(value, NOW)
