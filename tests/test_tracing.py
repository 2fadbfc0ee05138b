"""Spans: what they say of a push, and that nothing happens without a provider."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from pigeon.exceptions import PermanentError, TransientError, Unreachable
from pigeon.models import ItemToPush
from pigeon.tracing import traced
from tests.apps.newsroom.models import Story
from tests.engine.conftest import scripted, site
from tests.engine.scripted import Scripted
from tests.flows.site import Site

__all__ = ["scripted", "site"]


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    """What a site's provider collects."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    # set_tracer_provider() works once in a process only.
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", provider)
    yield exporter
    provider.shutdown()


def by_name(exporter: InMemorySpanExporter) -> dict[str, list[ReadableSpan]]:
    found: dict[str, list[ReadableSpan]] = {}
    for span in exporter.get_finished_spans():
        found.setdefault(span.name, []).append(span)
    return found


@pytest.mark.django_db
def test_a_push_is_told_from_claim_to_record(
    site: Site, scripted: type[Scripted], spans: InMemorySpanExporter
) -> None:
    site.rule("partner", site.destination("beloved", "scripted://host"))
    for title in ("one", "two"):
        Story.objects.create(title=title)
    site.push()
    found = by_name(spans)
    assert set(found) == {"pigeon.claim", "pigeon.export", "pigeon.deliver", "pigeon.record"}
    claim = next(span for span in found["pigeon.claim"] if span.attributes["pigeon.items"])
    assert claim.attributes == {"pigeon.destination": "beloved", "pigeon.items": 2}
    assert [span.attributes["pigeon.items"] for span in found["pigeon.export"]] == [2]
    assert sum(span.attributes["pigeon.items"] for span in found["pigeon.record"]) == 2
    first = min(found["pigeon.deliver"], key=lambda span: span.attributes["pigeon.item"])
    told = dict(first.attributes or {})
    assert told.pop("pigeon.seconds") > 0
    assert told == {
        "pigeon.item": ItemToPush.objects.earliest("pk").pk,
        "pigeon.rule": "partner",
        "pigeon.destination": "beloved",
        "pigeon.attempt": 1,
        "pigeon.database": "default",
        "pigeon.outcome": "pushed",
    }
    assert first.status.status_code == StatusCode.UNSET


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("error", "outcome", "said"),
    [
        (TransientError("Busy, says secret!."), "retry", "Busy, says [redacted]."),
        (PermanentError("No, says secret!."), "failed", "No, says [redacted]."),
        (RuntimeError("our bug at secret!"), "failed", "our bug at [redacted]"),
    ],
)
def test_what_fails_is_an_error_without_secrets(
    site: Site, scripted: type[Scripted], spans: InMemorySpanExporter, error: Exception,
    outcome: str, said: str,
) -> None:  # fmt: skip
    site.rule("partner", site.destination("beloved", "scripted://host", password="secret!"))
    Story.objects.create(title="one")
    scripted.script = lambda delivery: error
    site.push()
    [span] = by_name(spans)["pigeon.deliver"]
    assert span.status.status_code == StatusCode.ERROR
    assert said in (span.status.description or "")
    told = dict(span.attributes or {})
    assert told["pigeon.outcome"] == outcome
    assert told["pigeon.error_class"] == type(error).__name__
    for each in spans.get_finished_spans():
        assert "secret!" not in each.to_json() and not each.events


@pytest.mark.django_db
@pytest.mark.parametrize("beside", [(), ("dummy://",)], ids=["alone", "beside another"])
def test_a_login_that_is_refused_is_told(
    site: Site, scripted: type[Scripted], spans: InMemorySpanExporter, beside: tuple[str, ...]
) -> None:
    where = site.destination("beloved", "scripted://host", password="secret!")
    site.rule("partner", where, *beside)
    Story.objects.create(title="one")
    scripted.opening = Unreachable("Nobody there, says secret!.")
    site.push()
    told = by_name(spans)["pigeon.deliver"]
    [span] = [s for s in told if (s.attributes or {})["pigeon.destination"] == "beloved"]
    assert span.status.status_code == StatusCode.ERROR
    assert "Nobody there, says [redacted]." in (span.status.description or "")
    assert (span.attributes or {})["pigeon.outcome"] == "retry"


@pytest.mark.django_db
def test_the_number_of_the_attempt(
    site: Site, scripted: type[Scripted], spans: InMemorySpanExporter
) -> None:
    site.rule("partner", "scripted://host")
    Story.objects.create(title="one")
    scripted.script = lambda delivery: TransientError("Busy.")
    site.push()
    site.later(days=1)
    site.push()
    numbers = [s.attributes["pigeon.attempt"] for s in by_name(spans)["pigeon.deliver"]]
    assert numbers == [1, 2]


def _fails() -> None:
    raise ValueError("the password is secret!")


def test_an_exception_is_noted_by_its_class_alone(spans: InMemorySpanExporter) -> None:
    with pytest.raises(ValueError, match="secret!"):
        traced("pigeon.test", dict)(_fails)()
    [span] = spans.get_finished_spans()
    assert span.attributes == {"error.type": "ValueError"}
    assert span.status.status_code == StatusCode.ERROR and "secret!" not in span.to_json()


async def _doubled(number: int) -> int:
    return 2 * number


@pytest.mark.parametrize("provider", [None, trace.NoOpTracerProvider()])
def test_without_a_provider_nothing_is_asked(
    monkeypatch: pytest.MonkeyPatch, provider: Any
) -> None:
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", provider)

    def asked(*arguments: object) -> dict[str, object]:
        raise AssertionError("nobody wants to know")

    assert traced("pigeon.test", asked, asked)(lambda number: 2 * number)(3) == 6
    coroutine = traced("pigeon.test", asked, asked)(_doubled)(3)
    with pytest.raises(StopIteration) as ended:
        coroutine.send(None)
    assert ended.value.value == 6


def test_an_item_takes_the_answer_of_its_batch(
    monkeypatch: pytest.MonkeyPatch, spans: Any
) -> None:
    batch = traced("pigeon.batch", dict)(lambda: None)
    item = traced("pigeon.item", dict, often=True)(lambda: None)
    batch(), item()
    assert [span.name for span in spans.get_finished_spans()] == ["pigeon.batch", "pigeon.item"]
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: pytest.fail("asked for an item"))
    item()
    assert len(spans.get_finished_spans()) == 3


def test_without_opentelemetry_everything_works() -> None:
    program = (
        "import sys; sys.modules['opentelemetry'] = None\n"
        "from pigeon.tracing import traced\n"
        "assert traced('pigeon.test', dict)(len)([1, 2]) == 2\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
