"""The preview of an item whose rule has faults: a page that says so, without secrets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db.models import Model
from django.test import Client

import pigeon
from pigeon.models import ItemToPush
from tests.apps.newsroom.models import Story
from tests.dashboard.newsdesk import text

pytestmark = pytest.mark.usefixtures("desk")
SECRET = "hunter2hunter2"


@pytest.fixture(autouse=True)
def partner_with_a_password(desk: None, settings: Any) -> None:
    entry = {"URL": "dummy://beloved", "OPTIONS": {"password": SECRET}}
    settings.PIGEON_DESTINATIONS = {"beloved": entry}


def fail(*arguments: Any) -> Any:
    raise RuntimeError(f"our service does not take {SECRET}")


def preview(client: Client, rule: str, **values: Any) -> str:
    item = ItemToPush.objects.create(rule_name=rule, destination="beloved", **values)
    return text(client, f"/pigeon/items/default/{item.pk}/preview")


def of_story() -> dict[str, Any]:
    story = Story.objects.create(title="One")
    return {"model_label": "newsroom.story", "object_id": str(story.pk)}


def daily(**hooks: Any) -> None:
    pigeon.register(type("Daily", (pigeon.MassPusherConfiguration,), {"name": "daily", **hooks}))


def test_a_rule_that_cannot_begin(operator: Client) -> None:
    facts = {"name": "other", "models": [Story], "initialize_push": fail}
    pigeon.register(type("Other", (pigeon.DefaultConfiguration,), facts))
    page = preview(operator, "other", **of_story())
    assert "initialize_push of rule &#x27;other&#x27; raised RuntimeError" in page
    assert SECRET not in page


def fail_late(rule: Any, *arguments: str) -> Iterator[Model]:
    fail()
    yield Story(pk=1)


@pytest.mark.parametrize("hook", [fail, fail_late, lambda rule, *arguments: None])
def test_a_mass_push_that_breaks(hook: Any, operator: Client) -> None:
    daily(get_items_to_push=hook)
    page = preview(operator, "daily", object_id="x", arguments=["x"])
    assert "get_items_to_push of rule &#x27;daily&#x27; raised" in page
    assert SECRET not in page


def test_a_rule_that_makes_no_mass_pushes_by_now(operator: Client) -> None:
    page = preview(operator, "partner", object_id="x", arguments=["x"])
    assert "no longer makes mass pushes" in page


def test_a_filter_that_raises_tells_no_secret(operator: Client, settings: Any) -> None:
    settings.PIGEON_PUSH_URLS = {"other": ["beloved"]}
    facts = {"name": "other", "models": [Story], "filter_by_state": fail}
    pigeon.register(type("Other", (pigeon.DefaultConfiguration,), facts))
    story = of_story()["object_id"]
    [item] = ItemToPush.objects.all()
    assert item.message.endswith("our service does not take [redacted]")
    page = text(operator, "/pigeon/items/", q=f"story {story}")
    assert "It raised RuntimeError: our service does not take [redacted]" in page
    assert SECRET not in page
