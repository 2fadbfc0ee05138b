"""A partner's endpoint: from a URL and options in the settings to a :class:`Destination`.

Secrets live in :class:`Destination` objects in memory and nowhere else: its ``repr`` hides
them, and :meth:`Destination.redact` takes them out of any text before it is stored or shown.
"""

from pigeon.destinations.destination import SECRET_OPTION, Destination
from pigeon.destinations.lookup import named, resolve
from pigeon.destinations.query import learn_types
from pigeon.destinations.redaction import REDACTED
from pigeon.destinations.url import shown

__all__ = ["REDACTED", "SECRET_OPTION", "Destination", "learn_types", "named", "resolve", "shown"]
