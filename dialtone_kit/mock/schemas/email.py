"""E-mail addresses that mail can be sent to."""

from __future__ import annotations

import re

# The address part of RFC 5322 that mail systems really deliver to, as HTML's e-mail field has it.
# Whatever could end a header or name a second recipient (CR, LF, NUL, comma, angle) is not in it.
ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
EMAIL = re.compile(rf"(?=.{{3,254}}$)(?=[^@]{{1,64}}@){ATOM}(?:\.{ATOM})*@{LABEL}(?:\.{LABEL})*")


def is_email(value: str) -> str:
    """An address that mail can be sent to, and nothing that could steer the mail."""
    if not EMAIL.fullmatch(value):
        raise ValueError("this is not an e-mail address (one address, name@domain)")
    return value
