"""A site with one rule, as small as a test wants it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.utils import timezone

import pigeon
from pigeon import engine
from pigeon.models import DestinationState, ItemToPush, PushAttempt, Status
from pigeon.registry import registry
from tests.apps.newsroom.models import Story

TEMPLATE = "<story><title>{{ object.title }}</title><body>{{ object.body }}</body></story>\n"


@dataclass
class Site:
    """What a test drives: rules that push stories, and the queue that results.

    Attributes:
        settings: pytest-django's settings.
        folder: of the templates and exports.
        destinations: names given to :meth:`rule`, with their configuration.
    """

    settings: Any
    folder: Path
    destinations: dict[str, Any] = field(default_factory=dict)

    def rule(
        self, name: str = "partner", *urls: str, template: str = TEMPLATE, **hooks: Any
    ) -> Any:
        """Register a rule for stories that goes to ``urls`` (or destination names)."""
        place = self.folder / "templates" / "export" / name
        place.mkdir(parents=True, exist_ok=True)
        (place / "newsroom_story.xml").write_text(template, encoding="utf-8")
        facts = {"name": name, "models": [Story], "push_urls": list(urls), **hooks}
        return pigeon.register(type(name.title(), (pigeon.DefaultConfiguration,), facts))

    def destination(self, name: str, url: str, **options: Any) -> str:
        """Configure a named destination."""
        self.destinations[name] = {"URL": url, "OPTIONS": options}
        self.settings.PIGEON_DESTINATIONS = dict(self.destinations)
        return name

    def push(self, **options: Any) -> engine.Summary:
        """One run of the engine in this thread."""
        return engine.push(engine.Options(**options))

    def later(self, **delta: float) -> None:
        """Let time pass: what is to happen by then is due now."""
        passed = timedelta(**delta)
        for item in ItemToPush.objects.filter(status=Status.RETRY):
            if item.next_attempt_date and item.next_attempt_date <= timezone.now() + passed:
                ItemToPush.objects.filter(pk=item.pk).set_due(timezone.now())
        for state in DestinationState.objects.exclude(next_probe=None):
            if state.next_probe and state.next_probe <= timezone.now() + passed:
                DestinationState.objects.filter(pk=state.pk).update(next_probe=timezone.now())

    def item(self) -> ItemToPush:
        """The only item, or the newest."""
        found = ItemToPush.objects.order_by("-pk").first()
        assert found is not None
        return found

    def attempts(self) -> list[PushAttempt]:
        """All attempts, the oldest first."""
        return list(PushAttempt.objects.order_by("pk"))


def xml(story: Story) -> bytes:
    """What the rule's template makes of ``story``, when nothing in it needs escaping."""
    return (
        TEMPLATE.replace("{{ object.title }}", story.title)
        .replace("{{ object.body }}", story.body)
        .encode()
    )


def isolated() -> Any:
    """No rules but the test's own."""
    return registry.isolated()
