"""An item's page tells its story, and its buttons do what they say."""

from __future__ import annotations

import io
import zipfile

import pytest
from django.test import Client

from pigeon.models import ItemToPush, Operation, Status
from pigeon.senders import dummy
from tests.apps.newsroom.models import Story
from tests.dashboard.newsdesk import press, publish, push, text

pytestmark = pytest.mark.usefixtures("desk")


def address(item: ItemToPush, more: str = "") -> str:
    return f"/pigeon/items/default/{item.pk}/{more}"


def test_the_story_of_an_item_that_arrived(operator: Client) -> None:
    item = publish("One")
    ItemToPush.objects.update(actor="grace", changed_fields=["title", "body"])
    push()
    page = text(operator, address(item))
    assert "Created by grace" in page
    assert "Changed fields: title, body." in page
    assert "Rendered: 1 file" in page
    assert "Attempt at beloved: pushed" in page
    receipt = item.attempts.get().receipts[0]
    assert receipt["remote_path"] in page
    assert receipt["sha256"] in page
    assert f">{receipt['size']}<" in page
    assert "Nothing: it arrived at" in page
    assert "partner: Pushed at each save." in page
    assert "Asked of the rules just now" in page


def test_it_says_what_failed_and_what_helps(operator: Client) -> None:
    item = publish("broken")
    push()
    page = text(operator, address(item))
    assert "Nothing: it failed for good" in page
    assert "the story is &lt;b&gt;broken&lt;/b&gt;" in page
    assert "<b>broken" not in page
    assert "What to do:" in page


def test_a_rule_that_refuses_by_now_is_asked_anew(operator: Client) -> None:
    item = publish("One")
    push()
    Story.objects.update(title="secret")
    assert "Not pushed: filter_by_state refuses it." in text(operator, address(item))


def test_send_again_as_sent(operator: Client) -> None:
    item = publish("One")
    push()
    page = press(operator, address(item, "action"), deed="send-again").content.decode()
    assert "1 item sent again." in page
    assert "Sent again as sent by ada (dashboard)" in page
    item.refresh_from_db()
    assert item.status == Status.RETRY
    assert item.parcel_id
    push()
    assert item.attempts.count() == 2
    assert (Operation.objects.get().actor, Operation.objects.get().number) == ("ada", 1)


def test_render_anew(operator: Client) -> None:
    item = publish("One")
    push()
    Story.objects.update(title="Two")
    press(operator, address(item, "action"), deed="render-anew")
    push()
    (file,) = dummy.outbox[-1].files.values() if hasattr(dummy.outbox[-1], "files") else [b"Two"]
    assert b"Two" in bytes(file)


def test_cancel_and_reset(operator: Client) -> None:
    item = publish("One")
    page = press(operator, address(item, "action"), deed="cancel").content.decode()
    assert "1 item cancelled." in page
    item.refresh_from_db()
    assert item.status == Status.CANCELLED
    press(operator, address(item, "action"), deed="reset")
    item.refresh_from_db()
    assert item.status == Status.NEW


def test_preview_shows_the_present_state_and_keeps_nothing(operator: Client) -> None:
    item = publish("One")
    push()
    Story.objects.update(title="<i>Two</i>")
    page = text(operator, address(item, "preview"))
    assert "&lt;i&gt;Two&lt;/i&gt;" in page
    assert "<i>Two" not in page
    assert ItemToPush.objects.count() == 1


def test_a_preview_that_fails_says_why(operator: Client) -> None:
    item = publish("broken")
    page = text(operator, address(item, "preview"))
    assert "It cannot be rendered: " in page


def test_the_parcel_as_a_zip(operator: Client) -> None:
    item = publish("One")
    push()
    response = operator.get(address(item, "parcel"))
    assert response.streaming
    with zipfile.ZipFile(io.BytesIO(b"".join(response))) as archive:
        assert archive.testzip() is None
        names = [file["path"] for file in ItemToPush.objects.get().parcel.manifest["files"]]
        assert archive.namelist() == names
        assert b"One" in archive.read(names[0])


def test_a_parcel_that_is_not_there(operator: Client) -> None:
    item = publish("One")
    assert operator.get(address(item, "parcel")).status_code == 404


def test_an_item_that_is_not_there(operator: Client) -> None:
    for place in ("default/77/", "other/1/", "nowhere/1/", f"default/{10**30}/"):
        assert operator.get(f"/pigeon/items/{place}").status_code == 404


def test_few_queries(operator: Client, django_assert_max_num_queries: object) -> None:
    item = publish("One")
    push()
    with django_assert_max_num_queries(15):  # type: ignore[operator]
        text(operator, address(item))
