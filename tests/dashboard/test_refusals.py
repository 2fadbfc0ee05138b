"""What every address of Pigeon refuses, of the dashboard, the API, the admin and the rest.

The addresses are found by :mod:`tests.doors`: whoever adds one is asked here who may use it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import NoReverseMatch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pigeon.models import DestinationState, ItemToPush, Operation, Publication, PushAttempt
from pigeon.models.operation import Door as Origin
from pigeon.operations import By, Selection, pause, send_again
from tests.apps.newsroom.models import Story
from tests.dashboard import newsdesk
from tests.doors import Door, doors

pytestmark = pytest.mark.usefixtures("desk")

SEE, STEER, PAUSE, OPEN = newsdesk.ALL
#: Door of the dashboard or the API → the permissions that it takes, or ``None``: everybody may.
NEEDED: dict[str, tuple[str, ...] | None] = {
    "pigeon:health": None,
    **dict.fromkeys(
        (
            "pigeon:home", "pigeon:live", "pigeon:series", "pigeon:destination", "pigeon:rule",
            "pigeon:items", "pigeon:item", "pigeon:delivered", "pigeon:metrics",
            "pigeon:api-items", "pigeon:api-item", "pigeon:api-attempts", "pigeon:api-attempt",
            "pigeon:api-destinations", "pigeon:api-rules", "pigeon:api-logs", "pigeon:api-log",
            "pigeon:api-summary", "pigeon:api-schema",
        ),
        (SEE,),
    ),
    **dict.fromkeys(("pigeon:item-preview", "pigeon:item-parcel"), (SEE, OPEN)),
    **dict.fromkeys(("pigeon:items-action", "pigeon:item-action"), (SEE, STEER)),
    **dict.fromkeys(("pigeon:pause", "pigeon:resume"), (SEE, PAUSE)),
    **dict.fromkeys(
        ("pigeon:api-items-retry", "pigeon:api-item-retry", "pigeon:api-item-cancel"), (STEER,)
    ),
    **dict.fromkeys(("pigeon:api-pause", "pigeon:api-resume"), (PAUSE,)),
}  # fmt: skip
#: What only takes POST.
DOING = {name for name, needed in NEEDED.items() if needed and {STEER, PAUSE} & {*needed}}
#: Answers of the API where there is nothing.
NOTHING = {"pigeon/api/v1/", "pigeon/api/v1/<path:rest>"}
ALL = doors()
OURS = [each for each in ALL if not each.is_admin and each.route.startswith("pigeon/")]
#: Ours, but those that everybody may use.
CLOSED = [each for each in OURS if NEEDED.get(str(each), ()) is not None]
#: What a browser has from a page, for its forms.
TOKEN = "t" * 32
#: As an enemy would write it.
HTML = "<img src=x onerror=alert(1)>'\"&"


@pytest.fixture
def item(desk: None) -> ItemToPush:
    """One that was sent, sent again by somebody, and whose destination is paused."""
    found = newsdesk.publish("A story")
    newsdesk.push()
    send_again(Selection(ids=(found.pk,)), By("ann", Origin.COMMAND))
    pause(["beloved"], By("ann", Origin.COMMAND), "for tests")
    return found


def state() -> list[Any]:
    """What nobody may change without leave."""
    rows = ItemToPush.objects.order_by("pk").values_list("status", "destination", "priority")
    paused = DestinationState.objects.values_list("name", "paused_by")
    return [list(rows), list(paused), Operation.objects.count()]


def ask(client: Client, door: Door, item: ItemToPush) -> Any:
    """What the door answers to a request that is as it should be."""
    url = door.about(item)
    if str(door) not in DOING:
        return client.get(url)
    client.cookies["csrftoken"] = TOKEN
    kind = {"content_type": "application/json"} if door.is_api else {}
    return client.post(url, {}, headers={"X-CSRFToken": TOKEN}, **kind)


def test_somebody_has_said_who_may_use_each_door() -> None:
    assert {str(each) for each in OURS} - NOTHING == set(NEEDED)


def test_strangers_get_nothing(item: ItemToPush, client: Client) -> None:
    before = state()
    for door, method in product(CLOSED, ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")):
        answer = client.generic(method, door.about(item))
        assert answer.status_code in (302, 401, 403, 404, 405), (door, method)
        if answer.status_code == 302:
            assert answer["Location"].startswith("/admin/login/?next=/pigeon/")
        assert "A story" not in answer.content.decode(), door
    assert state() == before


def test_who_is_not_of_the_staff_gets_nothing(
    item: ItemToPush, login: Callable[..., Client]
) -> None:
    client = login(*newsdesk.ALL, staff=False)
    before = state()
    # A program need not be a member of the staff.
    for door in (each for each in CLOSED if not each.is_api):
        answer = ask(client, door, item)
        assert answer.status_code in (401, 403), door
        assert "A story" not in answer.content.decode(), door
    assert state() == before


def test_each_of_the_permissions_is_needed(item: ItemToPush, login: Callable[..., Client]) -> None:
    before = state()
    lacking = {
        each: login(*(set(newsdesk.ALL) - {each}), name=f"without {each}") for each in newsdesk.ALL
    }
    for door in (each for each in CLOSED if each.name):
        for without in NEEDED[door.name] or ():
            answer = ask(lacking[without], door, item)
            assert answer.status_code in (401, 403), (door, without)
    assert state() == before


def test_these_permissions_are_enough(item: ItemToPush, login: Callable[..., Client]) -> None:
    for number, door in enumerate(each for each in CLOSED if each.name):
        answer = ask(login(*NEEDED[door.name] or (), name=f"user {number}"), door, item)
        assert answer.status_code in (200, 302, 400, 404), (door, answer.content)


def test_a_forged_post_is_refused(item: ItemToPush, login: Callable[..., Client]) -> None:
    operator = login(*newsdesk.ALL)
    User.objects.update(is_superuser=True)
    before = state()
    form = {"deed": "cancel", "id": item.pk, "everything": "yes", "confirmed": "yes"}
    form |= {"destinations": "beloved", "action": "cancel", "_selected_action": item.pk}
    for door in ALL:
        answer = operator.post(door.about(item), form)
        assert answer.status_code in (403, 404, 405), door
    assert state() == before


def test_the_admin_is_for_staff_with_permission(
    item: ItemToPush, login: Callable[..., Client]
) -> None:
    others = login(), login(*newsdesk.ALL, staff=False, name="bob"), Client()
    for door, client in product((each for each in ALL if each.is_admin), others):
        answer = client.get(door.about(item))
        assert answer.status_code in (302, 403), door
        assert "A story" not in answer.content.decode(), door


# What enemies write


@pytest.fixture
def nasty(item: ItemToPush) -> ItemToPush:
    """An item and all that is told of it, full of HTML, wherever others may have written it."""
    ItemToPush.objects.filter(pk=item.pk).update(
        title=HTML, message=HTML, actor=HTML, changed_fields=[HTML], status=130
    )
    PushAttempt.objects.update(
        message=HTML, worker=HTML, error_class=HTML, outcome="failed", transcript=[[0.1, HTML]],
        receipts=[{
            "remote_path": HTML, "path": HTML, "sha256": HTML, "published": HTML,
            "verified": HTML, "size": 1,
        }],
    )  # fmt: skip
    Publication.objects.update(path=HTML, remote_path=HTML, sha256=HTML[:20])
    DestinationState.objects.update(paused_by=HTML, paused_reason=HTML)
    Operation.objects.update(actor=HTML, chosen=HTML, detail=HTML)
    Story.objects.update(title=HTML)
    ItemToPush.objects.create(
        rule_name=HTML, destination=HTML, model_label="newsroom.story", object_id=HTML, title=HTML
    )
    return item


def test_html_is_escaped(nasty: ItemToPush, login: Callable[..., Client]) -> None:
    client = login(*newsdesk.ALL, name="ada<img src=x>")
    User.objects.update(is_superuser=True)
    for url, query in product(strange_urls(nasty), QUESTIONS):
        if query and url.startswith("/admin/"):
            continue
        answer = client.get(url, query)
        content = b"".join(answer) if answer.streaming else answer.content
        assert answer.status_code < 500, url
        if answer["Content-Type"].startswith("text/html"):
            assert "<img src=x" not in content.decode(), (url, query)
        elif content:
            assert answer["X-Content-Type-Options"] == "nosniff", url


QUESTIONS: list[dict[str, str]] = [
    {},
    dict.fromkeys(("q", "destination", "rule", "object", "since", "status", "range"), HTML),
    {"destination": "beloved"},
    {"q": "img"},
]


def strange_urls(nasty: ItemToPush) -> Iterator[str]:
    """About ``nasty``, about what has HTML for a name, and about what is not there."""
    newest = ItemToPush.objects.order_by("-pk")[0]
    values = {"name": HTML, "alias": "default", "rest": HTML, "pk": newest.pk, "object_id": HTML}
    for door in ALL:
        yield door.about(nasty)
        yield door.url(values)


# Nonsense

WORDS = st.one_of(
    st.text(max_size=40),
    st.sampled_from([
        HTML, "\0", "' OR 1=1 --", "9" * 30, "-1", "0", "#" + "9" * 25, "newsroom.Story:1",
        "story \0", "2026-02-30T25:61", "0001-01-01T00:00", "9999-12-31T23:59:59", "1.1.1",
        "csv", "json", "default", "other", "beloved", "partner", "%00", "..", "a/b", "\ufffd",
        "send-again", "cancel", "yes", "hour", "1", "130", "failed", "x" * 3000, "٣", "1e9", "nan",
    ]),
)  # fmt: skip
NAMES = st.sampled_from([
    "q", "destination", "rule", "status", "since", "until", "object", "using", "before", "after",
    "format", "range", "fail", "queue", "cursor", "page_size", "ordering", "text", "item",
    "outcome", "started__gte", "created", "created__gte", "level", "p", "o", "e", "all", "_facets",
    "date", "status__exact", "destination__exact", "id", "deed", "everything", "confirmed",
    "reason", "reasons", "destinations", "rerender", "force", "dry_run", "ids", "action",
    "_selected_action", "select_across", "index", "priority", "csrfmiddlewaretoken", "next",
])  # fmt: skip
QUERIES = st.lists(st.tuples(NAMES, WORDS), max_size=6)
#: The admin's other pages have no parameters of their own.
FUZZED = [each for each in ALL if not each.is_admin or each.name.endswith(("list", "change"))]
#: pk and the like; beyond what a database takes, too.
NUMBERS = st.integers(min_value=0, max_value=10**25)


@pytest.fixture
def fearless(login: Callable[..., Client]) -> Client:
    """May do everything, and needs no token."""
    login(*newsdesk.ALL)
    User.objects.update(is_superuser=True)
    client = Client()
    client.force_login(User.objects.get())
    return client


def finished(answer: Any) -> int:
    """The status, when all of the answer was read."""
    if answer.streaming:
        b"".join(answer)
    return int(answer.status_code)


@pytest.mark.slow
@settings(
    max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(QUERIES, st.booleans(), st.data())
def test_nonsense_is_no_fault_of_the_server(
    item: ItemToPush,
    fearless: Client,
    query: list[tuple[str, str]],
    astray: bool,
    data: Any,
) -> None:
    form: dict[str, list[str]] = {}
    for name, value in query:
        form.setdefault(name, []).append(value)
    body = json.dumps(data.draw(st.sampled_from([form, dict(query), [], None, "x", 1])))
    text, number = data.draw(WORDS), data.draw(NUMBERS)
    for door in FUZZED:
        url = door.about(item)
        if door.takes and astray:
            try:
                url = door.url(
                    {name: number if kind == "IntConverter" else text for name, kind in door.takes}
                )
            except (NoReverseMatch, ValueError):
                continue
        assert finished(fearless.get(url, form)) < 500, door
        assert finished(fearless.post(url, form)) < 500, door
        assert finished(fearless.post(url, body, content_type="application/json")) < 500, door
