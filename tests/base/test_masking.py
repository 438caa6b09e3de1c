"""Nothing secret gets through: neither the masked text nor a Secret gives a value away."""

import base64
import copy
import json
import pickle
import re
import time
import traceback
from html import escape
from urllib.parse import quote, quote_plus

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from dialtone_kit.base.masking import Secret, mask, mask_members, mask_text, without_password
from dialtone_kit.proofs import build_proof
from tests.support.refusals.forge import key_of

URLSAFE = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
RANDOM = st.text(alphabet=URLSAFE, min_size=43, max_size=64)
KINDS = st.sampled_from(["sec_", "pt_", "rt_", "dc_"])
SECRETS = st.builds(str.__add__, KINDS, RANDOM)
NAMES = st.sampled_from(["alg", "typ", "kid", "iss", "sub", "scope"])
SEGMENT = st.dictionaries(NAMES, st.text(max_size=20) | st.integers(), min_size=1).map(
    lambda members: base64.urlsafe_b64encode(json.dumps(members).encode()).decode().rstrip("=")
)
JWTS = st.builds(lambda head, body, sig: f"{head}.{body}.{sig}", SEGMENT, SEGMENT, RANDOM)
SURROUNDINGS = [
    "{}",
    "x{}x",
    "x_{}",
    "x-{}-x",
    "x.{}.x",
    " {} ",
    "\n{}\n",
    "={}&",
    "({})",
    "<b>{}</b>",
    "'{}'",
    'secret="{}"',
    "client_secret={}&grant_type=x",
    '{{"client_secret":"{}"}}',
    "curl -d x={}",
    "%3D{}",
    "\\n{}\\n",
    "é{}é",
    "https://h/cb?token={}#x",
    "user:{}@h",
    "a.example.com/{}",
]


def leaks(secret: str, text: str) -> bool:
    """Whether any 8 characters in a row of `secret` are in `text` (C5: not the first either)."""
    return any(secret[at : at + 8] in text for at in range(len(secret) - 7))


@pytest.mark.row("C5")
@given(SECRETS | JWTS, st.sampled_from(SURROUNDINGS))
def test_a_secret_is_masked_wherever_it_is(secret: str, around: str) -> None:
    assert not leaks(secret.split("_", 1)[-1], mask_text(around.format(secret)))


def percent_encoded(text: str) -> str:
    """As some strict clients write it: even characters that need no escape are escaped."""
    return text.replace("-", "%2D").replace("_", "%5F")


@given(SECRETS, st.sampled_from([quote, quote_plus, escape, json.dumps, repr, percent_encoded]))
def test_a_secret_is_masked_however_it_is_written(secret: str, write: object) -> None:
    written = write(secret)  # type: ignore[operator]
    assert not leaks(secret.split("_", 1)[-1], mask_text(f"x={written}&y=1"))


@given(SECRETS)
def test_basic_credentials_are_masked(secret: str) -> None:
    credentials = base64.b64encode(f"cli_my_agent_01:{secret}".encode()).decode()
    for line in (f"Authorization: Basic {credentials}", f'"authorization": "basic {credentials}"'):
        masked = mask_text(line)
        assert not leaks(credentials, masked)
        assert re.search("basic ••••••", masked, re.I)


def test_a_known_member_is_masked_whatever_it_looks_like() -> None:
    for name in ("client_secret", "poll_token", "access_token", "refresh_token", "device_code"):
        assert mask_members({name: "sec_1", "client_id": "cli_sec_1"}) == {
            name: mask("sec_1"),
            "client_id": "cli_sec_1",
        }


def test_a_control_token_is_masked() -> None:
    assert mask_text(f"Authorization: Bearer {'0f' * 32}") == "Authorization: Bearer ••••••"


def test_a_real_proof_is_masked() -> None:
    proof = build_proof(key_of("ES256"), "POST", "https://h/token")
    masked = mask_text(f"DPoP: {proof}\r\nHost: h")
    assert masked == f"DPoP: •••••• (JWT, {len(proof)} characters)\r\nHost: h"


@pytest.mark.parametrize("lost", ["", "END"], ids=["whole", "cut off"])
def test_a_private_key_in_pem_is_masked(lost: str) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    text = pem.partition("-----END")[0] if lost else pem
    assert not leaks(pem.splitlines()[1], mask_text(f"key: {text}"))


@pytest.mark.parametrize(
    "write",
    [
        json.dumps,
        repr,
        lambda jwk: escape(json.dumps(jwk)),
        lambda jwk: json.dumps(json.dumps(jwk)),
    ],
    ids=["json", "repr", "html", "json in json"],
)
def test_the_private_member_of_a_jwk_is_masked_and_its_name_is_not(write: object) -> None:
    """M14: that there was a `d` is the lesson; its value is no one's business."""
    secret = "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlYw"
    jwk = {**key_of("ES256").public_jwk, "d": secret}
    masked = mask_text(write(jwk))  # type: ignore[operator]
    assert not leaks(secret, masked)
    assert jwk["x"] in masked
    assert re.search(r"\bd\b", masked)


@pytest.mark.parametrize(
    "text",
    [
        "Authenticate by HTTP Basic authentication, with client_id and client_secret.",
        "The DPoP proof-of-possession is missing; a Bearer token is not enough.",
        "monkey-business.example.com and keyboard.example.org and eyebrow.example.net",
        "https://id.strongdm.ai/realms/default/token?scope=openid",
        "cli_my_agent_0123456789abcdef0123456789abcdef",
        "enroll_123e4567-e89b-12d3-a456-426614174000",
        "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I",
        "dialtone_kit.lesson.exercises.lesson_03.check_everything",
        "dc-east-agent, pt_BR-agent, sec_team-agent and sec_1 are names",
        "sec_" + "a" * 42,
        "cli_dc_east_agent_0123456789abcdef",
        "cli_prompt_of_a_rather_long_name_for_an_agent_0123456789abcdef",
        "attempt_counter_of_the_day, script_name, sec_, pt_1, accept_language",
        "urn:ietf:params:oauth:grant-type:token-exchange",
        "Pragma: no-cache\r\nCache-Control: no-store",
        "jwt.exceptions.InvalidSignatureError: 1.2.3",
    ],
)
def test_what_is_not_secret_stays_readable(text: str) -> None:
    assert mask_text(text) == text


@given(st.text())
def test_any_text_can_be_masked_and_a_second_time_changes_nothing(text: str) -> None:
    once = mask_text(text)
    assert mask_text(once) == once


@pytest.mark.parametrize(
    "piece",
    [
        "ey-",
        "eyJ",
        "e",
        "a.",
        "sec_",
        "Basic ",
        "-----BEGIN PRIVATE KEY-----",
        '"d":"',
        "eyJ.",
        "%",
    ],
)
def test_a_hostile_text_takes_no_time(piece: str) -> None:
    """A service may answer with anything; 64 KiB of it must not hang a notebook."""
    text = piece * (65536 // len(piece))
    started = time.process_time()
    mask_text(text)
    assert time.process_time() - started < 0.5


# Secret

HIDDEN = "sec_the-value-that-nobody-may-see-0123456789"


@pytest.mark.row("C1", "C5")
@pytest.mark.parametrize(
    "show",
    [
        repr,
        str,
        "{}".format,
        "{:>90}".format,
        lambda s: f"{s!r}",
        lambda s: "%s" % s,  # noqa: UP031
        lambda s: str([s]),
        lambda s: str({"s": s}),
        ascii,
    ],
)
def test_a_secret_shows_its_length_only(show: object) -> None:
    shown = show(Secret(HIDDEN))  # type: ignore[operator]
    assert f"({len(HIDDEN)} characters)" in shown
    assert not leaks(HIDDEN, shown)


@pytest.mark.row("C1")
@pytest.mark.parametrize("leave", [pickle.dumps, copy.copy, copy.deepcopy, json.dumps])
def test_a_secret_does_not_leave(leave: object) -> None:
    with pytest.raises(TypeError) as refusal:
        leave(Secret(HIDDEN))  # type: ignore[operator]
    assert not leaks(HIDDEN, str(refusal.value))


@pytest.mark.row("C4")
def test_a_traceback_with_all_its_locals_shows_no_secret() -> None:
    """C4."""

    def fail(secret: Secret) -> None:
        raise ValueError(f"{secret} is wrong")

    try:
        fail(Secret(HIDDEN))
    except ValueError as problem:
        shown = traceback.TracebackException.from_exception(problem, capture_locals=True)
    assert not leaks(HIDDEN.removeprefix("sec_"), "".join(shown.format()))


def test_a_secret_is_revealed_compared_and_hashed() -> None:
    secret = Secret(HIDDEN)
    assert secret.reveal() == HIDDEN
    assert secret == Secret(HIDDEN)
    assert secret != Secret(HIDDEN + "x")
    assert secret != HIDDEN
    assert len({secret, Secret(HIDDEN)}) == 1
    assert len(secret) == len(HIDDEN)
    assert not hasattr(secret, "__dict__")


@pytest.mark.row("C5")
def test_a_mask_shows_nothing_of_the_value() -> None:
    assert mask("abc") == "•••••• (3 characters)"


@pytest.mark.parametrize("password", ["hush", "hu:sh", "%2Fhush", "%40", ""])
@pytest.mark.parametrize("options", ["", "?sslmode=require&password=hush", "?password=hu@sh/x"])
def test_a_database_is_shown_without_its_password(password: str, options: str) -> None:
    shown = without_password(f"postgresql://me:{password}@db.example:5433/dialtone{options}")
    assert shown == "postgresql://db.example:5433/dialtone"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:12/hush@db/x",
        "postgresql://me:hu@hush@db/x",
        "postgresql:me:hush@db/x",
        "postgresql://me:a@hush?x@db/x",
        "postgresql://me:hush#@db/x",
        "hush",
        "",
    ],
)
def test_what_is_not_such_a_url_is_not_shown_at_all(url: str) -> None:
    assert "hush" not in without_password(url)
