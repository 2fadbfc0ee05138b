"""What every page says: of the dashboard, the API, the admin and the rest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from pigeon.models import ItemToPush, Operation, PushAttempt
from tests.doors import Door, doors

#: Ends of names of the admin's pages that show nothing of a row that its other pages do not.
_POOR = ("_add", "_history", "_delete")
#: Buttons, pressed in this order.
_PRESSED: tuple[tuple[str, dict[str, Any]], ...] = (
    ("pigeon:pause", {"reason": "to see what it says"}),
    ("pigeon:resume", {}),
    ("pigeon:item-action", {"deed": "send-again"}),
    ("pigeon:item-action", {"deed": "cancel"}),
)


def say_everything(item: ItemToPush) -> Iterator[str]:
    """What each page says of ``item`` to somebody who may see all, and what buttons answer."""
    client = Client()
    client.force_login(User.objects.create_superuser("who may see all"))
    for address, query in _addresses(item):
        yield _said(client.get(address, query))
    by_name = {each.name: each for each in doors()}
    for name, form in _PRESSED:
        yield _said(client.post(by_name[name].about(item), form, follow=True))
    for operation in Operation.objects.all():
        yield _said(client.get(reverse("admin:pigeon_operation_change", args=[operation.pk])))


def _addresses(item: ItemToPush) -> Iterator[tuple[str, dict[str, Any]]]:
    for each in doors():
        if each.name and not each.name.endswith(_POOR):
            yield _address(each, item), {}
    place = {"destination": item.destination}
    yield reverse("pigeon:items"), {"q": f"story {item.object_id}"}
    yield reverse("pigeon:items"), {**place, "status": "failed"}
    yield reverse("pigeon:delivered"), place
    yield reverse("pigeon:delivered"), {**place, "format": "csv"}
    yield reverse("pigeon:series"), place


def _address(door: Door, item: ItemToPush) -> str:
    """About the newest attempt at ``item`` where attempts have pages."""
    attempt = PushAttempt.objects.filter(item=item).order_by("-pk").first()
    if attempt and door.name in ("admin:pigeon_pushattempt_change", "pigeon:api-attempt"):
        return door.url({"object_id": attempt.pk, "pk": attempt.pk})
    if attempt and door.name == "pigeon:api-log":
        return door.url({"pk": f"{attempt.pk}-1"})
    return door.about(item)


def _said(answer: Any) -> str:
    assert answer.status_code < 500
    content = b"".join(answer) if answer.streaming else answer.content
    return f"{answer.headers} {content.decode('utf-8', 'replace')}"
