"""Mails to those who run the site: what failed, what is stopped, well again, or waits too long.

News is noted in the database, over all workers, and told in one mail: at most one in
``PIGEON_ALERT_INTERVAL`` about the same of one destination. Without ``PIGEON_ALERT_EMAILS``
nothing is noted.
"""

from pigeon.alerts.digest import Digest, give_back, take
from pigeon.alerts.notes import are_wanted, note_closed, note_failed, note_opened
from pigeon.alerts.post import send
from pigeon.alerts.stuck import note_stuck

__all__ = [
    "Digest",
    "are_wanted",
    "give_back",
    "note_closed",
    "note_failed",
    "note_opened",
    "note_stuck",
    "send",
    "take",
]
