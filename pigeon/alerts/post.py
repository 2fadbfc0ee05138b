"""Handing a mail to Django."""

from __future__ import annotations

from django.conf import settings
from django.core.mail import EmailMessage

from pigeon.alerts.digest import Digest
from pigeon.conf import conf


def send(digest: Digest) -> None:
    """Send ``digest`` from ``SERVER_EMAIL`` to ``PIGEON_ALERT_EMAILS``; may hang.

    Raises:
        Exception: whatever the site's e-mail backend raises.
    """
    EmailMessage(
        subject=f"{settings.EMAIL_SUBJECT_PREFIX}{digest.subject}",
        body=digest.body,
        from_email=settings.SERVER_EMAIL,
        to=list(conf.ALERT_EMAILS),
    ).send()
