"""URLs: which ones are the same resource, and to which ones secrets may travel."""

from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dialtone_kit.base.errors import UnsafeUrl
from dialtone_kit.base.urls import (
    is_loopback,
    normalize,
    origin,
    require_https_or_loopback,
    same_origin,
)

SAME = [
    # RFC 3986 §6.2.2 and §6.2.3, with a scheme of ours
    ("http://a/b/c/%7Bfoo%7D", "HTTP://a/./b/../b/%63/%7bfoo%7d"),
    ("http://example.com", "http://example.com/"),
    ("http://example.com:/", "http://example.com:80/"),
    ("https://example.com", "https://EXAMPLE.com:443"),
    ("http://h/~me", "http://h/%7Eme"),
    ("http://h/~me", "http://h/%7eme"),
    ("http://h/token", "http://h/token?query#fragment"),
    ("http://h/token", "http://h/token#only?this"),
    ("http://h", "http://h?query"),
    ("http://h/a/g", "http://h/a/b/c/./../../g"),
    ("http://h/", "http://h/.."),
    ("http://h/a/", "http://h/a/."),
    ("http://h/a/", "http://h/a/b/.."),
    ("http://h/a", "http://h/../../a"),
    ("http://h/a", "http://h/x/%2e%2E/a"),
    ("http://[::1]:8787/x", "HTTP://[::1]:8787/x"),
    ("http://[2001:DB8::A]/", "http://[2001:db8::a]"),
    ("http://h/%E4", "http://h/%e4"),
    ("http://ex%61mple.com/", "http://example.com/"),
]
DIFFERENT = [
    ("http://h/token", "http://h/Token"),
    ("http://h/token", "http://h/token/"),
    ("http://h/a/b", "http://h/a%2Fb"),
    ("http://h/a/b", "http://h/a//b"),
    ("http://h/a/b", "http://h//a/b"),
    ("http://h/token", "https://h/token"),
    ("http://h/token", "http://h:8080/token"),
    ("https://h/token", "https://h:80/token"),
    ("http://h/token", "http://h./token"),
    ("http://localhost/", "http://127.0.0.1/"),
    ("http://127.0.0.1/", "http://[::1]/"),
    ("http://h/%2541", "http://h/A"),
    ("http://h/a;b", "http://h/a"),
    ("http://h/ä".replace("ä", "%C3%A4"), "http://h/%E4"),
]
REFUSED = [
    "",
    "/",
    "/token",
    "token",
    "h/token",
    "//h/token",
    "http:",
    "http:/",
    "http://",
    "http:///a",
    "https:token",
    "ftp://h/",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "data:,x",
    "ws://h/",
    "http://me@h/",
    "http://me:pw@h/",
    "http://@h/",
    "http://h@/",
    "http://h\\@evil/",
    "http://h/\\",
    "http://:80/",
    "http://h:x/",
    "http://h:-1/",
    "http://h:65536/",
    "http://h:8 0/",
    "http://h h/",
    " http://h/",
    "http://h/ ",
    "http://h/\n",
    "http://h/\t",
    "http://h/\0",
    "http://é/",
    "http://h/é",
    "http://h／evil/",
    "http://[::1/",
    "http://::1/",
    "http://[h]/",
    "http://[::1]x/",
    "http://h/%",
    "http://h/%z0",
    "http://h/%%34",
    "http://h%/",
    "http://<h>/",
    'http://"h"/',
    "http://h,i|j/",
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_the_same_resource(one: str, other: str) -> None:
    assert normalize(one) == normalize(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_another_resource(one: str, other: str) -> None:
    assert normalize(one) != normalize(other)


@pytest.mark.parametrize("url", REFUSED)
def test_not_a_url_to_compare(url: object) -> None:
    for judge in (normalize, origin, require_https_or_loopback, is_loopback):
        with pytest.raises(UnsafeUrl):
            judge(url)


@pytest.mark.parametrize("url", [None, 1, b"http://h/", ["http://h/"]])
def test_not_a_string(url: object) -> None:
    with pytest.raises(UnsafeUrl):
        origin(url)  # type: ignore[arg-type]


PIECES = st.lists(
    st.sampled_from(
        [
            "http://",
            "https://",
            "h",
            "H.example",
            ":",
            ":80",
            "/",
            "..",
            ".",
            "%",
            "%2",
            "%2e",
            "%2F",
            "%41",
            "%7e",
            "%%34",
            "1",
            "a",
            "Z",
            "~",
            "@",
            "[",
            "::1",
            "]",
            "?",
            "#",
            "\\",
            " ",
            "é",
            ";",
            "%25",
        ]
    ),
    max_size=10,
)


@example("http://%2e%2e")  # a host of dots: two slashes before it, and nothing to remove
@given(st.one_of(PIECES.map("".join), PIECES.map(lambda p: "http://h/" + "".join(p)), st.text()))
def test_normalising_twice_changes_nothing_and_only_unsafe_url_is_raised(url: str) -> None:
    try:
        once = normalize(url)
    except UnsafeUrl:
        return
    assert normalize(once) == once
    assert same_origin(url, once)
    assert not set("?# ") & set(once)
    assert "/../" not in urlsplit(once).path
    assert once.isascii()


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://ID.example/realms/x?y#z", "https://id.example"),
        ("https://id.example:443", "https://id.example"),
        ("http://id.example:443", "http://id.example:443"),
        ("http://[::1]:8787/x", "http://[::1]:8787"),
    ],
)
def test_an_origin(url: str, expected: str) -> None:
    assert origin(url) == expected


@pytest.mark.row("H1", "H1✓")
@pytest.mark.parametrize(
    "url",
    [
        "http://localhost/",
        "http://LOCALHOST:8787",
        "http://127.0.0.1",
        "http://127.9.9.9:1/",
        "http://[::1]/",
        "http://x.localhost/",
        "http://localhost./",
        "https://id.strongdm.ai/",
        "https://10.0.0.1/",
    ],
)
def test_h1_secrets_may_travel(url: str) -> None:
    assert require_https_or_loopback(url) == url


@pytest.mark.row("H1")
@pytest.mark.parametrize(
    "url",
    [
        "http://id.strongdm.ai/",
        "http://10.0.0.1/",
        "http://0.0.0.0/",
        "http://127.0.0.1.evil.com/",
        "http://localhost.evil.com/",
        "http://localhostx/",
        "http://notlocalhost/",
        "http://[::2]/",
        "http://127.0.0.1%2eevil.com/",
        "http://2130706433/",
        "http://192.168.1.1:8787/",
    ],
)
def test_h1_no_secret_in_the_clear_beyond_loopback(url: str) -> None:
    with pytest.raises(UnsafeUrl, match="in the clear"):
        require_https_or_loopback(url)


@pytest.mark.row("H6")
@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data/",
        "https://169.254.169.254/",
        "https://169.254.170.2/",
        "https://[fe80::1]/",
        "https://[fd00:ec2::254]/",
        "https://[::ffff:169.254.169.254]/",
        "http://metadata.google.internal/",
        "https://METADATA.google.internal./",
    ],
)
def test_h6_never_to_the_metadata_service_of_a_cloud(url: str) -> None:
    with pytest.raises(UnsafeUrl, match="link-local"):
        require_https_or_loopback(url)
