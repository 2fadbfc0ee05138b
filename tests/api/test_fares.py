"""Destinations, rules and all together; pausing and letting go on."""

from __future__ import annotations

from pigeon.models import DestinationState, Operation, Status
from tests.api.asker import Asker
from tests.apps.newsroom.models import Story
from tests.flows.site import Site


def test_destinations(site: Site, viewer: Asker) -> None:
    Story.objects.create(title="One")
    site.push()
    Story.objects.create(title="Two")
    [found] = viewer.get("destinations")
    told = {name: found[name] for name in ("name", "url", "health", "words", "waiting", "rules")}
    assert told == {
        "name": "beloved", "url": "dummy://user@beloved/in", "health": "well", "words": "well",
        "waiting": 1, "rules": ["partner"],
    }  # fmt: skip
    assert (found["pushed_hour"], found["success_rate"]) == (1, 1.0)
    assert viewer.get("destinations", name="beloved")[0]["name"] == "beloved"


def test_rules(site: Site, viewer: Asker) -> None:
    Story.objects.create(title="One")
    [found] = viewer.get("rules", name="partner")
    assert (found["models"], found["destinations"]) == (["newsroom.story"], ["beloved"])
    assert found["waiting"] == 1


def test_summary(site: Site, viewer: Asker) -> None:
    Story.objects.create(title="One")
    found = viewer.get("summary")
    assert found["waiting"] == 1
    assert found["oldest"] >= 0
    assert found["health"]["well"] == 1


def test_pause_and_resume(site: Site, operator: Asker) -> None:
    Story.objects.create(title="One")
    body = {"destinations": ["beloved"], "reason": "their disk is full"}
    assert operator.post("pause", body) == {"number": 1}
    [found] = operator.get("destinations")
    assert (found["health"], found["paused_by"]) == ("paused", "ada")
    assert found["paused_reason"] == "their disk is full"
    assert operator.post("pause", body) == {"number": 0}
    site.push()
    assert site.item().status == Status.NEW
    assert operator.post("resume", {"destinations": ["beloved"]}) == {"number": 1}
    assert DestinationState.objects.get().paused_date is None
    site.push()
    assert site.item().status == Status.PUSHED
    assert [each.verb for each in Operation.objects.order_by("pk")] == ["paused", "resumed"]
