"""Who may ask for what, and how they say who they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from rest_framework.authtoken.models import Token

from pigeon.models import ItemToPush, Status
from tests.api.asker import Asker, address
from tests.api.making import item
from tests.flows.site import Site

SEEING = (
    "items", "items/1", "attempts", "attempts/1", "destinations", "rules", "summary", "logs",
    "logs/1-1", "schema",
)  # fmt: skip
DOING = ("items/1/retry", "items/1/cancel", "items/retry", "pause", "resume")


@pytest.mark.parametrize("path", SEEING)
def test_strangers_see_nothing(path: str, client: Client, db: None) -> None:
    answer = client.get(address(path))
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Token"
    assert answer.json() == {
        "detail": "Authentication credentials were not provided.", "parameters": {},
    }  # fmt: skip


@pytest.mark.parametrize("path", DOING)
def test_strangers_do_nothing(path: str, client: Client, db: None) -> None:
    assert client.post(address(path), {}, content_type="application/json").status_code == 401


@pytest.mark.parametrize("path", SEEING)
def test_without_the_permission_nothing_is_seen(path: str, ask: Callable[..., Asker]) -> None:
    told = ask("change_itemtopush").get(path, expected=403)["detail"]
    assert told == (
        "This needs the permission pigeon.view_itemtopush. Ask an administrator of the site."
    )


@pytest.mark.parametrize("path", DOING)
def test_who_may_only_see_does_nothing(path: str, viewer: Asker) -> None:
    needed = "destinationstate" if path in ("pause", "resume") else "itemtopush"
    assert f"pigeon.change_{needed}" in viewer.post(path, expected=403)["detail"]


def test_who_may_steer_items_may_not_pause(ask: Callable[..., Asker], site: Site) -> None:
    someone = ask("view_itemtopush", "change_itemtopush")
    someone.post("pause", {"destinations": ["beloved"]}, expected=403)


def test_one_need_not_be_of_the_staff(viewer: Asker) -> None:
    assert viewer.get("items")["results"] == []


@pytest.mark.parametrize("path", DOING)
def test_a_session_needs_its_csrf_token(path: str, operator: Asker) -> None:
    forged = operator.client.post(address(path), {}, content_type="application/json")
    assert forged.status_code == 403
    assert "CSRF" in forged.json()["detail"]


def test_a_forged_request_changes_nothing(operator: Asker) -> None:
    waiting = item()
    path = address(f"items/{waiting.pk}/cancel")
    assert operator.client.post(path, content_type="application/json").status_code == 403
    assert ItemToPush.objects.get().status == Status.NEW


@pytest.fixture
def token(operator: Asker) -> Token:
    found: Token = Token.objects.create(user=User.objects.get(username="ada"))
    return found


def test_a_token_needs_no_session(token: Token) -> None:
    waiting = item()
    headers: Any = {"Authorization": f"Token {token.key}"}
    stranger = Client(enforce_csrf_checks=True)
    assert stranger.get(address("items"), headers=headers).status_code == 200
    path = address(f"items/{waiting.pk}/cancel")
    answer = stranger.post(path, content_type="application/json", headers=headers)
    assert answer.status_code == 200


def test_a_body_that_is_too_long_is_refused_as_all_else(
    operator: Asker, token: Token, settings: Any
) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    few, many = {"ids": [10**17] * 10}, {"ids": [10**17] * 100}
    assert operator.post("items/retry", few)["number"] == 0
    headers: Any = {"Authorization": f"Token {token.key}"}
    with_token = Client().post(
        address("items/retry"), many, content_type="application/json", headers=headers
    )
    for answer in (operator.post("items/retry", many, expected=400), with_token.json()):
        assert answer["detail"] == "The body is too long. Name fewer items at a time."


@pytest.mark.parametrize("path", SEEING)
def test_no_cache_of_the_site_answers_who_may_ask_no_longer(
    path: str, token: Token, settings: Any
) -> None:
    settings.MIDDLEWARE = [
        "django.middleware.cache.UpdateCacheMiddleware",
        *settings.MIDDLEWARE,
        "django.middleware.cache.FetchFromCacheMiddleware",
    ]
    headers: Any = {"Authorization": f"Token {token.key}"}
    assert Client().get(address(path), headers=headers).status_code in (200, 404)
    token.delete()
    assert Client().get(address(path), headers=headers).status_code == 401
    assert Client().get(address(path)).status_code == 401


@pytest.mark.parametrize("told", ["Token nonsense", "Token", "Token a b", "Token \xff"])
def test_a_wrong_token_is_refused(told: str, token: Token, client: Client) -> None:
    assert client.get(address("items"), headers={"Authorization": told}).status_code == 401


def test_who_was_dismissed_is_refused(token: Token, client: Client) -> None:
    User.objects.update(is_active=False)
    headers = {"Authorization": f"Token {token.key}"}
    assert client.get(address("items"), headers=headers).status_code == 401


def test_without_tokens_there_are_sessions(settings: Any, viewer: Asker, client: Client) -> None:
    settings.INSTALLED_APPS = [
        name for name in settings.INSTALLED_APPS if name != "rest_framework.authtoken"
    ]
    assert viewer.get("items")["results"] == []
    assert client.get(address("items")).status_code == 403
