"""Each rule's numbers are those of its items at all destinations."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from pigeon import overview
from pigeon.exceptions import NotRegistered
from pigeon.models import Status
from pigeon.queue import glance
from tests.overview.conftest import ago, attempt
from tests.queue.making import make


def test_a_rule_of_which_nothing_is_known(site: Any, alias: str) -> None:
    view = overview.rule("stories")
    assert (view.exists, view.models) == (True, ("newsroom.story",))
    assert view.destinations == ("beloved", "digest")
    assert (view.waiting, view.capped, view.oldest, view.last_error) == (0, False, None, "")
    assert overview.rule("digest").models == ("*",)


def test_what_waits(site: Any, alias: str) -> None:
    facts = {"rule_name": "stories", "destination": "beloved"}
    make(alias, 1, creation_date=ago(hours=2), **facts)
    make(alias, 2, creation_date=ago(hours=3), status=Status.RETRY, **facts)
    make(alias, 3, creation_date=ago(hours=9), status=Status.PUSHED, **facts)
    make(alias, 4, creation_date=ago(hours=9), rule_name="digest")
    view = overview.rule("stories")
    assert view.waiting == 2
    assert 10000 < (view.oldest or 0) < 12000


def test_looking_stops(site: Any, alias: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(glance, "RULES", 2)
    for number in range(3):
        make(alias, number, rule_name="stories", creation_date=ago(hours=number))
    view = overview.rule("stories")
    assert (view.waiting, view.capped) == (2, True)
    assert (view.oldest or 0) > 7000, "the oldest are looked at"


def test_the_last_error_is_the_rules_own(site: Any, alias: str) -> None:
    stories = {"rule_name": "stories", "destination": "digest"}
    attempt(make(alias, 1, **stories), message="no <title>", error_class="ValidationError")
    attempt(make(alias, 2, **(stories | {"rule_name": "digest"})), message="disk full")
    view = overview.rule("stories")
    assert view.last_error == "no <title>"
    assert "not valid" in view.cure
    assert view.last_error_date


def test_rules_that_are_gone_are_shown_while_items_wait(site: Any, alias: str) -> None:
    make(alias, rule_name="former")
    found = {view.name: view for view in overview.rules()}
    assert set(found) == {"digest", "former", "stories"}
    assert not found["former"].exists
    assert found["former"].waiting == 1
    assert overview.rule("former").waiting == 1
    with pytest.raises(NotRegistered, match="'nothing'"):
        overview.rule("nothing")


def test_the_number_of_queries_does_not_grow(site: Any, alias: str) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connections[alias]) as captured:
            overview.rules()
        return len(captured)

    attempt(make(alias, destination="beloved"), message="no")
    before = queries()
    for number in range(30):
        attempt(make(alias, number, rule_name=f"rule {number}", destination="digest"))
    assert queries() == before <= 10
