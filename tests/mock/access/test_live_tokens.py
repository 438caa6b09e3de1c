"""What the service remembers of tokens: nothing that anyone could fill its memory with."""

import json

import pytest

from dialtone_kit.base.errors import TokenRefused
from dialtone_kit.base.jws import b64url
from dialtone_kit.mock.access import live_tokens


def unsigned(size: int) -> str:
    """A token that anyone can write, of about that many characters."""
    parts = ({"alg": "ES256"}, {"filling": "x" * (size * 3 // 4)})
    return ".".join(b64url(json.dumps(part).encode()) for part in parts) + ".AAAA"


def remembered() -> int:
    return live_tokens._remembered.cache_info().currsize


def test_a_token_of_the_usual_size_is_read_once() -> None:
    token = unsigned(1000)
    assert live_tokens.decoded(token) is live_tokens.decoded(token)


def test_a_large_one_is_read_and_forgotten() -> None:
    before, token = remembered(), unsigned(60_000)
    assert live_tokens.decoded(token).claims["filling"]
    assert remembered() == before


def test_what_is_not_a_token_is_refused_each_time() -> None:
    before = remembered()
    for _ in range(2):
        with pytest.raises(TokenRefused, match="not a JWT"):
            live_tokens.decoded("x.y")
    assert remembered() == before
