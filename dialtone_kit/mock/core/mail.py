"""Emails with codes: their text, sending them by SMTP, and the copies that lessons read."""

from __future__ import annotations

import json
import logging
import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from hashlib import sha256
from hmac import digest
from os import urandom
from socket import gethostname
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import ColumnElement, Connection, func, insert, select

from dialtone_kit.base import masking
from dialtone_kit.base.email import canonical_domain, canonical_email
from dialtone_kit.mock.core.mail_route import MailRoute
from dialtone_kit.mock.schemas.registration import EnrollmentRequest
from dialtone_kit.mock.store.tables import mails

log = logging.getLogger("dialtone.mock")
SMTP_TIMEOUT = 10  # seconds; whoever is registering is waiting
KEPT = 24 * 3600  # seconds


@dataclass(frozen=True)
class Letter:
    """One email to send. `code` is the verification code in `text`."""

    realm: str
    recipient: str
    subject: str
    text: str = field(repr=False)
    code: str = field(repr=False)


def verification_letter(
    asked: EnrollmentRequest, realm: str, code: str, approval_url: str
) -> Letter:
    """The email to the sponsor. What the agent wrote is quoted, and never goes into a header."""
    scopes = " ".join(asked.requested_scopes)
    described = visible(asked.client_description) or "(none)"
    workload = f"  Workload, no secret:    {asked.spiffe_id}\n" if asked.spiffe_id else ""
    text = (
        f"An agent is asking for an identity and has named you as its sponsor.\n\n"
        f"  Agent:                  {visible(asked.client_name)}\n"
        f"  Description:            {described}\n"
        f"  Permissions requested:  {scopes}\n"
        f"{workload}"
        f"  Realm:                  {realm}\n\n"
        f"Your verification code: {code}\n\n"
        f"Give it to whoever set up this agent, or enter it yourself here:\n"
        f"  {approval_url}\n\n"
        f"The code works once and expires in an hour. By using it you vouch for the agent.\n"
        f"If you don't recognize this agent, ignore this email: without the code it gets nothing.\n"
    )
    return Letter(realm, asked.email, "Your verification code for an agent", text, code)


def device_letter(
    email: str, realm: str, code: str, agent: str, scopes: str, minutes: int
) -> Letter:
    """The email to a person who lets an agent act for them. What the agent wrote is quoted."""
    text = (
        f"Someone entered a device's code and your address: an agent wants to act for you.\n\n"
        f"  Agent:                  {visible(agent)}\n"
        f"  Permissions requested:  {scopes}\n"
        f"  Realm:                  {realm}\n\n"
        f"Your code: {code}\n\n"
        f"Enter it on the page that asked for it, but only if you started this yourself, on a\n"
        f"device in front of you. The code expires in {minutes} minutes.\n"
        f"If you didn't start this, ignore this email: without the code the agent gets nothing.\n"
    )
    return Letter(realm, email, "Your code to let an agent act for you", text, code)


def visible(text: str) -> str:
    """`text` on one line, with each control or direction mark written as an escape."""
    return masking.visible(" ".join(text.split()))


def send(route: MailRoute, letter: Letter) -> bool:
    """Whether the mail server accepted `letter`. Blocks, so call it in a thread."""
    message = EmailMessage()
    message["From"], message["To"] = route.sender, letter.recipient
    message["Subject"] = letter.subject
    message["Date"], message["Message-ID"] = formatdate(), make_msgid(domain="dialtone.invalid")
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text)
    try:
        with _connect(route) as server:
            if route.user is not None:
                server.login(route.user, route.password or "")
            server.send_message(message)
    except (OSError, smtplib.SMTPException, UnicodeError) as problem:  # names outside ASCII
        log.error("the mail server did not accept an email: %s", type(problem).__name__)
        return False
    return True


class MailStore:
    """The emails sent, stored encrypted: a database copy shows no code without the secret."""

    def __init__(self, secret: str) -> None:
        self._seal = AESGCM(digest(secret.encode(), b"inbox", sha256))

    def keep(self, tx: Connection, letter: Letter, sent_at: float, forget_at: float) -> None:
        """Store `letter`. `sent_at` is in the realm's time, `forget_at` in the machine's."""
        nonce = urandom(12)
        content = json.dumps({"text": letter.text, "code": letter.code}).encode()
        tx.execute(
            insert(mails),
            {
                "realm": letter.realm,
                "recipient": letter.recipient,
                "subject": letter.subject,
                "sealed": nonce + self._seal.encrypt(nonce, content, letter.realm.encode()),
                "sent_at": sent_at,
                "forget_at": forget_at,
            },
        )

    def look(
        self,
        tx: Connection,
        email: str | None,
        realm: str | None,
        limit: int,
        within: ColumnElement[bool] | None = None,
    ) -> list[dict[str, Any]]:
        """Up to `limit` emails, newest first, only those to `email` or in `realm` if given.

        Case is ignored in `email`, and its domain may be written in either form. `within`: a
        condition on the rows of the table, for a reader who may not see all.
        """
        query = select(mails).order_by(mails.c.id.desc()).limit(limit)
        if within is not None:
            query = query.where(within)
        if realm is not None:
            query = query.where(mails.c.realm == realm)
        if email is not None:
            query = query.where(
                func.lower(mails.c.recipient) == (canonical_email(email) or email.lower())
            )
        rows = tx.execute(query).mappings().all()
        return [opened for row in rows if (opened := self._open(dict(row))) is not None]

    def _open(self, row: dict[str, Any]) -> dict[str, Any] | None:
        """The email in `row`, or None if it was encrypted with another secret."""
        sealed, realm = bytes(row["sealed"]), str(row["realm"])
        try:
            content = self._seal.decrypt(sealed[:12], sealed[12:], realm.encode())
        except InvalidTag:
            return None
        return {**row, **json.loads(content)}


def _own_name() -> str:
    """This machine's name for EHLO (RFC 5321 §4.1.1.1), which has ASCII letters only."""
    return canonical_domain(gethostname()) or "localhost"


def _connect(route: MailRoute) -> smtplib.SMTP:
    context = ssl.create_default_context()
    if route.scheme == "smtps":
        return smtplib.SMTP_SSL(
            route.host, route.port, _own_name(), timeout=SMTP_TIMEOUT, context=context
        )
    server = smtplib.SMTP(route.host, route.port, _own_name(), timeout=SMTP_TIMEOUT)
    if route.scheme == "starttls":
        server.starttls(context=context)
    return server
