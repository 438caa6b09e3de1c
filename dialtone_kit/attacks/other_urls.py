"""Proofs that the agent made for URLs that only look like the target's: more ways for attack 5."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import SplitResult, urlsplit, urlunsplit

from dialtone_kit.attacks.bag import EVIL, Bag, owner
from dialtone_kit.attacks.calls import Call, NotTried
from dialtone_kit.attacks.ways import Way, with_proof

OTHER_PORT = 8443


def other_path(url: SplitResult) -> str:
    """A proof for another path of the same host."""
    return urlunsplit(url._replace(path="/elsewhere/of-the-same-host"))


def deeper_path(url: SplitResult) -> str:
    """A proof for a path that only begins like yours."""
    return f"{urlunsplit(url).rstrip('/')}/more"


def root_path(url: SplitResult) -> str:
    """A proof for the root of the same host."""
    if url.path in ("", "/"):
        raise NotTried("the target is the root of its host")
    return urlunsplit(url._replace(path="/"))


def final_slash(url: SplitResult) -> str:
    """A proof for your path with a final slash, or without: another resource (RFC 3986 §6.2.3)."""
    if url.path in ("", "/"):
        raise NotTried("the target is the root of its host")
    path = url.path.rstrip("/") if url.path.endswith("/") else f"{url.path}/"
    return urlunsplit(url._replace(path=path))


def other_letters(url: SplitResult) -> str:
    """A proof for your path in capitals, or in small letters: another resource."""
    if url.path.swapcase() == url.path:
        raise NotTried("the path has no letter")
    return urlunsplit(url._replace(path=url.path.swapcase()))


def other_scheme(url: SplitResult) -> str:
    """A proof for the same URL with the other scheme."""
    return urlunsplit(url._replace(scheme="http" if url.scheme == "https" else "https"))


def other_port(url: SplitResult) -> str:
    """A proof for another port of the same host."""
    host = url.netloc.removesuffix(f":{url.port}")
    port = OTHER_PORT if url.port != OTHER_PORT else OTHER_PORT + 1
    return urlunsplit(url._replace(netloc=f"{host}:{port}"))


def host_as_user(url: SplitResult) -> str:
    """A proof for another host, with yours as its user name."""
    if "[" in url.netloc:
        raise NotTried("an IPv6 address is no user name")
    return urlunsplit(url._replace(netloc=f"{url.netloc}@{EVIL}"))


def url_as_path(url: SplitResult) -> str:
    """A proof for another host, with your whole URL in its path."""
    return f"{url.scheme}://{EVIL}/{urlunsplit(url)}"


def _way(other: Callable[[SplitResult], str]) -> Way:
    def way(bag: Bag) -> Call:
        htu = other(urlsplit(bag.target.url.partition("?")[0]))
        return with_proof(bag, owner(bag).proof(bag.target, htu=htu))

    way.__doc__ = other.__doc__
    return way


OTHER_URLS = tuple(
    _way(other)
    for other in (
        other_path,
        deeper_path,
        root_path,
        final_slash,
        other_letters,
        other_scheme,
        other_port,
        host_as_user,
        url_as_path,
    )
)
