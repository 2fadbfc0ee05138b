"""One mail out of all that is to be told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from pigeon.alerts.notes import NAMED
from pigeon.conf import conf
from pigeon.models.alert import Alert, Kind
from pigeon.models.destination_state import DestinationState
from pigeon.queue import clock, state_alias
from pigeon.text import counted

#: Seconds until a mail that could not be sent is tried again.
AGAIN = 60
_FAILED = (
    "These items are not tried again by themselves. Mend the cause, then send them again: "
    "ItemToPush.objects.failed().reset() in 'manage.py shell', and 'manage.py pigeon_push'."
)
_OPENED = (
    "Nothing else is sent there until a try succeeds; what waits is kept. Once the cause is "
    "mended, 'manage.py pigeon_push --retry-now' tries at once."
)
_STUCK = (
    "See why on the dashboard, or with 'manage.py pigeon_push --dry-run'. If no worker runs, "
    "start 'manage.py pigeon_push'. Where they are meant to wait, say so: "
    "'manage.py pigeon_pause'."
)


@dataclass(frozen=True, slots=True)
class Digest:
    """A mail, and the alerts that it tells: id, number, what they said."""

    subject: str
    body: str
    alerts: tuple[tuple[int, int, list[str]], ...]


def take() -> Digest | None:
    """What is to be told now, so that no other worker tells it; ``None``: nothing."""
    alias = state_alias()
    alerts = Alert.objects.using(alias)
    now, interval = clock(alias), timedelta(seconds=conf.ALERT_INTERVAL)
    if not alerts.due(now, interval).exists():
        return None
    with transaction.atomic(using=alias):
        due = alerts.due(now, interval).order_by("pk").select_for_update(skip_locked=True)
        found = sorted(due, key=lambda alert: (alert.kind != Kind.OPENED, alert.destination))
        alerts.filter(pk__in=[alert.pk for alert in found]).update(pending=0, sent_date=now)
        probes = _probes(found)
    if not found:  # another worker was quicker
        return None
    parts = [part for alert in found for part in _part(alert, probes.get(alert.destination))]
    told = tuple((alert.pk, alert.pending, alert.told) for alert in found)
    return Digest(_subject(found), "\n".join(parts), told)


def give_back(digest: Digest) -> None:
    """``digest`` could not be sent: it is told with what comes, after a while."""
    alias = state_alias()
    later = clock(alias) - timedelta(seconds=conf.ALERT_INTERVAL - AGAIN)
    with transaction.atomic(using=alias):
        for pk, number, told in digest.alerts:
            alert = Alert.objects.using(alias).select_for_update().get(pk=pk)
            if alert.kind == Kind.FAILED or alert.told == told:  # what it said still holds
                alert.pending += number
                alert.told = list(dict.fromkeys([*told, *alert.told]))[:NAMED]
            alert.sent_date = later
            alert.save(update_fields=["pending", "told", "sent_date"])


def _probes(alerts: Sequence[Alert]) -> dict[str, datetime | None]:
    states = DestinationState.objects.using(state_alias())
    names = [alert.destination for alert in alerts]
    return dict(states.filter(name__in=names).values_list("name", "next_probe"))


def _subject(alerts: Sequence[Alert]) -> str:
    said = [f"{alert.destination} {_headline(alert)}" for alert in alerts]
    more = f", and {len(said) - 2} more" if len(said) > 2 else ""
    return " ".join(f"Pigeon: {'; '.join(said[:2])}{more}".split())


def _headline(alert: Alert) -> str:
    match alert.kind:
        case Kind.OPENED:
            return "takes nothing"
        case Kind.CLOSED:
            return "is well again"
        case Kind.STUCK:
            return "has items that wait too long"
        case _:
            return f"has {counted(alert.pending, 'failed item')}"


def _part(alert: Alert, probe: datetime | None) -> Iterator[str]:
    yield f"{alert.destination} {_headline(alert)}."
    yield from (f"    {' '.join(str(line).split())}" for line in alert.told)
    more = alert.pending - len(alert.told)
    if alert.kind == Kind.FAILED:
        if more > 0:
            yield f"    and {more} more."
        yield _FAILED
    elif alert.kind == Kind.OPENED:
        if probe is not None:
            yield f"It is tried again at {timezone.localtime(probe):%Y-%m-%d %H:%M:%S %Z}."
        yield _OPENED
    elif alert.kind == Kind.STUCK:
        yield _STUCK
    yield ""
