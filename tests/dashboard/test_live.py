from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from pigeon.models import DestinationState
from tests.dashboard.test_home import queue

pytestmark = pytest.mark.usefixtures("desk")


def test_figures_come_as_the_words_of_the_page(viewer: Client) -> None:
    queue(2)
    data = viewer.get(reverse("pigeon:live")).json()
    assert data["verdict"]["level"] == "ok"
    assert data["moment"]
    assert data["rows"]["totals"]["cells"]["waiting"] == "2"
    assert data["rows"]["destination:beloved"]["health"] == "well"
    assert data["rows"]["destination:beloved"]["trouble"] is False
    assert data["rows"]["rule:partner"]["cells"]["waiting"] == "2"


def test_a_page_has_every_word_that_may_be_replaced(viewer: Client) -> None:
    """So that a cell cannot be forgotten on one side."""
    DestinationState.objects.create(name="beloved", paused_date=timezone.now())
    data = viewer.get(reverse("pigeon:live")).json()
    destination = viewer.get(reverse("pigeon:destination", args=["beloved"])).content.decode()
    for cell in data["rows"]["destination:beloved"]["cells"]:
        assert f'data-live="{cell}"' in destination or cell == "failed_day"


@pytest.mark.parametrize("name", ["live", "series"])
def test_programs_are_refused_in_json(
    client: Client, login: Callable[..., Client], name: str
) -> None:
    stranger = client.get(reverse(f"pigeon:{name}"))
    assert (stranger.status_code, list(stranger.json())) == (401, ["error"])
    other = login().get(reverse(f"pigeon:{name}"))
    assert other.status_code == 403
    assert "pigeon.view_itemtopush" in other.json()["error"]
