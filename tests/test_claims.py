"""Claims with their meanings, shown as text whatever they contain."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from dialtone_kit.base.errors import TokenRefused
from dialtone_kit.base.masking import Secret
from dialtone_kit.claims import UNKNOWN, show_claims
from dialtone_kit.tokens import Token, read_unverified, sign_token

CLAIMS = {
    "token_type": "access_token",
    "iss": "https://id.example/realms/default",
    "sub": "cli_my_agent_0a1b",
    "cnf": {"jkt": "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"},
    "scope": "openid",
    "exp": 1_800_003_600,
}
TEXT = sign_token(ec.generate_private_key(ec.SECP256R1()), CLAIMS, kid="k1")


@pytest.mark.parametrize(
    "given",
    [
        CLAIMS,
        TEXT,
        Secret(TEXT),
        read_unverified(TEXT),
        Token(Secret(TEXT), "DPoP", 3600, "openid", None, 1_800_000_000),
    ],
)
def test_every_claim_of_the_demo_has_value_and_meaning(given: object) -> None:
    shown = show_claims(given)  # type: ignore[arg-type]
    for text in (shown.html, shown.text):
        assert "cnf.jkt" in text
        assert CLAIMS["cnf"]["jkt"] in text  # type: ignore[index]
        assert "thumbprint of the key it is bound to" in text
        assert "1800003600 = 2027-01-15 09:00:00 UTC" in text
        assert UNKNOWN not in text


def test_a_time_with_a_fraction_is_shown_as_a_date_too() -> None:
    shown = show_claims({"exp": 1_800_003_600.5})
    assert "1800003600.5 = 2027-01-15 09:00:00 UTC" in shown.text


def test_a_chain_of_actors_is_read_from_the_latest_back() -> None:
    shown = show_claims({"act": {"sub": "cli_b", "act": {"sub": "cli_a"}}})
    assert "act.act.sub" in shown.text
    assert "one step before" in shown.text


def test_whoever_may_act_has_a_meaning() -> None:
    assert UNKNOWN not in show_claims({"may_act": {"sub": "cli_b"}}).text


def test_a_name_with_a_dot_is_not_taken_for_a_path() -> None:
    text = show_claims({"cnf.jkt": "N" * 43}).text
    assert text.startswith('"cnf.jkt"  NNN')
    assert UNKNOWN in text


@pytest.mark.row("U1")
@pytest.mark.parametrize(
    "hostile",
    [
        {"<script>": "</td><script>alert(1)</script>"},
        {"a\x1b[2J": "\u202egnp.exe"},
        {"link": "javascript:alert(1)", 'x" onload="y': "z"},
        {"exp": 10**400, "iat": True, "nbf": float("inf")},
        {"cnf": "text", "act": [], "deep": {"a": {"b": {"c": {"d": {"e": {"f": {"g": {}}}}}}}}},
        {"lone": "\ud800", "refresh_token": "rtvalue", "jwk": {"kty": "EC", "d": "private-half"}},
    ],
)
def test_hostile_claims_are_text(hostile: dict[str, object]) -> None:
    shown = show_claims(hostile)
    assert "<script" not in shown.html
    assert 'onload="y' not in shown.html
    assert not {"\x1b", "\u202e", "\ud800"} & set(shown.html + shown.text)
    assert "rtvalue" not in shown.text
    assert "private-half" not in shown.text
    shown.html.encode()


def test_what_is_not_a_token_is_refused() -> None:
    with pytest.raises(TokenRefused):
        show_claims("not a token")
