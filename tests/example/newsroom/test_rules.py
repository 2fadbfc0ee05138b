"""What each of the six rules sends, written as a site would test its own rules."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from datetime import timedelta

import pytest
from django.utils import timezone

from example_project.news.models import Photo, Story
from pigeon import select
from pigeon.testing import PigeonTestCase, Sent
from tests.example.newsroom.stories import (
    FIRST_XML,
    JPEG,
    SECOND_XML,
    save_photo,
    save_story,
    save_two_online_and_one_draft,
)

WHOLE = {"news_story_1.xml": FIRST_XML, "photos/1.jpg": JPEG, "news_story_2.xml": SECOND_XML}


def unzipped(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


class NewsroomTestCase(PigeonTestCase):
    def sent_by(self, rule: str, destination: str = "") -> list[Sent]:
        return [
            sent
            for sent in self.outbox
            if sent.rule == rule and destination in ("", sent.destination)
        ]

    def files_of(self, rule: str, destination: str = "") -> Mapping[str, bytes]:
        return {
            path: content
            for sent in self.sent_by(rule, destination)
            for path, content in sent.files.items()
        }


class OneByOneTests(NewsroomTestCase):
    def test_the_beloved_partner_gets_two_stories_and_a_photo_to_the_byte(self) -> None:
        first, second, draft = save_two_online_and_one_draft()
        self.push()
        for destination in ("beloved", "archive"):
            self.assertPushed(first, "belovedpartner", destination, times=1)
            assert self.files_of("belovedpartner", destination) == WHOLE
        self.assertPushed(second, "belovedpartner", times=2)
        self.assertNotPushed(draft)
        self.assertNotQueued(draft)

    def test_another_beloved_partner_gets_exactly_two_archives(self) -> None:
        save_two_online_and_one_draft()
        self.push()
        archives = self.files_of("anotherbelovedpartner")
        assert sorted(archives) == [
            "anotherbelovedpartner_news_story_1.zip",
            "anotherbelovedpartner_news_story_2.zip",
        ]
        first, second = (unzipped(archives[name]) for name in sorted(archives))
        assert first == {"news_story_1.xml": FIRST_XML, "photos/1.jpg": JPEG}
        assert second == {"news_story_2.xml": SECOND_XML}

    def test_a_story_must_have_500_characters_for_the_beloved_ones(self) -> None:
        short, enough = save_story(1, body="x" * 499), save_story(2, body="x" * 500)
        self.push()
        self.assertNotPushed(short, "belovedpartner")
        self.assertNotPushed(short, "anotherbelovedpartner")
        self.assertPushed(short, "nitfwire")
        self.assertPushed(enough, "belovedpartner")

    def test_a_draft_goes_out_when_it_is_put_online(self) -> None:
        draft = save_story(1, workflow_state=Story.State.DRAFT)
        self.assertNotQueued(draft)
        draft.workflow_state = Story.State.ONLINE
        draft.save()
        self.push()
        self.assertPushed(draft, "belovedpartner", times=2)

    def test_a_save_that_changes_nothing_readers_see_sends_nothing(self) -> None:
        story = save_story(1)
        self.push()
        story = Story.objects.get()
        story.save()
        story.uri = "urn:test:other"
        story.save()
        self.assertNotQueued(story)

    def test_a_photo_that_is_added_later_sends_the_story_again(self) -> None:
        story = save_story(1)
        self.push()
        self.outbox.clear()
        story.photos.add(save_photo(1))
        self.push()
        assert self.files_of("belovedpartner", "beloved").keys() == {
            "news_story_1.xml",
            "photos/1.jpg",
        }

    def test_what_xml_cannot_hold_is_refused_with_the_reason(self) -> None:
        story = save_story(1, headline="a\x0bb")
        self.push()
        with pytest.raises(AssertionError, match=r"validation error: .*line 3"):
            self.assertPushed(story, "belovedpartner")
        self.assertPushed(story, "ninjsfeed")


class InMassTests(NewsroomTestCase):
    def test_nothing_is_queued_by_saves(self) -> None:
        save_story(1)
        self.assertNotQueued(None)

    def test_the_digest_is_exactly_one_archive_of_all_that_is_online(self) -> None:
        save_two_online_and_one_draft()
        select.mass_push("weeklydigest")
        self.push()
        archives = self.files_of("weeklydigest")
        assert list(archives) == ["weeklydigest.zip"]
        assert unzipped(archives["weeklydigest.zip"]) == WHOLE
        self.assertPushed(None, "weeklydigest", times=1)

    def test_the_digest_takes_the_week_or_as_many_days_as_it_is_told(self) -> None:
        save_story(1)
        old = save_story(2)
        written = timezone.now() - timedelta(days=8)
        Story.objects.filter(pk=old.pk).update(updated_at=written)
        for days, names in (([], ["1"]), (["9"], ["1", "2"])):
            self.outbox.clear()
            select.mass_push("weeklydigest", days)
            self.push()
            found = unzipped(self.files_of("weeklydigest")["weeklydigest.zip"])
            assert sorted(found) == [f"news_story_{name}.xml" for name in names]

    def test_the_flat_export_is_every_file(self) -> None:
        save_two_online_and_one_draft()
        select.mass_push("flatmassexport")
        self.push()
        [sent] = self.sent_by("flatmassexport")
        assert sent.files == WHOLE

    def test_a_story_that_cannot_be_xml_does_not_hold_up_the_others(self) -> None:
        save_story(1)
        save_story(2, headline="a\x0bb")
        select.mass_push("flatmassexport")
        self.push()
        assert list(self.files_of("flatmassexport")) == ["news_story_1.xml"]

    def test_a_photo_of_two_stories_is_sent_once(self) -> None:
        photo: Photo = save_photo(1)
        for pk in (1, 2):
            save_story(pk).photos.add(photo)
        select.mass_push("flatmassexport")
        self.push()
        [sent] = self.sent_by("flatmassexport")
        assert list(sent.files) == ["news_story_1.xml", "photos/1.jpg", "news_story_2.xml"]
