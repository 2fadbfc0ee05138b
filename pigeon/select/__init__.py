"""From a save, a deletion or an m2m change, by the rules, to items in the queue.

Everything here runs in the transaction of the change, does no I/O but on its database, and
only inserts: a save neither waits for a worker nor holds one up.
"""

from pigeon.select.events import Event, has_queue, select
from pigeon.select.objects import key_of, title_of
from pigeon.select.requests import (
    Page,
    Rule,
    add_item_to_push,
    enqueue,
    mass_push,
    pages,
    queue_of,
    rule_name,
)

__all__ = [
    "Event",
    "Page",
    "Rule",
    "add_item_to_push",
    "enqueue",
    "has_queue",
    "key_of",
    "mass_push",
    "pages",
    "queue_of",
    "rule_name",
    "select",
    "title_of",
]
