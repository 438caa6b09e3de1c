"""Rows 44 to 57: what a proof claims."""

import json
import re
from urllib.parse import urlsplit

from tests.support.refusals.forge import ABSENT, Case, Scene, new_jti


def claim(row: str, name: str, value: object, rule: str = "", says: str = "") -> Case:
    what = f"{name} is {'absent' if value is ABSENT else repr(value)[:60]}"
    return Case(row, what, lambda s: s.proof(claims={name: value}), rule, says)


def raw_claim(row: str, name: str, text: str, rule: str) -> Case:
    """A claim whose JSON is `text`, as no JSON library would write it."""

    def make(scene: Scene) -> str:
        members = json.dumps({**scene.claims(), name: "?"})
        return scene.proof(claims=members.replace('"?"', text).encode())

    return Case(row, f"{name} is {text}", make, rule)


def htu(row: str, what: str, change: object, rule: str = "", says: str = "") -> Case:
    """A proof for `change(url)`, where url is that of the request."""
    return Case(row, what, lambda s: s.proof(claims={"htu": change(s.url)}), rule, says)  # type: ignore[operator]


def host(url: str) -> str:
    return urlsplit(url).netloc


def path(url: str) -> str:
    return urlsplit(url).path


def upper_scheme_and_host(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme.upper()}://{parts.netloc.upper()}{parts.path}"


def other_scheme(url: str) -> str:
    scheme, rest = url.split(":", 1)
    return {"http": "https", "https": "http"}[scheme] + ":" + rest


JTI = [
    *[
        claim("44", "jti", value, "jti_is_new")
        for value in (ABSENT, "", " ", "\t\n", 1, None, True, ["x"], {"x": 1}, 1.5)
    ],
    claim("45", "jti", "x" * 257, "jti_is_new", "256"),
    Case("45", "jti of 256 characters", lambda s: s.proof(claims={"jti": f"{new_jti():x<256}"})),
    *[
        Case("45", f"jti with {what}", lambda s, t=text: s.proof(claims={"jti": t + new_jti()}))
        for what, text in (
            ("umlauts", "äöü"),
            ("emoji", "😀"),
            ("NUL", "\0"),
            ("quotes", "'\"\\"),
            ("CRLF", "\r\n"),
            ("right-to-left", "\u202e"),
        )
    ],
]

HTM = [
    *[
        claim("46", "htm", value, "htm_matches")
        for value in (
            ABSENT,
            "DELETE",
            "PUT",
            "post",
            "Post",
            "get",
            "POST ",
            "",
            1,
            None,
            True,
            ["POST"],
            "ＰＯＳＴ",
            'POST"',
            "POST\\",
            "POST\r\nX-Evil: 1",
            "\u202ePOST😀",
        )
    ],
]

HTU = [
    *[
        claim("47", "htu", value, "htu_matches")
        for value in (
            ABSENT,
            "",
            None,
            1,
            [],
            {},
            True,
            "/token",
            "token",
            "//h/token",
            "https:",
            "https://",
            "https:///token",
            "mailto:a@b",
            "https://[::1",
            "http://h:99999/",
            "http://h:x/",
            "http://é/",
            "http://h/ a",
            "http://h\\@x/",
            "http://h/%zz",
        )
    ],
    htu("47", "in a list", lambda url: [url], "htu_matches"),
    htu("48", "other path", lambda url: url + "s", "htu_matches", "M04"),
    htu("48", "longer path", lambda url: url + "/x", "htu_matches"),
    htu("48", "no path", lambda url: url.removesuffix(path(url)), "htu_matches"),
    htu("48", "other host", lambda url: url.replace(host(url), "evil.example"), "htu_matches"),
    htu(
        "48",
        "host as a prefix",
        lambda url: url.replace(host(url), host(url) + ".evil.example"),
        "htu_matches",
    ),
    htu(
        "48",
        "other port",
        lambda url: url.replace(host(url), urlsplit(url).hostname + ":1"),
        "htu_matches",
    ),
    htu("48", "no port", lambda url: url.replace(host(url), urlsplit(url).hostname), "htu_matches"),
    htu(
        "48",
        "other realm",
        lambda url: re.sub("/realms/[^/]+", "/realms/strict", url),
        "htu_matches",
    ),
    htu("48", "root", lambda url: re.sub("/realms/[^/]+", "", url), "htu_matches"),
    htu("49", "query", lambda url: url + "?a=1&b=%zz"),
    htu("49", "fragment", lambda url: url + "#top"),
    htu("49", "query and fragment", lambda url: url + "?q#f?x"),
    htu("49", "empty query", lambda url: url + "?"),
    htu("50", "scheme and host in capitals", upper_scheme_and_host),
    htu("50", "escaped letters", lambda url: url[:-1] + f"%{ord(url[-1]):02X}"),
    htu("50", "escaped letters, small hex", lambda url: url[:-1] + f"%{ord(url[-1]):02x}"),
    htu("50", "dot segments", lambda url: url.replace(path(url), "/x/./y/../.." + path(url))),
    htu("50", "escaped dot segments", lambda url: url.replace(path(url), "/x/%2E%2e" + path(url))),
    htu("50", "too many dot segments", lambda url: url.replace(path(url), "/../.." + path(url))),
    htu(
        "51",
        "path in capitals",
        lambda url: url.replace(path(url), path(url).upper()),
        "htu_matches",
    ),
    htu("51", "trailing slash", lambda url: url + "/", "htu_matches", "slash"),
    htu("51", "escaped slash", lambda url: "%2F".join(url.rsplit("/", 1)), "htu_matches"),
    htu("51", "two slashes", lambda url: "//".join(url.rsplit("/", 1)), "htu_matches"),
    htu("51", "parameters", lambda url: url + ";x", "htu_matches"),
    htu(
        "52",
        "user information",
        lambda url: url.replace("://", "://me:pw@"),
        "htu_matches",
        "user name",
    ),
    htu("52", "empty user information", lambda url: url.replace("://", "://@"), "htu_matches"),
    htu("52", "ftp", lambda url: "ftp:" + url.partition(":")[2], "htu_matches"),
    htu("52", "other scheme", other_scheme, "htu_matches", "Only the scheme"),
]

TIMES = [
    *[
        claim("55", "iat", value, "iat_is_fresh", "Unix seconds")
        for value in (ABSENT, "now", None, False, [], {}, -1, 2**53, 10**300)
    ],
    claim("55", "iat", 0, "iat_is_fresh", "behind"),
    claim("55", "iat", "1700000000", "iat_is_fresh", 'got "1700000000"'),
    claim("55", "iat", True, "iat_is_fresh", "got true"),
    Case(
        "55",
        "iat in milliseconds",
        lambda s: s.proof(claims={"iat": s.now * 1000}),
        "iat_is_fresh",
        "That is milliseconds",
    ),
    raw_claim("55", "iat", "NaN", "well_formed"),
    raw_claim("55", "iat", "Infinity", "well_formed"),
    raw_claim("55", "iat", "-Infinity", "well_formed"),
    raw_claim("55", "iat", "1e400", "iat_is_fresh"),
    raw_claim("55", "iat", "01", "well_formed"),
    Case("56", "now, as a float", lambda s: s.proof(claims={"iat": float(s.now)})),
    Case("56", "55.5 s old", lambda s: s.proof(claims={"iat": s.now - 55.5})),
    Case(
        "56",
        "70.5 s old",
        lambda s: s.proof(claims={"iat": s.now - 70.5}),
        "iat_is_fresh",
        "behind",
    ),
    Case("56", "66 s old", lambda s: s.proof(claims={"iat": s.now - 66}), "iat_is_fresh", "behind"),
    Case("56", "55 s old", lambda s: s.proof(claims={"iat": s.now - 55})),
    Case(
        "56", "10 s ahead", lambda s: s.proof(claims={"iat": s.now + 10}), "iat_is_fresh", "ahead"
    ),
    Case("56", "4 s ahead", lambda s: s.proof(claims={"iat": s.now + 4})),
    Case("57", "exp past", lambda s: s.proof(claims={"exp": s.now - 10}), "iat_is_fresh", "exp"),
    Case("57", "exp to come", lambda s: s.proof(claims={"exp": s.now + 30})),
    Case("57", "exp a string", lambda s: s.proof(claims={"exp": str(s.now + 30)}), "iat_is_fresh"),
    Case("57", "exp with a fraction", lambda s: s.proof(claims={"exp": s.now + 30.5})),
    Case(
        "57",
        "exp in milliseconds",
        lambda s: s.proof(claims={"exp": s.now * 1000 + 30_000}),
        "iat_is_fresh",
        "That is milliseconds",
    ),
    raw_claim("57", "exp", "1e400", "iat_is_fresh"),
    Case("57", "nbf with a fraction", lambda s: s.proof(claims={"nbf": s.now - 5.5})),
    Case("57", "exp true", lambda s: s.proof(claims={"exp": True}), "iat_is_fresh"),
    Case("57", "nbf to come", lambda s: s.proof(claims={"nbf": s.now + 30}), "iat_is_fresh", "nbf"),
    Case("57", "nbf past", lambda s: s.proof(claims={"nbf": s.now - 5})),
    Case("57", "unknown claims", lambda s: s.proof(claims={"iss": 1, "aud": [], "x": {"y": None}})),
    Case("71", "a nonce where none is asked", lambda s: s.proof(claims={"nonce": "unasked"})),
    Case("71", "a nonce that is no string", lambda s: s.proof(claims={"nonce": 1})),
]

CASES = [*JTI, *HTM, *HTU, *TIMES]
