"""Of several waiting items for one object, which one goes: a pure decision."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from pigeon.models.status import Action, Status

#: How many tokens, of 32 characters, an item remembers.
MOST_TOKENS = 7


class Waiting(NamedTuple):
    """The facts of one waiting item that the decision needs, in the order of its columns."""

    pk: int
    order_key: str
    object_id: str
    status: int
    next_attempt_date: datetime | None
    action: str
    changed_fields: Sequence[str]
    lease_token: str

    def is_due(self, now: datetime) -> bool:
        """Whether the item may be tried at ``now``."""
        if self.status != Status.RETRY or self.next_attempt_date is None:
            return True
        return self.next_attempt_date <= now


@dataclass(frozen=True, slots=True)
class Merged:
    """What an item takes over from the older ones in whose place it goes.

    Attributes:
        action: what happened to the object, all in all.
        changed_fields: names of fields, sorted.
        lease_token: tokens of attempts at any of them, whose traces have to go.
    """

    action: str
    changed_fields: list[str]
    lease_token: str


@dataclass(slots=True)
class Choice:
    """What a claim takes and what it passes over.

    Attributes:
        taken: ids of items to claim.
        superseded: ids of items whose place a newer one takes.
        merged: id of a newer item → what it takes over, if that changes it.
    """

    taken: list[int] = field(default_factory=list)
    superseded: list[int] = field(default_factory=list)
    merged: dict[int, Merged] = field(default_factory=dict)


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
        merged = Merged(_action(group), _fields(group), _token(group))
        if merged != Merged(newest.action, sorted(newest.changed_fields), newest.lease_token):
            choice.merged[newest.pk] = merged
    if newest.is_due(now):
        choice.taken.append(newest.pk)


def _action(group: Sequence[Waiting]) -> str:
    actions = [item.action for item in group]
    if Action.DELETED in actions or Action.CREATED not in actions:
        return actions[-1]
    return Action.CREATED


def _fields(group: Sequence[Waiting]) -> list[str]:
    return sorted({name for item in group for name in item.changed_fields})


def _token(group: Sequence[Waiting]) -> str:
    return join_tokens(item.lease_token for item in group)


def join_tokens(tokens: Iterable[str]) -> str:
    """All different ones of ``tokens``, each of which may be several, as one text.

    Of very many, the latest: an item that kills one worker after another does not end well.
    """
    every = dict.fromkeys(token for text in tokens for token in text.split())
    return " ".join(list(every)[-MOST_TOKENS:])
