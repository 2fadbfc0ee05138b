"""Where the API is, and where it is not."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.api.asker import Asker
from tests.capabilities import PROJECT


@pytest.fixture
def whole(settings: Any) -> None:
    """A site with all of Pigeon's addresses."""
    settings.ROOT_URLCONF = "tests.urls"


def test_it_is_below_pigeon(whole: None, viewer: Asker) -> None:
    assert reverse("pigeon:api-items") == "/pigeon/api/v1/items"
    answer = viewer.client.get("/pigeon/api/v1/items")
    assert answer.json() == {"next": None, "results": []}


def test_its_root_names_what_there_is(whole: None, viewer: Asker) -> None:
    answer = viewer.client.get("/pigeon/api/v1/")
    assert answer.status_code == 404
    assert answer.json()["detail"].startswith("There is nothing at ''. Known: attempts, ")


def test_every_address_has_a_name(whole: None) -> None:
    for name in (
        "items", "items-retry", "attempts", "destinations", "pause", "resume", "rules", "logs",
        "summary", "schema",
    ):  # fmt: skip
        assert reverse(f"pigeon:api-{name}").startswith("/pigeon/api/v1/")


def test_the_document_says_where(whole: None, viewer: Asker) -> None:
    found = viewer.client.get("/pigeon/api/v1/schema").json()
    assert found["servers"] == [{"url": "/pigeon/api/v1"}]
    assert found["paths"]["/items"]["get"]["operationId"] == "items_list"


def test_the_settings_of_the_sites_own_api_change_nothing(
    settings: Any, viewer: Asker, client: Client
) -> None:
    before = viewer.get("schema")
    settings.REST_FRAMEWORK = {
        "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.AllowAny"],
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.BrowsableAPIRenderer"],
        "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.PageNumberPagination",
        "DEFAULT_VERSIONING_CLASS": "rest_framework.versioning.URLPathVersioning",
    }
    assert viewer.get("schema") == before
    assert client.get("/push-api/items").status_code == 401


def test_the_sites_throttles_are_obeyed(viewer: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    from rest_framework.throttling import UserRateThrottle

    from pigeon.api.views.fares import Summary

    class OncePerDay(UserRateThrottle):
        rate = "1/day"

    monkeypatch.setattr(Summary, "throttle_classes", [OncePerDay])
    viewer.get("summary")
    assert "throttled" in viewer.get("summary", expected=429)["detail"]


@pytest.mark.parametrize("missing", ["drf_spectacular", "rest_framework"])
def test_pigeon_works_without_it(missing: str) -> None:
    """In a Python that lacks the package, the other addresses are there."""
    program = f"""
import sys
sys.modules[{missing!r}] = None
from django.conf import settings
settings.configure(
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "pigeon"],
    PIGEON_OUTPUT_DIRECTORY="export", USE_TZ=True, SECRET_KEY="-",
)
import django
django.setup()
import pigeon.urls
print([str(each.pattern) for each in pigeon.urls.urlpatterns])
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "api/v1/" not in done.stdout
    assert "health" in done.stdout
