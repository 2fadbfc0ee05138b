"""Who is at work, from the request to the item."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, connections
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client
from django.test.utils import CaptureQueriesContext
from django.urls import path

from pigeon.actor import acting_as, current_actor
from pigeon.configuration import MassPusherConfiguration
from pigeon.models import ItemToPush
from pigeon.registry import registry
from pigeon.select import mass_push
from tests.apps.newsroom.models import Photo, Story
from tests.select.rules import make_rule

AUTHENTICATION = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]


def save(request: HttpRequest) -> HttpResponse:
    Story.objects.create(title="from a request")
    return HttpResponse("saved")


async def save_soon(request: HttpRequest) -> HttpResponse:
    await asyncio.sleep(0)
    await Story.objects.acreate(title="from a request")
    return HttpResponse("saved")


def do_nothing(request: HttpRequest) -> HttpResponse:
    return HttpResponse("nothing")


def fail(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("broken on purpose")


urlpatterns = [
    path("save", save),
    path("save-soon", save_soon),
    path("nothing", do_nothing),
    path("fail", fail),
]


@pytest.fixture(autouse=True)
def _site(settings: Any) -> Any:
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = [*AUTHENTICATION, "pigeon.middleware.ActorMiddleware"]
    with registry.isolated():
        make_rule()
        yield


@pytest.fixture
def ann(db: None) -> User:
    return User.objects.create_user("ann")


def actors() -> list[str]:
    return list(ItemToPush.objects.order_by("pk").values_list("actor", flat=True))


def test_nobody_is_at_work_unless_somebody_says_so() -> None:
    assert current_actor() == ""
    with acting_as("ann"):
        with acting_as(lambda: "bob"):
            assert current_actor() == "bob"
        assert current_actor() == "ann"
    assert current_actor() == ""


def test_an_error_ends_it() -> None:
    with pytest.raises(ValueError), acting_as("ann"):
        raise ValueError
    assert current_actor() == ""


@pytest.mark.parametrize("address", ["/save", "/save-soon"])
def test_the_user_of_a_request(ann: User, address: str) -> None:
    client = Client()
    client.force_login(ann)
    client.get(address)
    Story.objects.create(title="from a shell")
    assert actors() == ["ann", ""]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("address", ["/save", "/save-soon"])
def test_the_user_of_a_request_that_is_served_in_a_loop(address: str) -> None:
    ann = User.objects.create_user("ann")

    async def ask() -> None:
        client, stranger = AsyncClient(), AsyncClient()
        await client.aforce_login(ann)
        await asyncio.gather(client.get(address), stranger.get(address))

    asyncio.run(ask())
    assert sorted(actors()) == ["", "ann"]


def test_a_stranger_has_no_name(db: None) -> None:
    Client().get("/save")
    assert actors() == [""]


def test_a_site_without_users(db: None, settings: Any) -> None:
    settings.MIDDLEWARE = ["pigeon.middleware.ActorMiddleware"]
    Client().get("/save")
    assert actors() == [""]


def test_it_ends_with_the_request(ann: User) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(ann)
    assert client.get("/fail").status_code == 500
    assert current_actor() == ""


def test_a_request_that_saves_nothing_asks_for_nobody(ann: User) -> None:
    client = Client()
    client.force_login(ann)
    with CaptureQueriesContext(connection) as queries:
        client.get("/nothing")
    assert not queries.captured_queries


def test_whoever_cannot_be_found_out_breaks_no_save(alias: str, caplog: Any) -> None:
    def lost() -> str:
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT x FROM nowhere")
        return "never"

    with acting_as(lost):
        Story.objects.using(alias).create(title="one")
    assert ItemToPush.objects.using(alias).get().actor == ""
    assert "Nobody could tell" in caplog.text


def test_a_strange_name_is_stored(alias: str) -> None:
    with acting_as("a\0\ud800" * 200):
        Story.objects.using(alias).create(title="one")
    item = ItemToPush.objects.using(alias).get()
    assert item.actor == ("a\N{REPLACEMENT CHARACTER}?" * 200)[:255]


def test_deletions_links_and_mass_pushes_say_it_too(db: None) -> None:
    make_rule(name="removing", push_deletions="tombstone")
    make_rule(
        MassPusherConfiguration, name="daily", get_items_to_push=lambda self: Story.objects.all()
    )
    with acting_as("ann"):
        story = Story.objects.create(title="one")
        story.photos.add(Photo.objects.create())
        mass_push("daily")
        story.delete()
    assert len(actors()) >= 6
    assert set(actors()) == {"ann"}
