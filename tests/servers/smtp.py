"""An SMTP server on a port of loopback that keeps what it is sent, or refuses it on demand."""

from __future__ import annotations

import email
import email.policy
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

USER, PASSWORD = "desk", "geheim/secret @1%"


@dataclass
class Mail:
    """One mail as it arrived."""

    sender: str
    recipients: list[str]
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        found = email.message_from_bytes(self.raw, policy=email.policy.default)
        assert isinstance(found, EmailMessage)
        return found

    @property
    def attachments(self) -> dict[str, bytes]:
        return {
            str(part.get_filename()): part.get_payload(decode=True)  # type: ignore[misc]
            for part in self.message.iter_attachments()
        }


@dataclass
class Sink:
    """The server; its answers may be changed at any time.

    Attributes:
        mails: what has arrived.
        refused: recipient → answer to its RCPT.
        sender_answer: to MAIL FROM, instead of OK.
        data_answer: to the content, instead of OK.
        hangs_up: closes the connection after the content, without an answer.
    """

    port: int = 0
    mails: list[Mail] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    sender_answer: str = ""
    data_answer: str = ""
    hangs_up: bool = False
    logins: int = 0
    connections: int = 0

    def settings(self, **more: Any) -> dict[str, Any]:
        """Django's settings that send there."""
        return {
            "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "EMAIL_HOST": "127.0.0.1",
            "EMAIL_PORT": self.port,
            **more,
        }

    # What aiosmtpd calls.

    async def handle_EHLO(
        self, server: SMTP, session: Any, envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_MAIL(
        self, server: SMTP, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if self.sender_answer:
            return self.sender_answer
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:
        if not self.data_answer:
            self.mails.append(Mail(envelope.mail_from, envelope.rcpt_tos, envelope.content))
        if self.hangs_up:
            server.transport.abort()
        return self.data_answer or "250 OK"

    def authenticate(
        self, server: SMTP, session: Any, envelope: Any, mechanism: str, data: Any
    ) -> AuthResult:
        self.logins += 1
        given = (data.login, data.password) if isinstance(data, LoginPassword) else ()
        if given == (USER.encode(), PASSWORD.encode()):
            return AuthResult(success=True)
        return AuthResult(success=False, handled=False, message="535 5.7.8 no such login")


class _AnyPort(Controller):
    """A controller whose port is chosen by the system."""

    def _trigger_server(self) -> None:
        assert self.server
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def run_sink(
    *, tls: ssl.SSLContext | None = None, login: bool = False, size: int | None = None
) -> Iterator[Sink]:
    """A sink that runs meanwhile.

    Args:
        tls: its certificate, for STARTTLS.
        login: whether it wants ``USER`` and ``PASSWORD``.
        size: bytes of the largest mail, which it announces.
    """
    sink = Sink()
    controller = _AnyPort(
        sink, hostname="127.0.0.1", port=0, tls_context=tls, require_starttls=bool(tls),
        authenticator=sink.authenticate, auth_required=login, auth_require_tls=False,
        data_size_limit=size, ready_timeout=60,
    )  # fmt: skip
    controller.start()
    try:
        sink.port = controller.port
        yield sink
    finally:
        controller.stop()
