"""The hooks of a rule are called when the page says so, and as often."""

from __future__ import annotations

from typing import Any

import pytest

from tests.apps.newsroom.models import Story
from tests.flows.site import Site

pytestmark = pytest.mark.django_db


def test_initialize_push_once_before_a_batch_is_rendered(site: Site) -> None:
    called: list[str] = []

    def get_context(self: Any, instance: Any) -> dict[str, Any]:
        called.append(instance.title)
        return {"object": instance}

    site.rule(
        "partner",
        "dummy://",
        initialize_push=lambda self: called.append("initialize_push"),
        get_context=get_context,
    )
    for title in ("one", "two", "three"):
        Story.objects.create(title=title)
    assert called == []
    site.push()
    assert called[0] == "initialize_push"
    assert sorted(called[1:]) == ["one", "three", "two"]


def test_post_select_once_for_each_object_that_is_selected(site: Site) -> None:
    selected: list[str] = []
    site.rule(
        "partner",
        "dummy://one",
        "dummy://two",
        filter_by_state=lambda self, instance: instance.is_online,
        post_select=lambda self, instance: selected.append(instance.title),
    )
    Story.objects.create(title="draft")
    Story.objects.create(title="online", is_online=True)
    site.push()
    assert selected == ["online"]
