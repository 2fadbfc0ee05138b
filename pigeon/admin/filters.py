"""Filters beside the admin's lists: each one a range of an index."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from pigeon.admin.queues import QUEUE
from pigeon.condition import states_by_name
from pigeon.conf import conf
from pigeon.models.attempt import Outcome
from pigeon.models.status import FIRST_ERROR, Status
from pigeon.registry import registry

#: Of attempts, so many of the latest are looked through for an outcome, which has no index.
LATEST = 10_000
#: A longer number is no database's key.
_DIGITS = 18


class QueueFilter(admin.SimpleListFilter):
    """Which queue is shown; only where there are several."""

    title = _("queue")
    parameter_name = QUEUE

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        """The aliases."""
        return [(name, name) for name in conf.DATABASES] if len(conf.DATABASES) > 1 else ()

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        """One queue at a time: there is no "all"."""
        _everything, *named = super().choices(changelist)
        if self.value() is None:
            named[0]["selected"] = True
        yield from named

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The list has asked :func:`pigeon.admin.queues.queue_of` already."""
        return queryset


class EqualFilter(admin.SimpleListFilter):
    """Rows whose field of the parameter's name has one of some values."""

    def known(self) -> Iterable[str]:
        """The values that are offered."""
        raise NotImplementedError

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        """Those, and the one that the address names: without any, Django would not filter."""
        value = self.value()
        return [(name, name) for name in sorted({*self.known(), *([value] if value else ())})]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Those with the value that the address names, known or not."""
        value = self.value()
        if value is None or "\0" in value:
            return queryset
        return queryset.filter(**{str(self.parameter_name): value})


class DestinationFilter(EqualFilter):
    """By destination: those of the settings, and those that were."""

    title = _("destination")
    parameter_name = "destination"

    def known(self) -> Iterable[str]:
        """Their names."""
        return {*registry.destinations(), *states_by_name()}


class RuleFilter(EqualFilter):
    """By rule."""

    title = _("rule")
    parameter_name = "rule_name"

    def known(self) -> Iterable[str]:
        """Names of the rules that are registered."""
        return {rule.name for rule in registry.rules()}


class StatusFilter(admin.SimpleListFilter):
    """By status, or by any that is an error."""

    title = _("status")
    parameter_name = "status"
    #: Stands for every status of an error.
    ERRORS = "errors"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        """All of them."""
        return [(self.ERRORS, _("any error")), *((str(each.value), each.label) for each in Status)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Items with the status; raises what Django takes for a wrong address."""
        value = self.value()
        if value is None:
            return queryset
        if value == self.ERRORS:
            return queryset.filter(status__in=[each for each in Status if each >= FIRST_ERROR])
        return queryset.filter(status=_number(value))


def is_one_range(request: HttpRequest) -> bool:
    """Whether the filters of items lead to one range of an index, sorted by time."""
    chosen = {"destination", "rule_name", "status"} & set(request.GET)
    return bool(chosen) and request.GET.get("status") != StatusFilter.ERRORS


class OutcomeFilter(admin.SimpleListFilter):
    """By outcome, among the latest attempts that fit the filters before it."""

    title = _("outcome, of the latest 10,000")
    parameter_name = "outcome"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        """All outcomes."""
        return list(Outcome.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Looks back no further than :data:`LATEST` attempts."""
        value = self.value()
        if value not in Outcome.values:
            return queryset
        latest = queryset.order_by("-started").values_list("started", flat=True)
        floor = next(iter(latest[LATEST : LATEST + 1]), None)
        found = queryset.filter(outcome=value)
        return found if floor is None else found.filter(started__gt=floor)


class ItemFilter(admin.SimpleListFilter):
    """Attempts at one item; only there when an address names it."""

    title = _("item")
    parameter_name = "item"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        """The item that is named."""
        value = self.value()
        return [(value, value)] if value else ()

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Its attempts."""
        value = self.value()
        return queryset if value is None else queryset.filter(item_id=_number(value))


def _number(text: str) -> int:
    """A number of an address.

    Raises:
        IncorrectLookupParameters: it is none that a database knows.
    """
    if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS):
        raise IncorrectLookupParameters(f"{text[:20]!r} is no number.")
    return int(text)
