"""Rules made for one test, and what stands in the queue because of them."""

from __future__ import annotations

from typing import Any

import pigeon
from pigeon.configuration import DefaultConfiguration
from pigeon.models import ItemToPush
from pigeon.registry import registry
from tests.apps.newsroom.models import Story

PARTNER = "dummy://partner"


def make_rule(
    base: type[DefaultConfiguration] = pigeon.DefaultConfiguration, **attributes: Any
) -> DefaultConfiguration:
    """Register a rule called "rule" about stories for one partner, unless you say otherwise."""
    given = {"name": "rule", "models": [Story], "push_urls": [PARTNER], **attributes}
    pigeon.register(type("Rule", (base,), given))
    return registry.get(given["name"])


def items(alias: str, **conditions: Any) -> list[ItemToPush]:
    """The queue's rows, oldest first."""
    return list(ItemToPush.objects.using(alias).filter(**conditions).order_by("pk"))


def only(alias: str, **conditions: Any) -> ItemToPush:
    (item,) = items(alias, **conditions)
    return item


def forget(alias: str) -> None:
    """Empty the queue."""
    ItemToPush.objects.using(alias).delete()


def raising(error: Exception | None = None) -> Any:
    """A hook that raises."""

    def hook(*args: object) -> None:
        raise error or ValueError("broken on purpose")

    return hook


def answering(answer: Any) -> Any:
    """A hook that always says the same."""
    return lambda *args: answer


def breaking_sql(alias: str) -> Any:
    """A hook whose SQL the database refuses."""
    from django.db import connections

    def hook(*args: object) -> bool:
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT x FROM nowhere")
        return True

    return hook
