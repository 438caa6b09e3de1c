"""What is wrong with a JWK or a raw signature, in a sentence: for the checks of lesson 03."""

from __future__ import annotations

from collections.abc import Mapping

from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from dialtone_kit.base.jws import b64url_decode
from dialtone_kit.base.masking import PRIVATE_MEMBERS
from dialtone_kit.lesson.exercises import Wrong
from dialtone_kit.lesson.exercises.asking import expect_text, same, show

COORDINATE = 32  # bytes, for P-256 (RFC 7518 §6.2.1.2)
MEMBERS = frozenset({"kty", "crv", "x", "y"})


def judge_jwk(got: object, expected: Mapping[str, str]) -> None:
    """Raise Wrong unless `got` is the public JWK `expected`."""
    if not isinstance(got, Mapping):
        raise Wrong(f"Return the JWK as a dict; your function returned {show(got)}.")
    got = {name: got[name] for name in got}
    _judge_members(got)
    for name in ("kty", "crv"):
        if not same(got.get(name), expected[name]):
            raise Wrong(f"{name} is {expected[name]!r} here; your JWK says {show(got.get(name))}.")
    if same((got.get("x"), got.get("y")), (expected["y"], expected["x"])):
        raise Wrong("x and y are swapped.")
    for name in ("x", "y"):
        _judge_coordinate(name, got.get(name), expected[name])


def _judge_members(got: Mapping[str, object]) -> None:
    if PRIVATE_MEMBERS & got.keys():
        raise Wrong(
            "Your JWK has a private member. Anyone who sees the proof could sign for you: "
            "only kty, crv, x and y belong here.",
            "M14",
        )
    for name in got.keys() - MEMBERS:
        raise Wrong(
            f"Your JWK has another member, {show(name)}. Anyone who sees the proof can read "
            "it: only kty, crv, x and y belong here.",
            "M14" if "PRIVATE" in str(got[name]) else "",
        )


def _judge_coordinate(name: str, got: object, expected: str) -> None:
    text = expect_text(got, name)
    if text == expected:
        return
    if "=" in text:
        raise Wrong(f"{name} ends with padding: base64url in JOSE has no `=`.")
    if "+" in text or "/" in text:
        raise Wrong(f"{name} is plain base64. The URL alphabet has - and _ for + and /.")
    try:
        data = b64url_decode(text)
    except ValueError:
        raise Wrong(f"{name} is not base64url: {show(text)}.") from None
    whole = b64url_decode(expected)
    if len(data) < COORDINATE and data.lstrip(b"\0") == whole.lstrip(b"\0"):
        raise Wrong(
            f"{name} has {len(data)} bytes: you dropped {_zero_bytes(COORDINATE - len(data))}. "
            "A coordinate of P-256 always has 32; as a number it looks the same, but to the "
            "service it is another key.",
            "M11",
        )
    if len(data) != COORDINATE:
        raise Wrong(f"{name} has {len(data)} bytes instead of {COORDINATE}.", "M11")
    if data == whole[::-1]:
        raise Wrong(f"{name} is back to front: the highest byte comes first ('big').")
    raise Wrong(f"{name} is not the {name} of the key that your function was given.")


def judge_raw(got: object, r: int, s: int) -> None:
    """Raise Wrong unless `got` is r and s in 32 bytes each (RFC 7518 §3.4)."""
    if not isinstance(got, bytes | bytearray):
        raise Wrong(f"Return bytes; your function returned {show(got)}.")
    got = bytes(memoryview(got))  # plain, without a comparison of its own
    if got == _whole(r) + _whole(s):
        return
    if got == encode_dss_signature(r, s):
        raise Wrong(
            "That is still DER: it begins with 0x30 and has its lengths inside. JWS wants "
            "r and s alone.",
            "M13",
        )
    if got == _whole(s) + _whole(r):
        raise Wrong("r comes first, then s.", "M13")
    if got == _whole(r)[::-1] + _whole(s)[::-1]:
        raise Wrong("r and s are back to front: the highest byte comes first ('big').", "M13")
    _judge_length(got, r, s)
    raise Wrong(f"Expected r and s in 32 bytes each; got {len(got)} other bytes.", "M13")


def _judge_length(got: bytes, r: int, s: int) -> None:
    size = f"{len(got)} bytes instead of {2 * COORDINATE}"
    if len(got) > 2 * COORDINATE and got == _signed(r) + _signed(s):
        raise Wrong(
            f"{size}: an extra zero byte is left over from DER, where it keeps a number "
            "from looking negative.",
            "M13",
        )
    if len(got) < 2 * COORDINATE and got in _too_short(r, s):
        dropped = _zero_bytes(2 * COORDINATE - len(got))
        raise Wrong(f"{size}: you dropped {dropped}. Now nobody can tell where r ends.", "M11")


def _zero_bytes(count: int) -> str:
    return "a leading zero byte" if count == 1 else f"{count} leading zero bytes"


def _whole(number: int) -> bytes:
    return number.to_bytes(COORDINATE, "big")


def _signed(number: int) -> bytes:
    """The bytes that DER has for a positive number."""
    return number.to_bytes(number.bit_length() // 8 + 1, "big")


def _too_short(r: int, s: int) -> set[bytes]:
    """r and s next to each other, each without some of its leading zero bytes."""
    first, second = ([whole[i:] for i in range(_zeros(whole) + 1)] for whole in map(_whole, (r, s)))
    return {a + b for a in first for b in second}


def _zeros(data: bytes) -> int:
    return len(data) - len(data.lstrip(b"\0"))
