"""Whose certificates are believed: a TLS context with the usual authorities and yours."""

from __future__ import annotations

import os
from pathlib import Path
from ssl import PROTOCOL_TLS_CLIENT, SSLContext, SSLError

import httpx

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.reason import sentence


def no_tls() -> SSLContext:
    """A context for plain http: it reads no file, and trusts no one."""
    return SSLContext(PROTOCOL_TLS_CLIENT)


def only(authority: str | Path) -> SSLContext:
    """A context in which one authority counts and no other: its PEM, or the file that has it."""
    context = SSLContext(PROTOCOL_TLS_CLIENT)
    try:
        if isinstance(authority, Path):
            context.load_verify_locations(authority)
        else:
            context.load_verify_locations(cadata=authority)
    except (OSError, ValueError) as problem:  # SSLError is one
        text = sentence(f"The authority of your class's service can't be read: {problem}")
        raise DialtoneError(f"{text} Ask your trainer for your session file again.") from None
    return context


def trust(ca_file: str | Path | None = None) -> SSLContext:
    """The usual authorities and the system's, and yours on top. Verification can't be turned off.

    A company that looks into its TLS puts its authority into the system's store (Linux, Windows);
    where there is none to find, as on macOS, SSL_CERT_FILE names one.
    """
    try:
        context = httpx.create_ssl_context()
        context.load_default_certs()
    except OSError as problem:  # SSLError is one
        raise DialtoneError(
            sentence(f"{_blamed()}: {problem.strerror or problem}")
            + " Correct the variable, or unset it."
        ) from None
    if ca_file is not None:
        try:
            context.load_verify_locations(ca_file)
        except (OSError, SSLError) as problem:
            raise DialtoneError(
                sentence(f"ca_file: {problem}") + " A PEM file of certificates is needed."
            ) from None
    return context


def _blamed() -> str:
    """The variable of the environment that spoiled the TLS context."""
    try:
        no_tls().load_verify_locations(os.environ.get("SSL_CERT_FILE"))
    except OSError:
        return "SSL_CERT_FILE"
    except TypeError:  # not set
        pass
    return "SSLKEYLOGFILE"
