"""One connection of Django's mail, and what its errors mean."""

from __future__ import annotations

import base64
import smtplib
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.core import mail
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend

from pigeon.destinations import Destination
from pigeon.exceptions import DeliveryError
from pigeon.remotes.base import DEFAULT_TIMEOUT
from pigeon.senders import mail_probe, smtp_errors
from pigeon.senders.capabilities import Capabilities

DEFAULT = "default"


class Mailer:
    """Mails over one backend of Django's, which is opened once.

    With Django's SMTP backend a mail goes to all its recipients or to none: without that, a
    recipient that the server refuses would be left out without a word.

    Args:
        destination: whose mails; its option ``mailer`` names an entry of ``MAILERS``.
    """

    def __init__(self, destination: Destination) -> None:
        self._destination = destination
        self._timeout = float(destination.options.get("timeout", DEFAULT_TIMEOUT))
        self._backend: BaseEmailBackend | None = None
        self._transaction = Transaction()

    @staticmethod
    def problems(destination: Destination) -> list[str]:
        """Sentences about the option ``mailer``."""
        name = destination.options.get("mailer", DEFAULT)
        known = getattr(settings, "MAILERS", {})
        if name == DEFAULT or name in known:
            return []
        if not hasattr(mail, "mailers"):
            return ["Option 'mailer' names an entry of MAILERS, which Django has from 6.1 on."]
        return [f"MAILERS has no entry {name!r}; there are {', '.join(map(repr, known))}."]

    def open(self) -> None:
        """Connect and log in.

        Raises:
            DeliveryError: it could not be done.
        """
        backend = self._made()
        try:
            backend.open()
        except Exception as error:
            self.close()
            raise smtp_errors.connecting(_server(backend), error) from error
        if isinstance(backend, EmailBackend) and backend.connection:
            self._transaction.follow(backend.connection)

    def probe(self, sender: str, recipients: Sequence[str], size: int) -> Capabilities:
        """Look at the open connection without sending a mail; see :mod:`mail_probe`."""
        backend = self._backend
        if isinstance(backend, EmailBackend) and backend.connection:
            return mail_probe.probe(
                backend.connection, self._destination, sender, recipients, size
            )
        kind = type(backend)
        return mail_probe.unseen(f"{kind.__module__}.{kind.__qualname__}")

    def close(self) -> None:
        """Disconnect; what the server says to that is of no importance."""
        backend, self._backend = self._backend, None
        if backend is not None:
            with suppress(Exception):
                backend.close()

    def send(self, message: EmailMessage) -> None:
        """Send ``message``, over a new connection if the old one has gone to sleep.

        Raises:
            DeliveryError: it was refused, or nobody knows.
        """
        if self._backend is not None and not _is_awake(self._backend):
            self.close()
        if self._backend is None:
            self.open()
        assert self._backend is not None
        self._transaction.content_begun = False
        try:
            self._backend.send_messages([message])
        except Exception as error:
            raise self._failed(error) from error

    def _failed(self, error: Exception) -> DeliveryError:
        assert self._backend is not None
        where, is_smtp = _server(self._backend), isinstance(self._backend, EmailBackend)
        self.close()  # whatever the state of the dialogue was
        lost = self._transaction.content_begun or not is_smtp
        return smtp_errors.sending(where, error, may_have_arrived=lost)

    def _made(self) -> BaseEmailBackend:
        name = self._destination.options.get("mailer", DEFAULT)
        mailers: Any = getattr(mail, "mailers", None)  # Django 6.1
        backend: BaseEmailBackend
        if mailers is not None and hasattr(settings, "MAILERS"):
            backend = mailers[name]
        else:
            backend = mail.get_connection()
        if isinstance(backend, EmailBackend) and backend.timeout is None:
            backend.timeout = self._timeout  # Django's default is to wait for ever
        self._destination.hide(*secrets_of(backend))
        self._backend = backend
        return backend


class Transaction:
    """What one SMTP connection is being told.

    Attributes:
        content_begun: the content was being sent, and no answer to it has been seen.
    """

    def __init__(self) -> None:
        self.content_begun = False

    def follow(self, smtp: smtplib.SMTP) -> None:
        """Put ourselves in the way of two steps of ``smtp``, a connection of our own."""
        smtp.rcpt = self._all_or_none(smtp.rcpt)  # type: ignore[method-assign]
        smtp.data = self._noted(smtp.data)  # type: ignore[method-assign]

    def _all_or_none(self, rcpt: Callable[..., Any]) -> Callable[..., Any]:
        def strict(recipient: str, *arguments: Any) -> Any:
            code, said = rcpt(recipient, *arguments)
            if code not in (250, 251):
                raise smtplib.SMTPRecipientsRefused({recipient: (code, said)})
            return code, said

        return strict

    def _noted(self, data: Callable[..., Any]) -> Callable[..., Any]:
        def noted(content: Any) -> Any:
            self.content_begun = True
            answer = data(content)
            self.content_begun = False
            return answer

        return noted


def _server(backend: BaseEmailBackend) -> str:
    if isinstance(backend, EmailBackend):
        return f"The mail server {backend.host}:{backend.port}"
    return f"The mail backend {type(backend).__qualname__}"


def _is_awake(backend: BaseEmailBackend) -> bool:
    """Whether the other side is still there; only SMTP can tell."""
    if not isinstance(backend, EmailBackend) or backend.connection is None:
        return True
    try:
        return bool(backend.connection.noop()[0] == 250)
    except (smtplib.SMTPException, OSError):
        return False


def secrets_of(backend: BaseEmailBackend) -> list[str]:
    """An SMTP password, and what of it goes over the wire: a server may repeat that."""
    if not (isinstance(backend, EmailBackend) and backend.password):
        return []
    password = backend.password
    plain = f"\0{backend.username or ''}\0{password}"
    return [password, *(base64.b64encode(each.encode()).decode() for each in (password, plain))]
