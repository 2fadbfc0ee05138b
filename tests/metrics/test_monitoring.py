"""What docs/monitoring offers fits what the site tells: Prometheus' own tools say so."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pigeon.models import DestinationState
from pigeon.models.tally import Tally
from tests.apps.newsroom.models import Story
from tests.capabilities import PROJECT
from tests.docs.pages import page
from tests.flows.site import Site
from tests.metrics.promtool import promtool
from tests.metrics.samples import samples

MONITORING = PROJECT / "docs/monitoring"
ALERTS, ALERT_TESTS = MONITORING / "alerts.yml", MONITORING / "alerts_test.yml"
GRAFANA = MONITORING / "grafana.json"
REFERENCE = "docs/reference/metrics.rst"


@pytest.fixture
def text(
    db: None, site: Site, scrape: Callable[..., str], tallied: Callable[..., Tally]
) -> Callable[..., str]:
    """What a site tells that has something of everything."""
    site.rule("partner", site.destination("beloved", "dummy://host"), "dummy://other")
    Story.objects.create(title="waits")
    DestinationState.objects.create(name="beloved", failures=1)
    tallied("beloved", "partner", pushed=5, retried=1, recovered=2, bytes_sent=1000)
    tallied("gone", "gone", failed=1)
    return scrape


def test_promtool_has_nothing_against_the_figures(text: Callable[..., str]) -> None:
    said = text()
    assert "pigeon_attempts_total" in said
    assert promtool("check", "metrics", text=said) == ""


def test_promtool_finds_a_wrong_figure() -> None:
    with pytest.raises(AssertionError, match="no help text"):
        promtool("check", "metrics", text="# TYPE pigeon_x counter\npigeon_x 1\n")


def test_promtool_has_nothing_against_the_alerts() -> None:
    assert "SUCCESS" in promtool("check", "rules", ALERTS)


def test_every_alert_fires_when_it_should() -> None:
    assert "SUCCESS" in promtool("test", "rules", ALERT_TESTS)
    alerts = set(re.findall(r"alert: (\w+)", ALERTS.read_text()))
    fires = r"exp_samples:\n +- \{labels: 'ALERTS\{alertstate=\"firing\", alertname=\"(\w+)\""
    assert alerts == set(re.findall(fires, ALERT_TESTS.read_text())) != set()


def expressions() -> Iterator[str]:
    """All that the Grafana dashboard asks, with its variables filled in."""
    board = json.loads(GRAFANA.read_text())
    for panel in board["panels"]:
        for target in panel["targets"]:
            expression = re.sub(r"\$(destination|rule)\b", ".*", target["expr"])
            yield expression.replace("$__rate_interval", "5m")


def test_grafana_asks_what_prometheus_understands(tmp_path: Path) -> None:
    rules = [
        {"record": f"panel:{number}", "expr": expression}
        for number, expression in enumerate(expressions())
    ]
    assert len(rules) > 15
    file = tmp_path / "rules.yml"  # JSON is YAML
    file.write_text(json.dumps({"groups": [{"name": "grafana", "rules": rules}]}))
    assert "SUCCESS" in promtool("check", "rules", file)


def named(text: str) -> set[str]:
    """The series of Pigeon that ``text`` names."""
    return set(re.findall(r"\bpigeon_(?!push|pause|resume|retry|doctor|explain)\w+", text))


@pytest.mark.parametrize("file", [GRAFANA, ALERTS, ALERT_TESTS], ids=lambda path: path.name)
def test_every_series_that_is_named_exists(text: Callable[..., str], file: Path) -> None:
    wanted, there = named(file.read_text()), set(samples(text()))
    assert wanted and wanted <= there, wanted - there


def test_the_labels_that_are_asked_for_exist(text: Callable[..., str]) -> None:
    found = samples(text())
    queries = [*expressions(), *re.findall(r"expr: (?:>-\n)?(.*?)\n +(?:for|labels):",
                                           ALERTS.read_text(), re.S)]  # fmt: skip
    for name, inside in re.findall(r"(pigeon_\w+)\{(.*?)\}", " ".join(queries)):
        labels = set(re.findall(r"(\w+)=", inside))
        there = {label for key in found[name] for label, _ in key}
        assert labels <= there, (name, labels - there)


def test_the_states_that_are_asked_for_exist(text: Callable[..., str]) -> None:
    states = {dict(key)["health"] for key in samples(text())["pigeon_destination_health"]}
    asked = GRAFANA.read_text().replace('\\"', '"') + ALERTS.read_text()
    words = {w for each in re.findall(r'health=~?"([\w|]+)"', asked) for w in each.split("|")}
    assert words and words <= states


def test_both_formats_say_the_same(text: Callable[..., str]) -> None:
    from prometheus_client.openmetrics.parser import text_string_to_metric_families as read

    found = {
        s.name for family in read(text("application/openmetrics-text")) for s in family.samples
    }
    assert found == set(samples(text()))


def test_the_reference_has_every_figure(text: Callable[..., str]) -> None:
    rows: Any = page(REFERENCE).tree
    described = named(rows.astext())
    families = set(re.findall(r"# TYPE (\w+)", text()))
    assert described == families
