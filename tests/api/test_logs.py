"""The log of files: the fields, filters and orders of filedispatch's log API."""

from __future__ import annotations

from typing import Any

import pytest

from pigeon.api import pages
from pigeon.models import Outcome, Parcel
from tests.api.asker import Asker, address
from tests.api.making import NOON, item, receipt, tried
from tests.apps.newsroom.models import Story
from tests.flows.site import Site


def test_a_file_that_arrived(site: Site, viewer: Asker) -> None:
    story = Story.objects.create(title="One")
    site.push()
    [found] = viewer.get("logs")["results"]
    [attempt] = site.attempts()
    assert found == {
        "id": f"{attempt.pk}-1", "filename": f"newsroom_story_{story.pk}.xml",
        "source": f"newsroom.story:{story.pk}", "destination": "beloved", "extension": "xml",
        "worker": attempt.worker, "protocol": "dummy", "status": "SUCCEEDED",
        "size": f"{attempt.bytes_sent} bytes", "byte_size": attempt.bytes_sent, "reason": "",
        "created": f"{attempt.started.replace(tzinfo=None).isoformat()}Z",
    }  # fmt: skip
    assert viewer.get(f"logs/{found['id']}") == found


def test_a_file_that_failed(site: Site, viewer: Asker) -> None:
    site.destination("beloved", "file:///proc/pigeon-cannot-write-here")
    Story.objects.create(title="One")
    site.push()
    [found] = viewer.get("logs")["results"]
    assert found["status"] == "FAILED"
    assert found["filename"].endswith(".xml")
    assert found["protocol"] == "file"
    assert found["byte_size"] > 0
    assert found["reason"]


def test_what_could_not_be_rendered(site: Site, viewer: Asker) -> None:
    site.rule("broken", "beloved", template="{{ object.no_such_field }}")
    Story.objects.create(title="One")
    site.push()
    [found] = viewer.get("logs", status="FAILED")["results"]
    assert (found["filename"], found["extension"], found["byte_size"]) == ("", "", 0)
    assert "no_such_field" in found["reason"]


def test_an_entry_for_each_file(viewer: Asker) -> None:
    files = [receipt("a/One.XML", 1500), receipt("b.tar.gz", 2), receipt(".hidden"), receipt("c")]
    gone = [receipt("d.xml", 0, "removed"), receipt("e.xml", 0, "skipped")]
    attempt = tried(item(), receipts=[*files, *gone])
    tried(item(), outcome=Outcome.CANCELLED)
    found = viewer.get("logs")["results"]
    assert [(each["filename"], each["extension"], each["size"]) for each in found] == [
        ("One.XML", "xml", "1.5 KB"), ("b.tar.gz", "gz", "2 bytes"),
        (".hidden", "", "10 bytes"), ("c", "", "10 bytes"),
    ]  # fmt: skip
    assert [each["id"] for each in found] == [f"{attempt.pk}-{n}" for n in (1, 2, 3, 4)]
    assert found[0]["source"] == "newsroom.story:1"
    for missing in (f"{attempt.pk}-5", f"{attempt.pk}-0", f"{attempt.pk + 1}-1"):
        viewer.get(f"logs/{missing}", expected=404)


def test_the_source_of_a_mass_push(viewer: Asker) -> None:
    tried(item(model_label="", rule_name="daily"), receipts=[receipt("a.xml")])
    assert viewer.get("logs")["results"][0]["source"] == "daily"


@pytest.fixture
def log(site: Site) -> None:
    """Five files, an hour apart; the last but one failed."""
    place = {"destination": "beloved"}
    names = ["a.xml", "b.json", "c.xml", "d.zip", "e.xml"]
    for number, name in enumerate(names):
        if name == "d.zip":
            manifest = {"files": [{"path": name, "size": 1, "sha256": ""}]}
            parcel = Parcel.objects.create(
                rule_name="rule", event_id="0" * 32, directory=name, manifest=manifest,
                rendered_at=NOON,
            )  # fmt: skip
            failed = item(object_id=number, parcel=parcel, **place)
            tried(failed, 60 * number, outcome=Outcome.RETRY, message="disk full")
            continue
        where = {"destination": "sftp://ada@elsewhere/in"} if name == "e.xml" else place
        one = item(object_id=number, **where)
        tried(one, 60 * number, receipts=[receipt(name, 100 * (5 - number))])


FILTERS: list[tuple[dict[str, Any], str]] = [
    ({}, "edcba"),
    ({"ordering": "-created"}, "edcba"),
    ({"ordering": "created"}, "abcde"),
    ({"ordering": "byte_size"}, "decba"),
    ({"ordering": "-byte_size"}, "abced"),
    ({"status": "SUCCEEDED"}, "ecba"),
    ({"status": "FAILED"}, "d"),
    ({"destination": "beloved"}, "dcba"),
    ({"destination": "sftp://ada@elsewhere/in"}, "e"),
    ({"extension": "xml"}, "eca"),
    ({"extension": ".XML"}, "eca"),
    ({"extension": "zip"}, "d"),
    ({"protocol": "dummy"}, "dcba"),
    ({"protocol": "sftp"}, "e"),
    ({"filename": "d.zip"}, "d"),
    ({"filename": "d.z"}, ""),
    ({"byte_size": 500}, "a"),
    ({"byte_size__gte": 300}, "cba"),
    ({"byte_size__lte": 300}, "edc"),
    ({"byte_size__gte": 200, "byte_size__lte": 400}, "cb"),
    ({"created": "2026-11-20T13:00:00Z"}, "b"),
    ({"created__gte": "2026-11-20T14:00:00+00:00"}, "edc"),
    ({"created__lte": "2026-11-20T14:00:00Z"}, "cba"),
    ({"created__lte": "2026-11-20T14:00:00Z", "extension": "xml", "ordering": "byte_size"}, "ca"),
]


@pytest.mark.parametrize("size", [1, 50])
@pytest.mark.parametrize(("asked", "expected"), FILTERS)
def test_filters_and_orders(
    asked: dict[str, Any], expected: str, size: int, log: None, viewer: Asker
) -> None:
    found = viewer.all("logs", page_size=size, **asked)
    assert [each["filename"][0] for each in found] == list(expected)


def test_sorting_by_size_is_refused_where_it_would_be_slow(
    log: None, viewer: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "LOOKED_AT", 3)
    told = viewer.get("logs", expected=400, ordering="byte_size")["parameters"]["ordering"]
    assert "created__gte" in told
    asked = {"ordering": "byte_size", "created__gte": "2026-11-20T14:00:00Z"}
    assert len(viewer.get("logs", **asked)["results"]) == 3


def test_the_log_is_only_read(operator: Asker) -> None:
    operator.client.cookies["csrftoken"] = "a" * 32
    for path in ("logs", "logs/1-1"):
        for method in ("post", "put", "patch", "delete"):
            answer = getattr(operator.client, method)(
                address(path), headers={"X-CSRFToken": "a" * 32}, content_type="application/json"
            )
            assert answer.status_code == 405
