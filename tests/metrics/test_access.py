"""Who may read the figures, and in which format."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import override_settings
from django.urls import reverse

from tests.flows.site import Site

pytestmark = pytest.mark.django_db
URL = "/pigeon/metrics"


def person(*, staff: bool, permission: bool) -> Client:
    user = User.objects.create_user("kim", is_staff=staff)
    if permission:
        user.user_permissions.add(Permission.objects.get(codename="view_itemtopush"))
    client = Client()
    client.force_login(user)
    return client


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": text}


def test_its_address() -> None:
    assert reverse("pigeon:metrics") == URL


@pytest.mark.parametrize(
    ("staff", "permission", "status"),
    [(True, True, 200), (True, False, 401), (False, True, 401), (False, False, 401)],
)
def test_people_need_the_permission(
    site: Site, staff: bool, permission: bool, status: int
) -> None:
    response = person(staff=staff, permission=permission).get(URL)
    assert response.status_code == status
    assert (b"pigeon_attempts" in response.content) == (status == 200)


@pytest.mark.parametrize(
    "header",
    [
        "", "Bearer", "Bearer ", "Bearer wrong", "Basic s3cret-of-Prometheus", "Bearer \u20ac",
        "s3cret-of-Prometheus", "Bearer s3cret-of-Prometheus2", "Bearer S3CRET-OF-PROMETHEUS",
    ],
)  # fmt: skip
def test_strangers_get_nothing(token: str, header: str) -> None:
    response = Client().get(URL, headers=bearer(header))
    assert response.status_code == 401
    assert response["WWW-Authenticate"].startswith("Bearer")
    assert b"pigeon_attempts" not in response.content and token.encode() not in response.content


def test_whoever_has_the_token_may(site: Site, token: str) -> None:
    assert Client().get(URL, headers=bearer(f"Bearer {token}")).status_code == 200
    assert Client().get(URL, headers=bearer(f"bearer {token}")).status_code == 200


@pytest.mark.parametrize("header", ["Bearer ", "Bearer", "Bearer  "])
def test_an_empty_token_opens_nothing(settings: Any, header: str) -> None:
    settings.PIGEON_METRICS_TOKEN = ""
    assert Client().get(URL, headers=bearer(header)).status_code == 401


def test_programs_are_not_sent_to_log_in(site: Site, token: str, settings: Any) -> None:
    extra = "django.contrib.auth.middleware.LoginRequiredMiddleware"
    with override_settings(MIDDLEWARE=[*settings.MIDDLEWARE, extra]):
        assert Client().get(URL, headers=bearer(f"Bearer {token}")).status_code == 200
        assert Client().get(URL).status_code == 401


def test_a_site_without_users(site: Site, token: str) -> None:
    with override_settings(MIDDLEWARE=[]):
        assert Client().get(URL, headers=bearer(f"Bearer {token}")).status_code == 200
        assert Client().get(URL).status_code == 401


def test_it_only_tells(token: str) -> None:
    for method in ("post", "put", "patch", "delete"):
        assert getattr(Client(), method)(URL, headers=bearer(f"Bearer {token}")).status_code == 405


def test_it_is_never_cached(site: Site, token: str) -> None:
    response = Client().get(URL, headers=bearer(f"Bearer {token}"))
    assert "no-store" in response["Cache-Control"]


#: What Prometheus 2.42 sends.
PROMETHEUS = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;"
    "q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("", "text/plain"),
        ("*/*", "text/plain"),
        ("text/html,*/*;q=0.8", "text/plain"),
        (PROMETHEUS, "application/openmetrics-text"),
        ("application/openmetrics-text; version=abc", "application/openmetrics-text"),
        (";;=,;q=x," * 99, "text/plain"),
    ],
)
def test_the_format_is_the_one_asked_for(site: Site, token: str, accept: str, kind: str) -> None:
    headers = {**bearer(f"Bearer {token}"), "Accept": accept}
    response = Client().get(URL, headers=headers)
    assert response.status_code == 200
    assert response["Content-Type"].startswith(f"{kind}; version=")
    assert response.content.endswith(b"# EOF\n") == (kind != "text/plain")


def test_no_password_is_shown(site: Site, token: str) -> None:
    site.rule("partner", "sftp://user:hunter2@host/in")
    text = Client().get(URL, headers=bearer(f"Bearer {token}")).content.decode()
    assert "sftp://user@host/in" in text and "hunter2" not in text


def test_a_database_that_fails_is_said(site: Site, token: str, caplog: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE pigeon_tally")  # comes back with the test's transaction
    response = Client().get(URL, headers=bearer(f"Bearer {token}"))
    assert response.status_code == 503
    assert b"no such table" not in response.content
    assert "no such table" in caplog.text
