"""The queue's verbs in batches: add, claim, renew, finish, steer, clean.

This package is the only one that changes an item's status. Every function takes the alias of
the database (``using``) whose queue is meant; destinations' states and holds live in the first
of ``PIGEON_DATABASES``.
"""

from pigeon.queue import pausing, steering
from pigeon.queue.basics import add, clock, state_alias
from pigeon.queue.claims import claim, has_work, renew, with_work
from pigeon.queue.destinations import (
    Opening,
    destination_failed,
    destination_succeeded,
    is_open,
    retry_date,
)
from pigeon.queue.pace import give_time_back, take_time
from pigeon.queue.results import Result, finish
from pigeon.queue.tallies import clean_tallies
from pigeon.queue.upkeep import clean, hasten

__all__ = [
    "Opening",
    "Result",
    "add",
    "claim",
    "clean",
    "clean_tallies",
    "clock",
    "destination_failed",
    "destination_succeeded",
    "finish",
    "give_time_back",
    "has_work",
    "hasten",
    "is_open",
    "pausing",
    "renew",
    "retry_date",
    "state_alias",
    "steering",
    "take_time",
    "with_work",
]
