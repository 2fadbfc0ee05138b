"""What came of claimed items, recorded in one transaction."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import DateTimeField, F

from pigeon.models.among import Among
from pigeon.models.attempt import Outcome, PushAttempt, Tried
from pigeon.models.bulk import insert
from pigeon.models.chunks import chunks
from pigeon.models.compiled import Argument, Arguments, CompiledQuery
from pigeon.models.item import ItemToPush
from pigeon.models.parcel import Parcel
from pigeon.models.publication import Publication, Put, file_name, path_digest
from pigeon.models.status import Status
from pigeon.parcel import Receipt
from pigeon.queue import tallies
from pigeon.queue.basics import by_token, clock
from pigeon.text import storable
from pigeon.tracing import traced

logger = logging.getLogger("pigeon.queue")

_AMONG = Among("pk", Arguments("ids"))


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one claimed item.

    Attributes:
        item: the row, as it was claimed.
        outcome: how the attempt ended; ``None`` gives the item back untried.
        status: the error status, for ``FAILED``.
        when: the next attempt, for ``RETRY``.
        message: redacted sentence for the operator.
        error_class: name of the exception's class.
        started: when the attempt began.
        duration: seconds.
        receipts: what landed or was removed at the destination, also on failure.
        rendered_at: when the parcel was rendered; ``None`` without one.
        traces: the attempt may have left something at the destination. If not, what an earlier
            one left is still to be cleaned up.
        transcript: pairs of seconds since the start and what was done then, redacted.
        digests: pairs of path and digest, of files of the parcel whose digest was not known.
        counts: the attempt is one of ``PIGEON_MAX_PUSH_ATTEMPTS``; not if the whole destination
            failed, for which the item is not to blame.
    """

    item: ItemToPush
    outcome: Outcome | None
    status: int = Status.SEND_ERROR
    when: datetime | None = None
    message: str = ""
    error_class: str = ""
    started: datetime | None = None
    duration: float = 0.0
    receipts: tuple[Receipt, ...] = ()
    rendered_at: datetime | None = None
    traces: bool = True
    counts: bool = True
    transcript: tuple[list[Any], ...] = ()
    digests: tuple[tuple[str, str], ...] = ()

    @property
    def facts(self) -> dict[str, object]:
        """What log records and spans say of it, for programs; nothing of it is secret."""
        bad = self.outcome in (Outcome.RETRY, Outcome.FAILED)
        return self.item.facts | {
            "outcome": self.outcome.value if self.outcome else "untried",
            "seconds": self.duration,
            "error_class": self.error_class,
            "error": storable(self.message) if bad else "",
        }


@traced("pigeon.record", lambda results, using, **_: {"items": len(results), "database": using})
def finish(results: Sequence[Result], *, owner: str, using: str) -> set[int]:
    """Record what came of claimed items, all in one transaction.

    A result whose lease was taken by another worker is not written. Give back the paths that
    the items hold only afterwards: until then ``Publication`` tells others something older.

    Args:
        results: in the order in which the attempts ended.
        owner: name of the worker, for people.
        using: alias of the queue's database.

    Returns:
        The ids of the items whose result was written.
    """
    with transaction.atomic(using=using):
        held = _held([result.item for result in results], using)
        mine = [result for result in results if result.item.id in held]
        now = clock(using)
        for result_set in _alike(mine):
            _write(result_set, using, now)
        tried = _record_attempts(mine, owner, using, now)
        _record_digests(mine, using)
        _record_publications(mine, using, now)
        tallies.count(tried, using, now)
    for result in results:
        if result.item.id not in held:
            text = "Item %s: its lease was taken; result dropped"
            logger.warning(text, result.item.id, extra=result.facts)
    return held


def _held(items: Iterable[ItemToPush], using: str) -> set[int]:
    found: set[int] = set()
    for token, pks in by_token(items).items():
        for chunk in chunks(pks):
            found.update(_LOCK.column(using, token=token, ids=chunk))
    return found


_LOCK = CompiledQuery(
    ItemToPush,
    lambda items: (  # as ``lock()``: all workers lock in the same order
        items.held(Argument("token")).filter(_AMONG).order_by("pk").select_for_update()
        .values_list("pk")
    ),
)  # fmt: skip
_PUSHED = CompiledQuery(
    ItemToPush, lambda items: items.filter(_AMONG).set_pushed(Argument("now", DateTimeField()))
)


_RELEASED = CompiledQuery(ItemToPush, lambda items: items.filter(_AMONG).set_released())
_RETRY = CompiledQuery(
    ItemToPush,
    lambda items, traces, counts: items.filter(_AMONG).set_retry(
        Argument("when", DateTimeField()),
        Argument("message"),
        traces=_tokens(traces),
        counts=counts,
    ),
)


def _tokens(traces: bool) -> F:
    """The column with the tokens of attempts that may have left something."""
    return F("lease_token" if traces else "previous_token")


def _alike(results: Iterable[Result]) -> list[list[Result]]:
    """Results that one statement can write."""
    groups: dict[object, list[Result]] = {}
    for result in results:
        key = (
            result.outcome, result.status, result.when, result.message, result.traces,
            result.counts,
        )  # fmt: skip
        groups.setdefault(key if result.outcome != Outcome.PUSHED else None, []).append(result)
    return list(groups.values())


def _write(results: Sequence[Result], using: str, now: datetime) -> None:
    sample = results[0]
    message = storable(sample.message)
    traces = _tokens(sample.traces)
    for chunk in chunks([result.item.id for result in results]):
        items = ItemToPush.objects.using(using).filter(Among("pk", chunk))
        match sample.outcome:
            case None:
                _RELEASED.execute(using, ids=chunk)
            case Outcome.PUSHED:
                _PUSHED.execute(using, ids=chunk, now=now)
            case Outcome.RETRY:
                how = {"ids": chunk, "when": sample.when or now, "message": message}
                _RETRY.execute(using, sample.traces, sample.counts, **how)
            case Outcome.CANCELLED:
                items.set_cancelled(message)
            case _:
                items.set_failed(sample.status, message, traces=traces)


def _record_attempts(
    results: Iterable[Result], owner: str, using: str, now: datetime
) -> list[Tried]:
    rows = [
        Tried(
            item_id=result.item.id,
            started=result.started or now,
            duration=result.duration,
            worker=owner,
            outcome=result.outcome,
            error_class=result.error_class,
            message=storable(result.message),
            bytes_sent=sum(r.size for r in result.receipts if r.published != "found"),
            receipts=[receipt.as_json() for receipt in result.receipts],
            destination=result.item.destination,
            rule_name=result.item.rule_name,
            transcript=list(result.transcript),
        )
        for result in results
        if result.outcome is not None
    ]
    insert(PushAttempt, rows, using)
    return rows


def _record_digests(results: Iterable[Result], using: str) -> None:
    """Whoever sends these parcels from now on compares with what was sent first."""
    learned = {
        result.item.parcel_id: (result, dict(result.digests))
        for result in results
        if result.digests and result.item.parcel_id is not None
    }
    if not learned:
        return
    found = {pk: digests for pk, (_, digests) in learned.items()}
    for pk, manifest in Parcel.objects.using(using).learn(found).items():
        result, digests = learned[pk]
        for file in manifest["files"]:
            if digests.get(file["path"], file["sha256"]) != file["sha256"]:
                text = (
                    "Item %s: %s was sent with other bytes than to another destination. It was "
                    "changed after it was rendered, and its time set back"
                )
                logger.error(text, result.item.id, file["path"], extra=result.facts)


def _record_publications(results: Iterable[Result], using: str, now: datetime) -> None:
    """Record what each path holds after all ``results``, which are in the order of time."""
    last = {
        (result.item.destination, receipt.path): (result, receipt)
        for result in results
        for receipt in result.receipts
        if receipt.published != "skipped"
    }
    put: list[Put] = []
    gone: dict[str, list[str]] = {}
    for (destination, path), (result, receipt) in last.items():
        if receipt.published == "removed":
            gone.setdefault(destination, []).append(path)
        else:
            put.append(_publication(result, receipt, now))
    publications = Publication.objects.using(using)
    for destination, paths in gone.items():
        publications.gone(destination, paths)
    publications.put(put)


def _publication(result: Result, receipt: Receipt, now: datetime) -> Put:
    item = result.item
    return Put(
        destination=item.destination,
        path=receipt.path,
        remote_path=storable(receipt.remote_path),
        path_digest=path_digest(receipt.path),
        rule_name=item.rule_name,
        model_label=item.model_label,
        object_id=item.object_id,
        order_key=item.order_key,
        item_id=item.id,
        size=receipt.size,
        sha256=receipt.sha256,
        rendered_at=result.rendered_at or now,
        published_date=now,
        file_name=file_name(receipt.path),
    )
