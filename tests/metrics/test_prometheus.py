"""A real Prometheus scrapes a running site."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.apps.newsroom.models import Story
from tests.flows.site import Site
from tests.metrics.test_monitoring import ALERTS, expressions
from tests.servers.prometheus import run_prometheus


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_prometheus_gets_the_figures_and_judges_them(
    site: Site, live_server: Any, token: str, tmp_path: Path
) -> None:
    site.rule("partner", site.destination("beloved", "dummy://host"))
    for number in range(3):
        Story.objects.create(title=str(number))
    site.push()
    Story.objects.create(title="waits")
    target = live_server.url.removeprefix("http://")
    with run_prometheus(
        tmp_path, target, path="/pigeon/metrics", token=token, rules=ALERTS
    ) as prometheus:
        pushed = 'pigeon_attempts_total{destination="beloved",outcome="pushed"}'
        assert prometheus.wait_for(pushed) == 3
        assert prometheus.wait_for('up{job="pigeon"} == 1')
        bucket = 'pigeon_attempt_duration_seconds_bucket{destination="beloved",le="+Inf"}'
        assert prometheus.wait_for(bucket) == 3
        assert prometheus.wait_for("pigeon_destination_waiting_items") == 1
        for expression in expressions():
            assert prometheus.ask("query", query=expression)["resultType"] == "vector"
        groups = prometheus.ask("rules")["groups"]
        assert [rule["name"] for group in groups for rule in group["rules"]]
        assert all(not rule.get("lastError") for group in groups for rule in group["rules"])
