"""What the site pushes, and to whom."""

from __future__ import annotations

import pigeon
from tests.apps.newsroom.models import Story


class Daily(pigeon.DefaultConfiguration):
    """What is online goes to two newspapers."""

    models = [Story]
    push_urls = ["north", "south"]

    def filter_by_state(self, instance: Story) -> bool:
        return instance.is_online


class Archive(pigeon.DefaultConfiguration):
    """Everything goes to the archive."""

    models = [Story]
    push_urls = ["archive"]


class Wire(pigeon.DefaultConfiguration):
    """What is urgent goes to an agency, and to one that has changed its password."""

    models = [Story]
    push_urls = ["agency", "metro"]

    def filter_by_state(self, instance: Story) -> bool:
        return instance.workflow_state == "urgent"
