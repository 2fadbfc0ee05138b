"""The list of items: what is searched, why there is none, and many items at once."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from pigeon.models import (
    DestinationState,
    ItemToPush,
    Operation,
    Publication,
    PushAttempt,
    Status,
)
from tests.apps.newsroom.models import Story
from tests.dashboard.newsdesk import press, publish, push, text

pytestmark = pytest.mark.usefixtures("desk")
ITEMS = "/pigeon/items/"
ACTION = "/pigeon/items/action"


def listed(page: str) -> list[int]:
    """Ids of the items in the list."""
    return [int(pk) for pk in re.findall(r'<th scope="row"><a href="[^"]*">(\d+)<', page)]


def local(moment: Any) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%dT%H:%M:%S}"


def test_who_has_queued_nothing_is_told_what_makes_an_item(viewer: Client) -> None:
    page = text(viewer, ITEMS)
    assert "Nothing was queued yet" in page
    assert "<table" not in page
    assert "No item was found." in text(viewer, ITEMS, status="failed")


def test_items_are_listed_newest_first(viewer: Client) -> None:
    one, two = publish("One"), publish("Two <b>")
    page = text(viewer, ITEMS)
    assert listed(page) == [two.pk, one.pk]
    assert "Two &lt;b&gt;" in page
    assert "partner → beloved" in page


def test_filters(viewer: Client) -> None:
    one, two = publish("One"), publish("Two")
    ItemToPush.objects.filter(pk=one.pk).update(status=Status.SEND_ERROR, destination="gone")
    assert listed(text(viewer, ITEMS, status="failed")) == [one.pk]
    assert listed(text(viewer, ITEMS, status="130")) == [one.pk]
    assert listed(text(viewer, ITEMS, status=["waiting", "130"])) == [two.pk, one.pk]
    page = text(viewer, ITEMS, destination="gone")
    assert listed(page) == [one.pk]
    assert '<option value="gone" selected>gone</option>' in page
    assert listed(text(viewer, ITEMS, rule="partner", q="tw")) == [two.pk]
    empty = dict.fromkeys(("q", "destination", "rule", "status", "since", "until"), "")
    assert listed(text(viewer, ITEMS, **empty)) == [two.pk, one.pk]


def test_older_items_are_a_click_away(viewer: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pigeon.dashboard.views.items.LIMIT", 2)
    items = [publish(f"Story {n}").pk for n in range(3)]
    page = text(viewer, ITEMS, destination="beloved")
    assert listed(page) == [items[2], items[1]]
    (older,) = re.findall(r'href="(\?[^"]+)" rel="next"', page)
    page = text(viewer, ITEMS + older.replace("&amp;", "&"))
    assert listed(page) == [items[0]]
    assert 'rel="next"' not in page


def test_why_did_a_story_not_go(viewer: Client) -> None:
    story = Story.objects.create(title="A secret")
    page = text(viewer, ITEMS, q=f"story {story.pk}")
    assert "Not pushed: filter_by_state refuses it." in page
    assert "newsroom.Story" in page
    assert "A secret" in page
    assert "No item was found." in page
    assert "Asked of the rules just now" in page


def test_an_id_is_a_name_not_a_quantity(viewer: Client, settings: Any) -> None:
    settings.USE_THOUSAND_SEPARATOR = True
    item = publish("One")
    push()
    [file] = Publication.objects.all()
    Publication.objects.update(item_id=1234)
    assert ">1234</a>" in text(viewer, ITEMS, q=file.file_name)
    ItemToPush.objects.create(
        pk=123456, rule_name="partner", destination="beloved", title="Old",
        object_id=item.object_id, model_label=item.model_label,
    )  # fmt: skip
    page = text(viewer, ITEMS, q=f"story {item.object_id}")
    assert "Item 123456</a>" in page
    assert "123,456" not in page


def test_another_search_after_that_of_an_object(viewer: Client) -> None:
    one = publish("One")
    page = text(viewer, ITEMS, object=f"newsroom.Story:{one.object_id}")
    assert f'value="newsroom.Story:{one.object_id}"' in page
    search = page[: page.index('id="items"')]
    assert 'name="object"' not in search, "it would outlive the next search"


def test_a_story_that_is_not_there_and_a_key_that_cannot_be(viewer: Client) -> None:
    assert "There is no such object" in text(viewer, ITEMS, q="story 99")
    assert "cannot be a primary key" in text(viewer, ITEMS, q="newsroom.story:x")


def test_an_object_of_a_model_without_rules_keeps_its_name(viewer: Client) -> None:
    user = viewer.session["_auth_user_id"]
    page = text(viewer, ITEMS, q=f"auth.user {user}")
    assert "No rule names auth.User" in page
    assert ": ada" not in page


def test_whether_an_object_of_a_model_without_rules_exists_is_not_told(viewer: Client) -> None:
    real, other = (
        text(viewer, ITEMS, q=f"sessions.Session:{key}").replace(key, "")
        for key in (viewer.session.session_key, "x" * 32)
    )
    there, gone = (
        page[page.index('id="why"') : page.index('id="items"')] for page in (real, other)
    )
    assert there == gone


def test_what_a_search_cannot_read_is_said(viewer: Client) -> None:
    publish("One")
    for wrong in (
        {"since": "yesterday"},
        {"since": "0001-01-01T00:00"},
        {"status": "999"},
        {"using": "nowhere"},
        {"q": "x\0"},
        {"q": "x" * 301},
        {"since": "2026-01-02T00:00", "until": "2026-01-01T00:00"},
    ):
        page = text(viewer, ITEMS, **wrong)
        assert 'role="alert"' in page, wrong
        assert listed(page) == []
    assert listed(text(viewer, ITEMS, before="nonsense")) != []


def test_send_ticked_items_again(operator: Client) -> None:
    items = [publish(f"Story {n}") for n in range(3)]
    push()
    ticked = [items[0].pk, items[2].pk]
    page = press(operator, ACTION, deed="send-again", id=ticked).content.decode()
    assert "Send 2 items again as sent?" in page
    assert not Operation.objects.exists(), "it was done without asking"
    page = press(operator, ACTION, deed="send-again", id=ticked, confirmed="yes")
    assert "2 items will be sent again with the next push." in page.content.decode()
    assert {item.pk for item in ItemToPush.objects.retry()} == set(ticked)
    assert Operation.objects.get().actor == "ada"


def test_the_disk_was_full_send_all_of_that_again(operator: Client) -> None:
    during = [publish(f"During {n}") for n in range(3)]
    push()
    at_two = timezone.now() - timedelta(hours=3)
    PushAttempt.objects.update(started=at_two + timedelta(minutes=30))
    publish("Later")
    push()
    asked = {
        "destination": "beloved",
        "since": local(at_two),
        "until": local(at_two + timedelta(hours=2)),
    }
    page = text(operator, ITEMS, **asked)
    assert listed(page) == [item.pk for item in reversed(during)]
    page = press(operator, ACTION, deed="send-again", everything="yes", **asked).content.decode()
    assert "Send 3 items again as sent?" in page
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
    del hidden["csrfmiddlewaretoken"]
    page = press(operator, ACTION, **hidden).content.decode()
    assert "3 items will be sent again with the next push." in page
    assert {item.pk for item in ItemToPush.objects.retry()} == {item.pk for item in during}
    operation = Operation.objects.get()
    assert (operation.destination, operation.number) == ("beloved", 3)
    assert "tried since" in operation.chosen


def test_everything_that_a_text_finds(operator: Client) -> None:
    wanted = [publish(f"Good {n}") for n in range(2)]
    publish("Bad")
    press(operator, ACTION, deed="cancel", everything="yes", q="good", confirmed="yes")
    cancelled = ItemToPush.objects.filter(status=Status.CANCELLED)
    assert {item.pk for item in cancelled} == {item.pk for item in wanted}


def test_a_text_that_finds_too_much_says_so(
    operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pigeon.dashboard.views.bulk.NAMED", 2)
    for n in range(3):
        publish(f"Good {n}")
    page = press(operator, ACTION, deed="cancel", everything="yes", q="good").content.decode()
    assert "Cancel 2 items?" in page
    assert "Only the newest 2 are chosen" in page


def test_too_many_are_for_the_command(operator: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pigeon.dashboard.deeds.MOST", 2)
    for n in range(3):
        publish(f"Story {n}")
    chosen = {"everything": "yes", "destination": "beloved"}
    page = press(operator, ACTION, deed="cancel", **chosen).content.decode()
    assert "More than 2 items are chosen." in page
    assert "pigeon_retry" in page
    page = press(operator, ACTION, deed="cancel", confirmed="yes", **chosen).content.decode()
    assert "More than 2 items are chosen." in page
    assert not ItemToPush.objects.filter(status=Status.CANCELLED).exists()


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"deed": "send-again"}, "No item is ticked."),
        ({"deed": "explode", "id": "1"}, "Press one of the buttons"),
        ({"deed": "cancel", "id": "x"}, "An item&#x27;s id is a number."),
        ({"deed": "cancel", "id": "9" * 19}, "An item&#x27;s id is a number."),
        ({"deed": "cancel", "everything": "yes"}, "Nothing was chosen"),
        ({"deed": "cancel", "everything": "yes", "since": "x"}, "The search cannot be read"),
        ({"deed": "cancel", "everything": "yes", "status": "7"}, "The search cannot be read"),
        ({"deed": "cancel", "everything": "yes", "q": "zzz"}, "The search finds no item."),
        ({"deed": "cancel", "id": "1", "using": "other"}, "The search cannot be read"),
    ],
)
def test_what_cannot_be_meant_changes_nothing(
    operator: Client, form: dict[str, str], said: str
) -> None:
    publish("One")
    page = press(operator, ACTION, confirmed="yes", **form).content.decode()
    assert said in page
    assert ItemToPush.objects.get().status == Status.NEW


def test_who_may_only_see_has_no_buttons_and_cannot_press_them(viewer: Client) -> None:
    item = publish("One")
    assert 'name="deed"' not in text(viewer, ITEMS)
    page = text(viewer, f"{ITEMS}default/{item.pk}/")
    assert 'name="deed"' not in page
    assert "Preview" not in page
    assert press(viewer, ACTION, deed="cancel", id=item.pk).status_code == 403
    action = f"{ITEMS}default/{item.pk}/action"
    assert press(viewer, action, deed="cancel").status_code == 403
    for more in ("preview", "parcel"):
        assert viewer.get(f"{ITEMS}default/{item.pk}/{more}").status_code == 403
    assert ItemToPush.objects.get().status == Status.NEW


def test_a_post_without_its_token_is_refused(operator: Client) -> None:
    item = publish("One")
    for address in (ACTION, f"{ITEMS}default/{item.pk}/action"):
        assert operator.post(address, {"deed": "cancel", "id": item.pk}).status_code == 403
        assert operator.get(address).status_code == 405
    assert ItemToPush.objects.get().status == Status.NEW


def test_few_queries(viewer: Client, django_assert_max_num_queries: Any) -> None:
    story = Story.objects.create(title="One")
    DestinationState.objects.create(name="beloved")
    push()
    questions: list[dict[str, Any]] = [
        {},
        {"q": f"story {story.pk}"},
        {"q": "one"},
        {"q": f"newsroom_story_{story.pk}.json"},
        {"status": "failed"},
        {"since": "2026-01-01T00:00", "q": "one"},
        {"destination": "beloved", "rule": "partner", "status": "unfinished", "q": "on"},
    ]
    for question in questions:
        with django_assert_max_num_queries(15):
            text(viewer, ITEMS, **question)


def test_without_time_zones(
    operator: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.USE_TZ = False
    monkeypatch.setattr("pigeon.dashboard.views.items.LIMIT", 1)
    items = [publish(f"Story {n}") for n in range(2)]
    push()
    hour = {"since": f"{timezone.now() - timedelta(hours=1):%Y-%m-%dT%H:%M}"}
    for question in ({}, hour, {"q": "story"}, hour | {"since": f"{hour['since']}+00:00"}):
        page = text(operator, ITEMS, **question)
        (older,) = re.findall(r'href="(\?[^"]+)" rel="next"', page)
        pages = page, text(operator, ITEMS + older.replace("&amp;", "&"))
        assert {pk for page in pages for pk in listed(page)} == {item.pk for item in items}
    assert "Attempt at beloved: pushed" in text(operator, f"{ITEMS}default/{items[0].pk}/")
    until = f"{timezone.now() + timedelta(hours=1):%Y-%m-%dT%H:%M}"
    delivered = {"destination": "beloved", "until": until} | hour
    assert "Story 0" in text(operator, "/pigeon/delivered/", **delivered)
    done = press(operator, ACTION, deed="send-again", everything="yes", confirmed="yes", **hour)
    assert "2 items will be sent again with the next push." in done.content.decode()


@pytest.mark.django_db(databases=["default", "other"])
def test_each_queue_has_its_own_items(operator: Client, settings: Any) -> None:
    settings.PIGEON_DATABASES = ["default", "other"]
    here = publish("Here")
    there = ItemToPush.objects.using("other").create(
        pk=here.pk, rule_name="partner", destination="beloved", title="There", object_id="1",
        model_label="newsroom.story",
    )  # fmt: skip
    assert "There" not in text(operator, ITEMS)
    page = text(operator, ITEMS, using="other")
    assert "There" in page
    assert "Here" not in page
    assert f"/pigeon/items/other/{there.pk}/" in page
    press(operator, ACTION, deed="cancel", id=there.pk, using="other", confirmed="yes")
    here.refresh_from_db()
    there.refresh_from_db()
    assert (here.status, there.status) == (Status.NEW, Status.CANCELLED)
