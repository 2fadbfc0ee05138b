"""An item's page tells its story, and its buttons do what they say."""

from __future__ import annotations

import io
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncClient, Client
from django.utils import timezone

from pigeon.models import DestinationState, ItemToPush, Operation, Status
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
    assert "1 item will be sent again with the next push." in page
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
    assert [b"Two" in file for sent in dummy.outbox for file in sent.files.values()] == [
        False,
        True,
    ]


def test_what_is_older_goes_again_only_when_that_is_said(operator: Client) -> None:
    item = publish("One")
    push()
    Story.objects.get().save()
    push()
    newer = ItemToPush.objects.latest("pk")
    page = text(operator, address(item))
    assert f"Item {newer.pk}</a> is newer" in page
    assert 'value="send-again"' not in page
    press(operator, address(item, "action"), deed="send-again")
    item.refresh_from_db()
    assert item.status == Status.PUSHED
    force = {"deed": "force", "id": item.pk, "using": "default"}
    page = press(operator, "/pigeon/items/action", **force).content.decode()
    assert "Send 1 item again as sent, over whatever is newer?" in page
    page = press(operator, "/pigeon/items/action", confirmed="yes", **force).content.decode()
    assert "1 item will be sent again with the next push." in page


def test_an_item_that_a_worker_has_cannot_be_steered(operator: Client) -> None:
    item = publish("One")
    until = timezone.now() + timedelta(minutes=1)
    ItemToPush.objects.update(
        status=Status.IN_PROGRESS, lease_token="t", lease_owner="host:1", lease_until=until
    )
    page = text(operator, address(item))
    assert "The worker host:1 is at it" in page
    assert 'name="deed"' not in page
    page = press(operator, address(item, "action"), deed="reset").content.decode()
    assert "1 item left as they are: 1 in progress now." in page


def test_what_waits_says_for_what(operator: Client) -> None:
    item = publish("One")
    assert "It goes with the next push" in text(operator, address(item))
    DestinationState.objects.create(
        name="beloved", paused_date=timezone.now(), paused_by="grace", paused_reason="moving"
    )
    page = text(operator, address(item))
    assert "is paused by grace since" in page
    assert "Resume the destination" in page
    DestinationState.objects.update(
        paused_date=None, next_probe=timezone.now() + timedelta(hours=1), last_error="No route.",
        failures=2,
    )  # fmt: skip
    page = text(operator, address(item))
    assert "the destination beloved is failing, next try at" in page
    assert "No route." in page


def test_a_destination_that_is_gone(operator: Client, settings: Any) -> None:
    item = publish("One")
    settings.PIGEON_DESTINATIONS = {}
    settings.PIGEON_PUSH_URLS = {}
    page = text(operator, address(item))
    assert "is no longer in the settings" in page
    assert "pigeon_retry --to" in page


def test_a_mass_push_and_a_model_that_is_gone(operator: Client) -> None:
    batch = ItemToPush.objects.create(
        rule_name="daily", destination="beloved", object_id="x", arguments=["x"]
    )
    page = text(operator, address(batch))
    assert "A mass push of rule daily; its arguments: x." in page
    assert "It cannot be rendered: " in text(operator, address(batch, "preview"))
    gone = ItemToPush.objects.create(
        rule_name="partner", destination="beloved", model_label="old.Thing", object_id="1"
    )
    assert "old.Thing 1" in text(operator, address(gone))
    assert "there is nothing to render" in text(operator, address(gone, "preview"))


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


@pytest.mark.django_db(transaction=True)
def test_the_parcel_on_an_asynchronous_server(operator: Client) -> None:
    item = publish("One")
    push()
    client = AsyncClient()
    client.cookies = operator.cookies

    async def gathered() -> bytes:
        response = await client.get(address(item, "parcel"))
        assert response.is_async
        return b"".join([piece async for piece in response])

    with zipfile.ZipFile(io.BytesIO(async_to_sync(gathered)())) as archive:
        assert archive.testzip() is None
        assert len(archive.namelist()) == 1


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
