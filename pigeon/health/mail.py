"""The mail that is due, for sites on which no worker runs, or on which the last one died."""

from __future__ import annotations

from pigeon import alerts
from pigeon.exceptions import PigeonError
from pigeon.health.verdict import Finding, Level


def told() -> list[Finding]:
    """Note what waits too long and send the mail that is due; a finding if that fails.

    Raises:
        django.db.Error: what is due cannot be read or written.
    """
    if not alerts.are_wanted():
        text = "no mail can be sent, since PIGEON_ALERT_EMAILS names nobody"
        return [Finding(Level.WARNING, text)]
    alerts.note_stuck()
    digest = alerts.take()
    if digest is None:
        return []
    try:
        alerts.send(digest)
    except PigeonError as error:
        alerts.give_back(digest)
        return [Finding(Level.WARNING, f"the alert could not be sent: {error}")]
    return [Finding(Level.OK, f"sent the alert '{digest.subject}'")]
