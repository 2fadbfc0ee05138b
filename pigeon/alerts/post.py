"""Handing a mail to Django."""

from __future__ import annotations

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend

from pigeon.alerts.digest import Digest
from pigeon.conf import conf
from pigeon.destinations.redaction import redact
from pigeon.exceptions import PigeonError
from pigeon.senders.mailer import secrets_of


def send(digest: Digest) -> None:
    """Send ``digest`` from ``SERVER_EMAIL`` to ``PIGEON_ALERT_EMAILS``; may hang.

    Raises:
        PigeonError: whatever the site's e-mail backend raised, without its password.
    """
    secrets: list[str] = []
    try:
        backend = get_connection()
        secrets = secrets_of(backend)
        with backend:  # which closes it also if the login fails
            _message(digest, backend).send()
    except Exception as error:  # noqa: BLE001 - it may be anything
        raise PigeonError(redact(f"{type(error).__name__}: {error}", secrets)) from None


def _message(digest: Digest, backend: BaseEmailBackend) -> EmailMessage:
    return EmailMessage(
        subject=f"{settings.EMAIL_SUBJECT_PREFIX}{digest.subject}",
        body=digest.body,
        from_email=settings.SERVER_EMAIL,
        to=list(conf.ALERT_EMAILS),
        connection=backend,
    )
