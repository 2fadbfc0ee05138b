"""Which items an assertion is about, and what it says when they are not as it wants."""

from __future__ import annotations

from django.apps import apps
from django.db.models import Model, Q

from pigeon import destinations
from pigeon.conf import conf
from pigeon.configuration import DefaultConfiguration, labels_of
from pigeon.models import ItemToPush
from pigeon.models.item_queryset import ItemQuerySet
from pigeon.registry import registry
from pigeon.select import key_of

RuleName = str | type[DefaultConfiguration] | DefaultConfiguration
#: How many items a message lists.
LISTED = 20


class Sought:
    """Items of one object, perhaps of one rule and destination.

    Args:
        obj: a saved object; ``None`` for mass pushes.
        rule: name, class or instance of a rule; ``None`` for all.
        destination: a name of ``PIGEON_DESTINATIONS`` or a URL; ``None`` for all.

    Raises:
        NotRegistered: there is no such rule: a misspelt name must not pass as "not pushed".
        ConfigurationError: there is no such destination.
        ValueError: ``obj`` is not saved.
    """

    def __init__(
        self, obj: Model | None, rule: RuleName | None = None, destination: str | None = None
    ) -> None:
        self._object = obj
        self._rule = None if rule is None else registry.get(_name(rule)).name
        self._destination = None if destination is None else destinations.resolve(destination).name
        self._using = (obj and obj._state.db) or conf.DATABASES[0]
        self._which = _items_of(obj)

    def items(self) -> ItemQuerySet:
        """The items, whatever their status."""
        found = ItemToPush.objects.using(self._using).filter(self._which)
        if self._rule is not None:
            found = found.filter(rule_name=self._rule)
        if self._destination is not None:
            found = found.filter(destination=self._destination)
        return found

    def complaint(self, what: str) -> str:
        """A sentence that the object ``what``, and a list of what is in the queue."""
        return f"{self._subject()} {what}{self._qualification()}. {self._instead()}"

    def _subject(self) -> str:
        if self._object is None:
            return "A mass push"
        return f"{self._object._meta.label} {self._object.pk} ({self._object})"

    def _qualification(self) -> str:
        rule = "" if self._rule is None else f" by the rule {self._rule!r}"
        return rule + ("" if self._destination is None else f" to {self._destination!r}")

    def _instead(self) -> str:
        items = ItemToPush.objects.using(self._using).order_by("pk")
        own = list(items.filter(self._which)[:LISTED])
        others = list(items.exclude(self._which)[: LISTED - len(own)])
        if not own and not others:
            return "The queue is empty: no rule has selected anything."
        lines = ["The queue holds:", *map(_line, own)]
        lines += ["  and of other objects:", *map(_line, others)] if others else []
        more = items.count() - len(own) - len(others)
        return "\n".join([*lines, *([f"  … and {more} more"] if more else [])])


def _name(rule: RuleName) -> str:
    return rule if isinstance(rule, str) else rule.name


def _items_of(obj: Model | None) -> Q:
    if obj is None:
        return Q(model_label="")
    if obj.pk is None:
        raise ValueError(
            f"This {obj._meta.label} has no primary key: it was never saved, or deleting it took "
            f"the key away. For a deleted object give {obj._meta.object_name}(pk=<its old key>)."
        )
    # A rule may know the object under a parent or a proxy of its class.
    known = Q()
    for label in labels_of(type(obj)):
        known |= Q(model_label=label, object_id=key_of(apps.get_model(label), obj))
    return known


def _line(item: ItemToPush) -> str:
    text = f"  {item} ({item.action}): {item.get_status_display()}"
    return f"{text}: {item.message}" if item.message else text
