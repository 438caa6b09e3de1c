"""TLS that failed, in one line: what is wrong with it, and what to do."""

from __future__ import annotations

import re

_SAID = re.compile(r"\[SSL: (\w+)\] *([^(]*)")
_NOT_TRUSTED = (
    "presented a certificate that is not trusted. Behind a company's proxy or CA: set "
    "SSL_CERT_FILE to a PEM file with its certificate and start again; in your own code, ca_file= "
    "takes it, too. Verification can't be turned off."
)
_CERTIFICATES = (
    ("mismatch", "presented a certificate for another name. Correct the host name in base_url."),
    (
        "has expired",
        "presented a certificate that has expired. If it hasn't, your clock is ahead: correct it. "
        "[M06]",
    ),
    (
        "not yet valid",
        "presented a certificate that isn't valid yet. Your clock may be behind: correct it. [M06]",
    ),
    ("", _NOT_TRUSTED),
)


def tls_problem(text: str, where: str) -> str:
    """What to tell about the error `text` of the TLS library, talking to `where`; "" if it is none.

    Its own words are for other programmers, except when no other are known.
    """
    found = _SAID.search(text)
    if found is None:
        return ""
    if found[1] == "CERTIFICATE_VERIFY_FAILED":
        return next(f"{where} {line}" for sign, line in _CERTIFICATES if sign in text.lower())
    why = found[2].strip() or found[1].replace("_", " ").lower()
    return f"No TLS with {where}: {why}. Does that port speak https, and TLS 1.2 or newer?"
