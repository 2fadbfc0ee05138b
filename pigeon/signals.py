"""The Django signals of Pigeon, declared only; who sends them says so in its docstring.

Those about pushing are sent by :mod:`pigeon.engine` in the worker, after what they tell was
committed, by ``send_robust``: a receiver that raises is logged and harms nothing. A slow receiver
makes the destination's lane wait.
"""

from django.dispatch import Signal

#: Sent by :mod:`pigeon.registry` after a rule came or went. No arguments.
rules_changed = Signal()

#: An item arrived. ``sender``: ``ItemToPush``; ``item``: the row as it is now;
#: ``destination``: a :class:`pigeon.destinations.Destination`; ``message``: a remark, mostly
#: empty; ``receipts``: a tuple of :class:`pigeon.parcel.Receipt`, what landed or was removed.
item_pushed = Signal()

#: An item ended in an error status and is not tried again. Arguments as of ``item_pushed``;
#: ``message`` is the redacted reason.
item_failed = Signal()

#: Nothing goes to a destination for a while: it cannot be reached, or refuses login or
#: configuration. ``sender``: the class ``Destination``; ``destination``; ``reason``: redacted;
#: ``next_probe``: when it is tried again (datetime). Sent once, not for each item or probe.
destination_opened = Signal()

#: A destination of which ``destination_opened`` told is well again. ``sender``: the class
#: ``Destination``; ``destination``.
destination_closed = Signal()
