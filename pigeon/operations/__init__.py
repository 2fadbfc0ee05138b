"""What people do to the queue, through any door: one way in, one record of who did what.

Doors (commands, admin, dashboard, API) check permissions, make a :class:`Selection` and call a
verb. Each verb works through the items in pages, beside any number of workers, and writes an
``Operation`` and a line to the logger ``pigeon.operations``.
"""

from pigeon.operations.asking import enqueue
from pigeon.operations.closing import pause, resume
from pigeon.operations.selection import Selection
from pigeon.operations.steering import cancel, move, reset, send_again, set_priority
from pigeon.operations.values import By, Done

__all__ = [
    "By",
    "Done",
    "Selection",
    "cancel",
    "enqueue",
    "move",
    "pause",
    "reset",
    "resume",
    "send_again",
    "set_priority",
]
