"""Queueing many rows takes no more memory than queueing some."""

from __future__ import annotations

import tracemalloc

import pytest
from django.db import connection

import pigeon
from pigeon.models import ItemToPush
from tests.apps.newsroom.models import Story
from tests.flows.site import Site

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def test_many_times_the_rows_take_no_more_memory(site: Site) -> None:
    site.rule("partner", "dummy://")
    some, many = 1_500, 9_000
    Story.objects.bulk_create([Story(title=str(number)) for number in range(many)])
    pigeon.enqueue(Story.objects.all()[:500], "partner")  # what is made once is there already
    peak = _peak_of(some)
    assert _peak_of(many) < 1.5 * peak
    assert ItemToPush.objects.count() == many + some + 500


def _peak_of(rows: int) -> int:
    last = Story.objects.order_by("pk")[rows - 1]
    stories = Story.objects.filter(pk__lte=last.pk)
    connection.queries_log.clear()
    tracemalloc.start()
    try:
        assert pigeon.enqueue(stories, "partner") == rows
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
