"""URLs as the protocol compares them: `htu` normalisation, origins, and the https rule."""

from __future__ import annotations

import ipaddress
import re
import socket
from functools import lru_cache
from urllib.parse import SplitResult, urlsplit

from dialtone_kit.base.errors import UnsafeUrl
from dialtone_kit.base.reason import sentence

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})  # as `urlsplit` spells the usual hosts
_DEFAULT_PORTS = {"http": 80, "https": 443}
_METADATA_NAMES = frozenset({"metadata", "metadata.google.internal"})
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_STRAY = re.compile(r"%(?![0-9A-Fa-f]{2})")
_URL = re.compile(r"[!-~]+")  # visible ASCII: RFC 3986 allows nothing else
_HOST = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=%-]+|\[[0-9A-Fa-f:.]+\]")


@lru_cache(maxsize=4096)
def normalize(url: str) -> str:
    """`url` without query and fragment, in the one form that equal URLs share.

    Syntax- and scheme-based normalisation (RFC 3986 §6.2.2, §6.2.3): scheme and host in lower
    case, no default port, unreserved characters unescaped, dot segments removed, `/` for an empty
    path. Path case, a trailing slash, `%2F` and `//` stay: they name other resources.
    Raises UnsafeUrl for anything but an absolute http or https URL without user information.
    """
    parts = _split(url)
    path = _remove_dot_segments(_unescape_unreserved(parts.path)) or "/"
    return _origin_of(parts) + path


def origin(url: str) -> str:
    """Scheme, host and port of `url` (RFC 6454), the default port left out."""
    return _origin_of(_split(url))


def same_origin(one: str, other: str) -> bool:
    """Whether credentials meant for `one` may go to `other`."""
    return origin(one) == origin(other)


def is_loopback(url: str) -> bool:
    """Whether `url` stays on this machine: localhost, 127.0.0.0/8 or ::1."""
    host = (_split(url).hostname or "").rstrip(".")
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def require_https_or_loopback(url: str) -> str:
    """`url`, if secrets may travel to it: https anywhere, http on this machine only.

    Raises UnsafeUrl otherwise, and for the link-local addresses where clouds keep their metadata.
    """
    parts = _split(url)
    if _is_link_local(parts.hostname or ""):
        raise UnsafeUrl(f"{url} is a link-local address, where clouds keep machine credentials.")
    if parts.scheme.lower() != "https" and not is_loopback(url):
        raise UnsafeUrl(
            f"{url} would send secrets in the clear. Use https; http is only for loopback."
        )
    return url


def _split(url: str) -> SplitResult:
    if not isinstance(url, str) or not _URL.fullmatch(url):
        raise UnsafeUrl(f"{url!r} is not a URL: it contains a space or a non-ASCII character.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as problem:
        raise UnsafeUrl(sentence(f"{url!r} is not a URL: {problem}")) from None
    if parts.scheme.lower() not in _DEFAULT_PORTS or not parts.hostname:
        raise UnsafeUrl(f"{url!r} is not an absolute http or https URL.")
    if "@" in parts.netloc:
        raise UnsafeUrl("A URL with a user name or password in it is not accepted.")
    host = parts.netloc if port is None else parts.netloc.rpartition(":")[0]
    if _STRAY.search(parts.netloc + parts.path):
        raise UnsafeUrl(f"{url!r} has a % without two hexadecimal digits after it.")
    if "\\" in url or not _HOST.fullmatch(host.removesuffix(":")):
        raise UnsafeUrl(f"{url!r} has no valid host name.")
    return parts


def _origin_of(parts: SplitResult) -> str:
    """The origin of a URL that has been split."""
    scheme, host = parts.scheme.lower(), _unescape_unreserved(parts.netloc).lower()
    if host.endswith(":"):
        host = host[:-1]
    elif parts.port == _DEFAULT_PORTS[scheme]:
        host = host.rpartition(":")[0]
    return f"{scheme}://{host}"


def _unescape_unreserved(text: str) -> str:
    def one(match: re.Match[str]) -> str:
        character = chr(int(match[1], 16))
        return character if character in _UNRESERVED else match[0].upper()

    return _ESCAPE.sub(one, text) if "%" in text else text


def _remove_dot_segments(path: str) -> str:
    """RFC 3986 §5.2.4."""
    if "/." not in path:
        return path
    kept: list[str] = []
    segments = path.split("/")[1:]
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in (".", ".."):
        kept.append("")
    return "/" + "/".join(kept)


def _is_link_local(host: str) -> bool:
    host = host.rstrip(".").lower()
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host in _METADATA_NAMES or _old_style_ipv4_is_link_local(host)
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_link_local or str(address) == "fd00:ec2::254"


def _old_style_ipv4_is_link_local(host: str) -> bool:
    """Resolvers also read 2852039166 and 0xa9fea9fe as 169.254.169.254."""
    try:
        return ipaddress.ip_address(socket.inet_aton(host)).is_link_local
    except OSError:
        return False
