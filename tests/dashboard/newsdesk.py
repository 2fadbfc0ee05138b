"""A site with a rule to two partners, and what happened there, for the tests of the pages."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django.core.management import call_command
from django.core.management.base import CommandError
from django.db.models import Model
from django.test import Client

import pigeon
from pigeon.models import ItemToPush
from tests.apps.newsroom.models import Story

#: Where the test client logs in with all permissions.
ALL = (
    "view_itemtopush",
    "change_itemtopush",
    "change_destinationstate",
    "view_parcel",
)


class Partner(pigeon.DefaultConfiguration):
    """Stories as JSON, unless they are secret; one whose title says so cannot be rendered."""

    models = [Story]
    extension = "json"

    def get_output_makers(self, instance: Model) -> list[Any]:
        if "broken" in str(instance):
            raise RuntimeError("the story is <b>broken</b>")
        return [pigeon.SerializedOutputMaker(self, instance)]

    def filter_by_state(self, instance: Model) -> bool:
        return "secret" not in str(instance)


def publish(title: str) -> ItemToPush:
    """The item of a new story."""
    story = Story.objects.create(title=title)
    return ItemToPush.objects.get(object_id=str(story.pk))


def push() -> None:
    """One run of the worker."""
    with suppress(CommandError):  # not everything arrives
        call_command("pigeon_push", verbosity=0)


def text(client: Client, address: str, **data: Any) -> str:
    """The page at ``address``, which must be there."""
    response = client.get(address, data)
    assert response.status_code == 200, response.status_code
    return str(response.content.decode())


def token(client: Client, page: str = "/pigeon/items/") -> str:
    """What a form on a page sends along."""
    client.get(page)
    return str(client.cookies["csrftoken"].value)


def press(client: Client, address: str, **data: Any) -> Any:
    """The answer to a form's POST, with its token; redirects are followed."""
    form = {"csrfmiddlewaretoken": token(client), **data}
    return client.post(address, form, follow=True)
