"""How everything fares: what dashboard, commands, API and metrics show. Nothing is changed here.

Numbers of the last hour and day are those of :class:`pigeon.models.Tally`; backlogs are counted
along indexes and stop at a limit. Moments are aware with ``USE_TZ``, as everywhere in Django.
"""

from pigeon.overview.cures import cure
from pigeon.overview.destinations import DestinationView, Health, destination, destinations
from pigeon.overview.rules import RuleView, rule, rules
from pigeon.overview.series import Range, Series, series
from pigeon.overview.totals import Totals, totals

__all__ = [
    "DestinationView",
    "Health",
    "Range",
    "RuleView",
    "Series",
    "Totals",
    "cure",
    "destination",
    "destinations",
    "rule",
    "rules",
    "series",
    "totals",
]
