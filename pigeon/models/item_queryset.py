"""Filters of items by status, and the verbs that change an item's status."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import BooleanField, Case, F, Func, Value, When
from django.db.models.functions import Concat
from django.db.models.lookups import Exact
from django.utils import timezone

from pigeon.models.compiled import Moment, Text
from pigeon.models.status import FIRST_ERROR, UNFINISHED, WAITING, Status

if TYPE_CHECKING:
    from pigeon.models.item import ItemToPush  # noqa: F401 - in quotes below

#: The token of the attempt that ends.
_OWN = F("lease_token")


class ItemQuerySet(models.QuerySet["ItemToPush"]):
    """Filters by status under their old names, and the verbs that change a status.

    The verbs are called by :mod:`pigeon.queue` only; ``reset`` and ``cancel`` also by people.
    """

    def new(self) -> ItemQuerySet:
        """Items that nobody has tried yet."""
        return self.filter(status=Status.NEW)

    def in_progress(self) -> ItemQuerySet:
        """Items that a worker holds."""
        return self.filter(status=Status.IN_PROGRESS)

    def retry(self) -> ItemQuerySet:
        """Items that wait for another attempt."""
        return self.filter(status=Status.RETRY)

    def pushed(self) -> ItemQuerySet:
        """Items that arrived."""
        return self.filter(status=Status.PUSHED)

    def superseded(self) -> ItemQuerySet:
        """Items whose place a newer one took."""
        return self.filter(status=Status.SUPERSEDED)

    def cancelled(self) -> ItemQuerySet:
        """Items that became pointless or that somebody called off."""
        return self.filter(status=Status.CANCELLED)

    def failed(self) -> ItemQuerySet:
        """Items that ended in any error status."""
        return self.filter(status__gte=FIRST_ERROR)

    def push_error(self) -> ItemQuerySet:
        """Items whose push failed for a reason without a status of its own."""
        return self.filter(status=Status.PUSH_ERROR)

    def output_generation_error(self) -> ItemQuerySet:
        """Items of which an output could not be rendered or read."""
        return self.filter(status=Status.OUTPUT_GENERATION_ERROR)

    def send_error(self) -> ItemQuerySet:
        """Items that a destination did not take."""
        return self.filter(status=Status.SEND_ERROR)

    def filter_by_instance_type_error(self) -> ItemQuerySet:
        """Items whose rule failed in ``filter_by_instance_type``."""
        return self.filter(status=Status.FILTER_BY_INSTANCE_TYPE_ERROR)

    def filter_by_updates_error(self) -> ItemQuerySet:
        """Items whose rule failed in ``filter_by_updates``."""
        return self.filter(status=Status.FILTER_BY_UPDATES_ERROR)

    def filter_by_state_error(self) -> ItemQuerySet:
        """Items whose rule failed in ``filter_by_state``."""
        return self.filter(status=Status.FILTER_BY_STATE_ERROR)

    def get_directory_error(self) -> ItemQuerySet:
        """Items whose rule failed in ``get_directory`` or gave an unsafe path."""
        return self.filter(status=Status.GET_DIRECTORY_ERROR)

    def validation_error(self) -> ItemQuerySet:
        """Items that a validator refused."""
        return self.filter(status=Status.VALIDATION_ERROR)

    def supervisor_error(self) -> ItemQuerySet:
        """Items whose rule failed to name a supervisor or related items."""
        return self.filter(status=Status.SUPERVISOR_ERROR)

    def output_maker_error(self) -> ItemQuerySet:
        """Items whose rule failed to name output makers."""
        return self.filter(status=Status.OUTPUT_MAKER_ERROR)

    def waiting(self) -> ItemQuerySet:
        """Items that wait for their turn: new, or for another attempt."""
        return self.filter(status__in=WAITING)

    def unfinished(self) -> ItemQuerySet:
        """Items that wait or that a worker holds."""
        return self.filter(status__in=UNFINISHED)

    def held(self, token: Text) -> ItemQuerySet:
        """Of items that are named by id, those that the claim with ``token`` still holds."""
        return self._still(Status.IN_PROGRESS).filter(lease_token=token)

    def lease_ended(self, now: Moment) -> ItemQuerySet:
        """Items whose worker has not renewed its lease."""
        return self.filter(status=Status.IN_PROGRESS, lease_until__lte=now)

    def set_in_progress(self, token: Text, owner: Text, now: Moment, until: Moment) -> int:
        """Give waiting items to a worker; the number of those it got."""
        return self._still(*WAITING).update(
            status=Status.IN_PROGRESS,
            previous_token=F("lease_token"),
            lease_token=token,
            lease_owner=owner,
            lease_until=until,
            last_push_attempts_date=now,
        )

    def lock(self) -> list[int]:
        """Ids of the items, locked for this transaction; all workers lock in the same order."""
        return list(self.order_by("pk").select_for_update().values_list("pk", flat=True))

    def _still(self, *statuses: Status) -> ItemQuerySet:
        """Those that still have one of ``statuses``, for items that are named by id.

        Databases take an index on the status for better than a hundred ids, and it may have a
        million rows; a computed status has no index.
        """
        listed = ", ".join(str(int(each)) for each in statuses)
        template = f"(%(expressions)s + 0) IN ({listed})"
        return self.filter(Func(F("status"), template=template, output_field=BooleanField()))

    def still_for(self, destination: Text) -> ItemQuerySet:
        """Of items that are named by id, those that nobody has moved away from ``destination``.

        It is computed for the same reason as in :meth:`_still`.
        """
        return self.filter(Exact(Concat("destination", Value("")), destination))

    def set_merged(self, action: str, changed_fields: Sequence[str], lease_token: str) -> int:
        """Waiting items take over what older ones for the same object had to say."""
        return self._still(*WAITING).update(
            action=action, changed_fields=list(changed_fields), lease_token=lease_token
        )

    def set_renewed(self, until: datetime) -> int:
        """Let leases end later."""
        return self._still(Status.IN_PROGRESS).update(lease_until=until)

    def set_pushed(self, now: Moment) -> int:
        """The items arrived."""
        return self._still(Status.IN_PROGRESS).update(
            status=Status.PUSHED,
            pushed_date=now,
            push_attempts=F("push_attempts") + 1,
            next_attempt_date=None,
            message="",
            forced=False,
            **_NO_LEASE,
        )

    def set_retry(
        self, when: Moment, message: Text, *, traces: Any = _OWN, counts: bool = True
    ) -> int:
        """The items wait for another attempt.

        Args:
            when: not before then.
            message: why, for people.
            traces: tokens of attempts that may have left something, for cleaning up.
            counts: the attempt is one of ``PIGEON_MAX_PUSH_ATTEMPTS``.
        """
        return self._still(Status.IN_PROGRESS).update(
            status=Status.RETRY,
            next_attempt_date=when,
            push_attempts=F("push_attempts") + 1,
            failures=F("failures") + int(counts),
            message=message,
            lease_token=traces,
            lease_owner="",
            lease_until=None,
        )

    def set_released(self) -> int:
        """Give back items that were not tried, as they were before they were claimed."""
        return self._still(Status.IN_PROGRESS).update(
            status=Case(
                When(next_attempt_date=None, then=Value(Status.NEW)), default=Value(Status.RETRY)
            ),
            lease_token=F("previous_token"),
            lease_owner="",
            lease_until=None,
        )

    def set_due(self, now: datetime) -> int:
        """Of items that are named by id, those that wait for another attempt are due."""
        return self._still(Status.RETRY).update(next_attempt_date=now)

    def set_failed(self, status: int, message: str, *, traces: Any = _OWN) -> int:
        """The items ended in an error; ``traces`` as for :meth:`set_retry`."""
        return self._still(Status.IN_PROGRESS).update(
            status=status,
            push_attempts=F("push_attempts") + 1,
            next_attempt_date=None,
            message=message,
            lease_token=traces,
            lease_owner="",
            lease_until=None,
        )

    def set_cancelled(self, message: str) -> int:
        """The items a worker holds turned out to be pointless."""
        return self._still(Status.IN_PROGRESS).update(
            status=Status.CANCELLED, next_attempt_date=None, message=message, **_NO_LEASE
        )

    def set_superseded(self) -> int:
        """A newer item for the same object took the place of these waiting ones."""
        return self._still(*WAITING).update(
            status=Status.SUPERSEDED,
            next_attempt_date=None,
            message="A newer item for the same object took its place.",
        )

    def set_replayed(self, when: datetime, *, rerender: bool, force: bool) -> int:
        """Items that nobody holds go again: as sent, or rendered anew.

        Forced ones go even if they have expired; those that wait and are forced stay so.
        """
        anew: dict[str, Any] = {"parcel": None, "render_after": when} if rerender else {}
        # First, while MariaDB, which goes from left to right, still sees the old status.
        forced = Case(When(status=Status.RETRY, then=F("forced")), default=Value(False))
        fate: dict[str, Any] = {"forced": True, "expires": None} if force else {"forced": forced}
        return self.exclude(status__in=(Status.NEW, Status.IN_PROGRESS)).update(
            **fate,
            status=Status.RETRY,
            next_attempt_date=when,
            push_attempts=0,
            failures=0,
            message="",
            **anew,
        )

    def set_moved(self, to: str, order_key: str, when: datetime | None) -> int:
        """Items that nobody holds are for the destination ``to``, where nobody tried them yet.

        What earlier attempts may have left is at the old destination, so nobody looks for it.
        ``when`` is ``None`` for new ones.
        """
        return self.exclude(status=Status.IN_PROGRESS).update(
            destination=to,
            order_key=order_key,
            status=Status.NEW if when is None else Status.RETRY,
            next_attempt_date=when,
            push_attempts=0,
            failures=0,
            pushed_date=None,
            message="",
            lease_token="",
            previous_token="",
        )

    def set_new_priority(self, priority: int) -> int:
        """Items that wait go earlier than those with a lower number."""
        return self._still(*WAITING).update(priority=priority)

    def cancel(self, message: str = "Cancelled.") -> int:
        """Call off items that still wait."""
        return self.waiting().update(
            status=Status.CANCELLED, next_attempt_date=None, message=message
        )

    def reset(self) -> int:
        """Finished or failed items become new again and will be rendered anew."""
        return self.exclude(status=Status.IN_PROGRESS).update(
            status=Status.NEW,
            push_attempts=0,
            failures=0,
            last_push_attempts_date=None,
            next_attempt_date=None,
            pushed_date=None,
            message="",
            forced=False,
            parcel=None,
            render_after=timezone.now(),
        )


_NO_LEASE: Mapping[str, Any] = {
    "lease_token": "",
    "previous_token": "",
    "lease_owner": "",
    "lease_until": None,
}
