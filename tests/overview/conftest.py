"""A site with two destinations and two rules, whose items are made by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

import pigeon
from pigeon.models import DestinationState, ItemToPush, Outcome, PushAttempt
from pigeon.registry import registry


class Stories(pigeon.DefaultConfiguration):
    models = ["newsroom.Story"]
    push_urls = ["beloved", "digest"]


class Digest(pigeon.DefaultConfiguration):
    models = "*"
    push_urls = ["digest"]


@pytest.fixture
def site(settings: Any) -> Iterator[Any]:
    settings.PIGEON_DESTINATIONS = {
        "beloved": {"URL": "dummy://user:s3cret@beloved/in"},
        "digest": {"URL": "dummy://digest"},
    }
    with registry.isolated():
        registry.register(Stories)
        registry.register(Digest)
        yield settings


def ago(**length: float) -> Any:
    return timezone.now() - timedelta(**length)


def state(**facts: Any) -> DestinationState:
    from pigeon.queue import state_alias

    return DestinationState.objects.using(state_alias()).create(**({"name": "beloved"} | facts))


def attempt(item: ItemToPush, outcome: Outcome = Outcome.RETRY, **facts: Any) -> PushAttempt:
    said = {"destination": item.destination, "rule_name": item.rule_name, "worker": "worker"}
    said |= {"started": timezone.now(), "outcome": outcome}
    return PushAttempt.objects.using(item._state.db).create(item=item, **(said | facts))
