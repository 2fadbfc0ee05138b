"""What a worker held that stopped without a word comes back by itself."""

from __future__ import annotations

import logging
from datetime import datetime

from django.db.models import DateTimeField

from pigeon.conf import conf
from pigeon.models.attempt import Outcome, PushAttempt
from pigeon.models.compiled import Argument, CompiledQuery
from pigeon.models.item import ItemToPush
from pigeon.models.status import Status
from pigeon.queue.coalesce import join_tokens

logger = logging.getLogger("pigeon.queue")


def recover(destination: str, using: str, now: datetime) -> list[PushAttempt]:
    """Take back the items for ``destination`` whose lease ended; an attempt each says so.

    What its worker is just recording after all is left alone. What is returned is to be counted
    at the end of the transaction.
    """
    attempts = []
    for item in _ENDED.objects(using, destination=destination, now=now):
        message = f"Worker {item.lease_owner} stopped without a word; its lease ended."
        logger.warning("Item %s: %s", item.pk, message, extra=item.facts)
        attempts.append(_record(item, using, now, message))
        one = ItemToPush.objects.using(using).filter(pk=item.pk)
        # Nobody knows how far it came: what its predecessor left may still be there, too.
        traces = join_tokens([item.previous_token, item.lease_token])
        if item.failures + 1 >= conf.MAX_PUSH_ATTEMPTS:
            one.set_failed(Status.PUSH_ERROR, f"{message} No attempts are left.", traces=traces)
        else:
            one.set_retry(now, message, traces=traces)
    return attempts


_ENDED = CompiledQuery(
    ItemToPush,
    lambda items: (
        items.filter(destination=Argument("destination"))
        .lease_ended(Argument("now", DateTimeField()))
        .select_for_update(skip_locked=True)
    ),
)


def _record(item: ItemToPush, using: str, now: datetime, message: str) -> PushAttempt:
    started = item.last_push_attempts_date or now
    return PushAttempt.objects.using(using).create(
        item=item,
        destination=item.destination,
        rule_name=item.rule_name,
        started=started,
        duration=(now - started).total_seconds(),
        worker=item.lease_owner,
        outcome=Outcome.LEASE_ENDED,
        message=message,
    )
