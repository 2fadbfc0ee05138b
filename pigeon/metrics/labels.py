"""Values of labels: what is configured, and one word for all the rest.

What stands in the database may name any number of destinations and rules that are gone; each
would cost a monitoring system a series for ever.
"""

from __future__ import annotations

from pigeon.registry import registry

#: Stands for every destination, or rule, that is no longer configured.
OTHER = "other"


class Known:
    """The destinations and rules of the site as they are now.

    Attributes:
        pairs: each destination with each rule that pushes there.
    """

    def __init__(self) -> None:
        self._destinations = frozenset(registry.destinations())
        self._rules = frozenset(rule.name for rule in registry.rules())
        self.pairs = [
            (destination, rule.name)
            for rule in registry.rules()
            for destination in registry.routing_of(rule).destinations
        ]

    def destination(self, name: str) -> str:
        """The label for the destination ``name``."""
        return name if name in self._destinations else OTHER

    def rule(self, name: str) -> str:
        """The label for the rule ``name``."""
        return name if name in self._rules else OTHER
