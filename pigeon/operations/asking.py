"""Queueing objects by hand."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from pigeon import select
from pigeon.actor import acting_as
from pigeon.models.operation import Verb
from pigeon.operations.record import Record
from pigeon.operations.values import By, Done
from pigeon.select import Rule


def enqueue(objects: QuerySet[Any], rule: Rule, by: By, *, dry_run: bool = False) -> Done:
    """Queue those of ``objects`` that the filters of ``rule`` accept, page by page.

    Args:
        objects: a queryset of objects, whose database's queue gets the items.
        rule: a registered rule, its class or its name.
        by: who asks.
        dry_run: only count.

    Returns:
        How many items were queued, and how many objects the filters refused.

    Raises:
        NotRegistered: there is no such rule.
        ConfigurationError: the database that saves go to has no queue.
    """
    number = refused = 0
    using = select.queue_of(objects)
    chosen = f"objects of {objects.model._meta.label}"
    record = Record(
        Verb.ENQUEUED, by, using, chosen=chosen, detail=f"for rule {select.rule_name(rule)}"
    )
    with acting_as(by.actor):
        for page in select.pages(objects, rule):
            number, refused = number + len(page.items), refused + page.refused
            if not dry_run:
                with transaction.atomic(using=using):
                    page.queue()
                    record.add([item.pk for item in page.items])
    record.tell()
    return Done(number, refused, {"refused by the rule's filters": refused} if refused else {})
