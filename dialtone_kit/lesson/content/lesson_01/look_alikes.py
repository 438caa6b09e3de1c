"""Issuers and URLs for lesson 01: some only look the same, others are and don't look it."""

from __future__ import annotations

from typing import Any

from dialtone_kit.lesson.exercises.asking import word


def naming(issuer: str) -> dict[str, Any]:
    """A document that names `issuer`: only the name tells a lie from the truth."""
    origin = "/".join(issuer.split("/")[:3])
    return {"issuer": issuer, "token_endpoint": f"{origin}/token", "jwks_uri": f"{origin}/keys"}


def lies(asked: str) -> list[tuple[str, str, str]]:
    """Issuers that must not pass for `asked`, each with the mistake of a check that accepts it."""
    attacker = f"https://id-{word()}.example/realms/main"
    return [
        (
            attacker,
            f"You asked {asked} and accepted {attacker}: that is impersonation. "
            "Your proofs and secrets would go where the liar wants them.",
            "",
        ),
        (
            asked + "/",
            "You let a slash at the end pass. Issuers are compared as "
            "strings: with a slash, it is another issuer.",
            "M19",
        ),
        (
            asked.rpartition("/")[0] + "/other",
            "You compared only the host. Each realm is an issuer of its own, with keys of its own.",
            "",
        ),
        (
            asked + ".evil.example",
            "You compared only the beginning: another name may start like the honest one.",
            "",
        ),
        (asked.upper(), "You ignored case. An issuer is compared character by character.", ""),
        *_respelled(asked),
    ]


def _respelled(asked: str) -> list[tuple[str, str, str]]:
    """What a library may take for the same address. RFC 8414 §4 compares code points."""
    scheme, _, rest = asked.partition("://")
    host, _, path = rest.partition("/")
    strings = "Compare the two strings as they are, code point by code point."
    spellings = {
        f"{scheme}://{host.upper()}/{path}": f"You compared parsed URLs: case was lost. {strings}",
        f"{scheme}://{host}:443/{path}": f"You compared parsed URLs, and :443 was lost. {strings}",
        f"{asked}?realm=other": f"You compared parsed URLs without their query. {strings}",
        f"{asked}#other": f"You compared parsed URLs without their fragment. {strings}",
        f" {asked}": f"You stripped a space. {strings}",
        f"{asked}\n": f"You stripped the end of a line. {strings}",
        asked.replace("realms", "%72ealms"): f"You undid percent-encoding. {strings}",
        asked.replace("realms", "\uff52ealms"): "You normalized Unicode, and a wide r became "
        f"a plain one: RFC 8414 §4 forbids that. {strings}",
        asked.partition("/realms")[0]: "You accepted a part of the issuer for the whole.",
    }
    return [(issuer, sentence, "") for issuer, sentence in spellings.items()]


def here(host: str) -> list[tuple[str, str, str]]:
    """An issuer, an endpoint on its origin, and why it is one."""
    issuer = f"https://{host}/realms/{word()}"
    return [
        (issuer, f"https://{host}/{word()}/token", "an origin has no path, so any path will do"),
        (issuer, f"https://{host}:443/token", ":443 is the default port of https"),
        (issuer, f"https://{host.upper()}/token", "host names ignore case"),
    ]


def here_after_all(host: str) -> list[tuple[str, str, str]]:
    """The same, where too strict a check says no."""
    issuer = f"https://{host}/realms/{word()}"
    return [
        (f"https://{host}:443/a", f"https://{host}/token", "no port means 443"),
        (f"https://{host.upper()}/a", f"https://{host}/token", "host names ignore case"),
        (f"https://{host}:8443/a", f"https://{host}:8443/token", "the port is the same"),
        (f"http://{host}/a", f"http://{host}:80/token", ":80 is the default port of http"),
        (issuer, f"https://{host}/@{word()}/token", "an @ in the path doesn't make a user name"),
        (
            issuer,
            f"https://{host}/token?for=a@{word()}",
            "an @ in the query doesn't make a user name",
        ),
    ]


def other_ports(host: str) -> list[tuple[str, str, str]]:
    """An issuer and an endpoint whose ports differ, though one of them has none written."""
    return [
        (f"https://{host}:8443/a", f"https://{host}/token", "no port means 443"),
        (f"http://{host}/a", f"http://{host}:443/token", "the default port of http is 80"),
    ]


def elsewhere(host: str) -> list[tuple[str, str, str]]:
    issuer = f"https://{host}/realms/{word()}"
    places = [
        ("https://collect.example/token", "that is someone else's host"),
        (f"https://{host}.evil.example/token", "the honest name is only the beginning of the host"),
        (f"https://evil-{host}/token", "the honest name is only the end of the host"),
        (f"https://{host}@evil.example/token", "the part before the @ is a user name"),
        (f"https://evil@{host}/token", "a URL with a user name in it doesn't belong here"),
        (f"https://{host}:8443/token", "another port can be another program"),
        (f"http://{host}/token", "without https, anyone on the way can read it"),
        ("/token", "that is not an absolute URL"),
    ]
    return [(issuer, place, trick) for place, trick in places]
