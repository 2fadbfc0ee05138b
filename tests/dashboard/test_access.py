from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from pigeon.models import DestinationState


@pytest.mark.django_db
def test_a_stranger_is_sent_to_the_admins_login(client: Client) -> None:
    answer = client.get(reverse("pigeon:home"))
    assert answer.status_code == 302
    assert answer["Location"] == "/admin/login/?next=/pigeon/"


@pytest.mark.django_db
def test_a_site_with_a_login_of_its_own_uses_that(client: Client, settings) -> None:
    settings.LOGIN_URL = "/our/login/"
    assert client.get(reverse("pigeon:home"))["Location"] == "/our/login/?next=/pigeon/"


def test_who_is_not_staff_is_refused_whatever_the_permissions(
    login: Callable[..., Client],
) -> None:
    answer = login("view_itemtopush", staff=False).get(reverse("pigeon:home"))
    assert answer.status_code == 403
    assert "to be a member of the staff" in answer.content.decode()


def test_staff_without_the_permission_are_told_which(login: Callable[..., Client]) -> None:
    answer = login().get(reverse("pigeon:home"))
    assert answer.status_code == 403
    assert "pigeon.view_itemtopush" in answer.content.decode()


def test_staff_with_the_permission_see_the_page_which_nothing_caches(viewer: Client) -> None:
    answer = viewer.get(reverse("pigeon:home"))
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.usefixtures("desk")
def test_a_forged_post_is_refused_without_the_middleware_for_it(
    operator: Client, settings
) -> None:
    csrf = "django.middleware.csrf.CsrfViewMiddleware"
    settings.MIDDLEWARE = [each for each in settings.MIDDLEWARE if each != csrf]
    url = reverse("pigeon:pause", args=["beloved"])
    assert operator.post(url).status_code == 403
    assert not DestinationState.objects.exists()
    operator.cookies["csrftoken"] = "t" * 32
    assert operator.post(url, headers={"X-CSRFToken": "t" * 32}).status_code == 302
    assert DestinationState.objects.get().paused_by == "ada"
