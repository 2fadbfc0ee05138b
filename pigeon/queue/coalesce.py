"""Of several waiting items for one object, which one goes: a pure decision."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from pigeon.models.status import Action, Status


@dataclass(frozen=True, slots=True)
class Waiting:
    """The facts of one waiting item that the decision needs, in the order of its columns."""

    pk: int
    order_key: str
    model_label: str
    object_id: str
    status: int
    next_attempt_date: datetime | None
    action: str
    changed_fields: Sequence[str]

    def is_due(self, now: datetime) -> bool:
        """Whether the item may be tried at ``now``."""
        waits = self.status == Status.RETRY and self.next_attempt_date is not None
        return not waits or self.next_attempt_date <= now  # type: ignore[operator]


@dataclass(slots=True)
class Choice:
    """What a claim takes and what it passes over.

    Attributes:
        taken: ids of items to claim.
        superseded: ids of items whose place a newer one takes.
        merged: id of a newer item → its action and changed fields with the older ones' in it.
    """

    taken: list[int] = field(default_factory=list)
    superseded: list[int] = field(default_factory=list)
    merged: dict[int, tuple[str, list[str]]] = field(default_factory=dict)


def choose(waiting: Iterable[Waiting], now: datetime) -> Choice:
    """Take the newest of each object's items, one object per order key.

    Objects have an order key of their own. Mass pushes of one rule share theirs; they go one
    after another, the oldest first, and only those with the same arguments coalesce.
    """
    keys: dict[str, dict[str, list[Waiting]]] = {}
    for item in sorted(waiting, key=lambda item: item.pk):
        keys.setdefault(item.order_key, {}).setdefault(item.object_id, []).append(item)
    choice = Choice()
    for groups in keys.values():
        _choose_one(next(iter(groups.values())), now, choice)
    return choice


def _choose_one(group: list[Waiting], now: datetime, choice: Choice) -> None:
    *older, newest = group
    if older:
        choice.superseded += [item.pk for item in older]
        choice.merged[newest.pk] = (_action(group), _fields(group))
    if newest.is_due(now):
        choice.taken.append(newest.pk)


def _action(group: Sequence[Waiting]) -> str:
    actions = [item.action for item in group]
    if actions[-1] == Action.DELETED or Action.DELETED in actions:
        return actions[-1]
    return Action.CREATED if Action.CREATED in actions else actions[-1]


def _fields(group: Sequence[Waiting]) -> list[str]:
    return sorted({name for item in group for name in item.changed_fields})
