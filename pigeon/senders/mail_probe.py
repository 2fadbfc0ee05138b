"""Trying out a mail server without sending a mail (RFC 5321: EHLO, MAIL, RCPT, RSET)."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Sequence
from email.utils import parseaddr

from pigeon.destinations import Destination
from pigeon.remotes import tls
from pigeon.senders.capabilities import Answer, Capabilities, Capability

TAKEN, SIZE, SECRECY = "take sender and recipients", "take mails of max_size", "encrypt"
_ASK_SIZE = "Set OPTIONS['max_size'] to {limit}, and send larger files another way."
_ASK_TLS = "Set use_tls (or use_ssl) in Django's mail settings."
_ASK_TAKEN = (
    "Correct the address, or ask the partner (recipient) or your mail server's administrator "
    "(sender)."
)


def probe(
    smtp: smtplib.SMTP, destination: Destination, sender: str, recipients: Sequence[str], size: int
) -> Capabilities:
    """Look at what ``smtp``, on which the login was made, says; nobody gets a mail.

    Args:
        sender: address in MAIL, as people write it.
        recipients: addresses in RCPT.
        size: bytes of the largest mail that we would send.
    """
    smtp.ehlo_or_helo_if_needed()
    found = (_encryption(smtp), _size(smtp, size), _taken(smtp, sender, recipients))
    answer, *more = (
        (smtp.ehlo_resp or smtp.helo_resp or b"").decode("utf-8", "replace").split("\n")
    )
    facts = {"server": answer, "extensions": ", ".join(more)}
    if isinstance(smtp.sock, ssl.SSLSocket):
        facts |= tls.facts(smtp.sock)
    redact = destination.redact
    return Capabilities(found, {name: redact(words) for name, words in facts.items() if words})


def unseen(backend: str) -> Capabilities:
    """For a backend that is no SMTP: it can be seen by a mail only."""
    why = "only a mail would show; deliver something to see"
    return Capabilities((Capability("send mail", "unknown", why),), {"mail backend": backend})


def _encryption(smtp: smtplib.SMTP) -> Capability:
    if isinstance(smtp.sock, ssl.SSLSocket):
        return Capability(SECRECY, "yes", str(smtp.sock.version()))
    seen = "the server offers STARTTLS" if smtp.has_extn("starttls") else "no TLS is offered"
    return Capability(SECRECY, "no", seen, "sends login and mails in the clear", _ASK_TLS)


def _size(smtp: smtplib.SMTP, size: int) -> Capability:
    """RFC 1870: ``SIZE`` with a number; 0 or none is no limit that anybody knows of."""
    said = smtp.esmtp_features.get("size", "").strip()
    limit = int(said) if said.isascii() and said.isdigit() else 0
    if not limit:
        return Capability(SIZE, "unknown", "the server announces no limit")
    seen = f"up to {limit} bytes, and max_size is {size}"
    if limit >= size:
        return Capability(SIZE, "yes", seen)
    does = "has larger mails refused, which ends their items"
    return Capability(SIZE, "no", seen, does, _ASK_SIZE.format(limit=limit))


def _taken(smtp: smtplib.SMTP, sender: str, recipients: Sequence[str]) -> Capability:
    """Begin a mail, and take it back before it has any content."""
    try:
        answers = [("the sender", *smtp.mail(_bare(sender)))]
        if answers[0][1] == 250:
            answers += [(each, *_asked(smtp, each)) for each in recipients]
        smtp.rset()
    except (smtplib.SMTPException, OSError, UnicodeError) as error:
        words = f"{type(error).__name__}: {error}"
        return Capability(TAKEN, "no", " ".join(words.split()), ask=_ASK_TAKEN, required=True)
    refused = [one for one in answers if one[1] not in (250, 251)]
    if not refused:
        return Capability(TAKEN, "yes", f"{len(recipients)} recipients", required=True)
    # 4xx is "later": many servers greet strangers so.
    answer: Answer = "no" if any(code >= 500 for _, code, _ in refused) else "unknown"
    words = "; ".join(
        f"{who}: {code} {said.decode('utf-8', 'replace')}" for who, code, said in refused
    )
    return Capability(TAKEN, answer, " ".join(words.split()), ask=_ASK_TAKEN, required=True)


def _asked(smtp: smtplib.SMTP, recipient: str) -> tuple[int, bytes]:
    try:
        return smtp.rcpt(_bare(recipient))
    except smtplib.SMTPRecipientsRefused as error:
        [(code, said)] = error.recipients.values()
        return code, said


def _bare(address: str) -> str:
    """The address alone, its domain in ASCII."""
    local, _, domain = parseaddr(address)[1].rpartition("@")
    return f"{local}@{domain.encode('idna').decode()}"
