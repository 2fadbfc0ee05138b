from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from example_project.news.models import Story
from tests.example.newsroom.stories import save_story, save_two_online_and_one_draft

pytestmark = pytest.mark.django_db


def test_readers_see_what_is_online(client: Client) -> None:
    first, second, draft = save_two_online_and_one_draft()
    page = client.get("/").content.decode()
    assert "Fish &amp; chips &lt; £9" in page
    assert second.get_absolute_url() in page
    assert draft.get_absolute_url() not in page
    assert first.photos.get().image.url in page


def test_a_story_has_a_page_and_a_draft_has_none(client: Client) -> None:
    first, _, draft = save_two_online_and_one_draft()
    page = client.get(first.get_absolute_url()).content.decode()
    assert "Ψάρι 🐟 &amp; 魚" in page
    assert "Who has it" not in page
    assert client.get(draft.get_absolute_url()).status_code == 404


def test_editors_see_who_has_a_story(admin_client: Client) -> None:
    story = save_story(1)
    page = admin_client.get(story.get_absolute_url()).content.decode()
    assert "Who has it" in page
    assert page.count("<td>belovedpartner</td>") == 2


def test_an_empty_site_says_what_to_do(client: Client) -> None:
    assert "load_stories" in client.get("/").content.decode()


def test_editors_write_in_the_admin(admin_client: Client, pigeon_outbox: Any) -> None:
    save_story(1)
    for name in ("story", "photo", "author"):
        assert admin_client.get(f"/admin/news/{name}/").status_code == 200
        assert admin_client.get(f"/admin/news/{name}/add/").status_code == 200
    assert Story.objects.count() == 1
