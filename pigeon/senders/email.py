"""``mailto:desk@partner.example``: one mail for each parcel, its files attached.

The mail goes through Django's own mail settings. A Message-ID that stays the same from attempt
to attempt lets whoever receives it drop duplicates.
"""

from __future__ import annotations

import hashlib
import mimetypes
import posixpath
import re
from collections import Counter
from collections.abc import Mapping
from email.utils import parseaddr
from typing import Any, ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.validators import validate_email

from pigeon.destinations import Destination
from pigeon.exceptions import DestinationMisconfigured, PermanentError
from pigeon.parcel import OutputFile, Parcel, Receipt
from pigeon.senders.base import Delivery, SyncSender
from pigeon.senders.capabilities import Capabilities
from pigeon.senders.mailer import Mailer
from pigeon.text import storable

#: Bytes of a mail that servers commonly take, its attachments encoded.
MAX_SIZE = 20 * 1024 * 1024
#: Characters of a subject; a line of a header has at most 998 (RFC 5322, section 2.1.1).
SUBJECT_LENGTH = 250
SUBJECT = "{title} ({rule})"
BODY = "{title}\n\n{files}\n"
_ADDRESSES = ("cc", "bcc", "reply_to")
#: Headers that Pigeon sets, or that have an option.
_TAKEN = {"bcc", "cc", "from", "message-id", "reply-to", "subject", "to"}
_HEADER_NAME = re.compile(r"[!-9;-~]+\Z")
#: Types of Python's own table: those of the machine differ from one to the next.
_types = mimetypes.MimeTypes()


class EmailSender(SyncSender):
    """Sends parcels by mail over one connection, which stays open for many."""

    schemes: ClassVar = ("mailto",)
    connections = 1
    options: ClassVar = {
        "subject": str,
        "body": str,
        "from_email": str,
        **dict.fromkeys(_ADDRESSES, (list, tuple)),
        "headers": dict,
        "message_id_domain": str,
        "max_size": int,
        "mailer": str,
    }

    def __init__(self, destination: Destination) -> None:
        super().__init__(destination)
        options = destination.options
        self._options = options
        self._to = _recipients(destination)
        self._from: str = options.get("from_email", settings.DEFAULT_FROM_EMAIL)
        self._mailer = Mailer(destination)

    @classmethod
    def check(cls, destination: Destination) -> list[str]:
        """Sentences about addresses, headers and the mail settings; no network."""
        options = destination.options
        to = _recipients(destination)
        found = [] if to else ["A mailto URL names who gets the mail: mailto:desk@example.org."]
        addresses = [*to, *([options["from_email"]] if "from_email" in options else [])]
        for name in _ADDRESSES:
            addresses += options.get(name, ())
        found += [f"{each!r} is no mail address." for each in addresses if not _is_address(each)]
        found += _wrong_headers(options.get("headers", {}))
        if options.get("max_size", MAX_SIZE) <= 0:
            found.append("Option 'max_size' must be more than 0.")
        domain = options.get("message_id_domain", "x")
        if not re.fullmatch(r"[A-Za-z0-9.-]+", domain):
            found.append(f"Option 'message_id_domain' is a domain, not {domain!r}.")
        return found + Mailer.problems(destination)

    def open(self) -> None:
        """Connect to the mail server and log in.

        Raises:
            DestinationMisconfigured: URL or options are wrong.
            DeliveryError: the server cannot be reached, or refuses us.
        """
        if problems := self.check(self.destination):
            raise DestinationMisconfigured(" ".join(problems))
        self._mailer.open()

    def close(self) -> None:
        """Disconnect."""
        self._mailer.close()

    def probe(self) -> Capabilities:
        """Look at what the server says; no mail is sent."""
        more = (each for name in ("cc", "bcc") for each in self._options.get(name) or ())
        size = self._options.get("max_size", MAX_SIZE)
        return self._mailer.probe(self._from, [*self._to, *more], size)

    def send(self, delivery: Delivery) -> None:
        """Mail the parcel. What is to go cannot be taken back, and that is an error."""
        delivery.traces = False
        if delivery.action == "put" and delivery.parcel is not None:
            self._mail(delivery, delivery.parcel)
        if to_remove := delivery.to_remove:
            paths = ", ".join(held.path for held in to_remove)
            done = "The new files were mailed, but " if delivery.receipts else ""
            raise PermanentError(
                f"{done}{paths} cannot be taken back: it went out by mail. Let the rule say "
                "push_deletions = 'tombstone', which mails that the object is gone."
            )

    def _mail(self, delivery: Delivery, parcel: Parcel) -> None:
        self._refuse_oversize(parcel)
        message_id = self._message_id(delivery)
        message = self._message(delivery, parcel, message_id)
        self.check_lease(delivery)
        delivery.traces = True
        self._mailer.send(message)
        delivery.note(f"the mail server took {message_id} with {len(parcel.files)} files")
        for file in parcel.files:
            delivery.record(
                Receipt(file.path, message_id, file.size, file.sha256, "mailed", "none")
            )

    def _message(self, delivery: Delivery, parcel: Parcel, message_id: str) -> EmailMessage:
        def filled(option: str, default: str) -> str:
            text: str = self._options.get(option, default)
            return (
                text.replace("{files}", _listed(parcel))
                .replace("{rule}", delivery.rule)
                .replace("{title}", storable(delivery.title) or delivery.rule)
            )

        message = EmailMessage(
            subject=one_line(filled("subject", SUBJECT))[:SUBJECT_LENGTH],
            body=filled("body", BODY),
            from_email=self._from,
            to=self._to,
            headers={**self._options.get("headers", {}), "Message-ID": message_id},
            cc=self._options.get("cc"),
            bcc=self._options.get("bcc"),
            reply_to=self._options.get("reply_to"),
        )
        for source, name in zip(delivery.sources, _names(parcel), strict=True):
            message.attach(name, source.read(), content_type(name))
        return message

    def _message_id(self, delivery: Delivery) -> str:
        """The same for every attempt at this delivery (RFC 5322, section 3.6.4)."""
        domain = self._options.get("message_id_domain")
        domain = domain or parseaddr(self._from)[1].rpartition("@")[2] or "localhost"
        key = hashlib.sha256(delivery.idempotency_key.encode()).hexdigest()[:40]
        ascii_domain = domain.encode("idna").decode()
        return f"<{key}.pigeon@{ascii_domain}>"

    def _refuse_oversize(self, parcel: Parcel) -> None:
        limit = self._options.get("max_size", MAX_SIZE)
        size = sum(encoded_size(file) for file in parcel.files)
        if size > limit:
            raise PermanentError(
                f"The mail would have {size:,} bytes with its files encoded, and the limit is "
                f"{limit:,}. Pack the files (packer = pigeon.ZIPPacker), send large ones another "
                "way, or raise OPTIONS['max_size'] if the partner's server takes more."
            )


def one_line(text: str) -> str:
    """``text`` without line breaks and control characters, which a header must not have."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def content_type(name: str) -> str:
    """The MIME type of an attachment, such that no mail library touches its content.

    What is declared as text gets other line ends on the way, and a mail in a mail is taken
    apart; such files travel as unknown bytes.
    """
    found, encoding = _types.guess_type(name)
    if encoding or found is None:
        return "application/octet-stream"
    if found == "text/xml":
        return "application/xml"
    return found if not found.startswith(("text/", "message/")) else "application/octet-stream"


def encoded_size(file: OutputFile) -> int:
    """Bytes of ``file`` in a mail: lines of 76 base64 digits for 57 bytes, and their ends."""
    return -(-file.size // 57) * 78


def _names(parcel: Parcel) -> list[str]:
    """A name for each attachment: the last part of its path, or all of it if two have that."""
    short = [posixpath.basename(file.path) for file in parcel.files]
    times = Counter(short)
    return [
        one_line(name if times[name] == 1 else file.path.replace("/", "-"))
        for file, name in zip(parcel.files, short, strict=True)
    ]


def _listed(parcel: Parcel) -> str:
    rows = zip(parcel.files, _names(parcel), strict=True)
    return "\n".join(f"{name}: {file.size} bytes, SHA-256 {file.sha256}" for file, name in rows)


def _recipients(destination: Destination) -> list[str]:
    return [each.strip() for each in destination.path.split(",") if each.strip()]


def _is_address(text: object) -> bool:
    """Whether it is an address, with or without a name before it."""
    if not isinstance(text, str) or not text.isprintable():
        return False
    try:
        validate_email(parseaddr(text)[1])
    except ValidationError:
        return False
    return True


def _wrong_headers(headers: Mapping[Any, Any]) -> list[str]:
    found = []
    for name, value in headers.items():
        if not isinstance(name, str) or not _HEADER_NAME.match(name):
            found.append(f"Option 'headers' has {name!r}, which is no name of a header.")
        elif name.lower() in _TAKEN:
            found.append(f"Option 'headers' cannot set {name}: Pigeon does, or an option.")
        elif not isinstance(value, str) or not value.isprintable():
            found.append(f"Option 'headers' has no plain line of text for {name!r}.")
    return found
