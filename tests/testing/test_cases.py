"""The unittest classes are used as a site would use them."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.test import TestCase

from pigeon.senders.registry import sender_class
from pigeon.testing import PigeonTestCase, PigeonTestMixin, outbox
from tests.apps.newsroom.models import Story


@pytest.mark.usefixtures("rule")
class StoryTests(PigeonTestCase):
    def test_an_online_story_goes_out(self) -> None:
        story = Story.objects.create(title="Ebb", is_online=True)
        self.assertQueued(story)
        self.assertNotPushed(story)
        assert self.push().total("pushed") == 2
        self.assertPushed(story, rule="partner", times=2)
        self.assertNotQueued(story)
        assert len(self.outbox) == 2

    def test_the_outbox_of_the_other_test_is_not_seen(self) -> None:
        assert self.outbox == []
        Story.objects.create(title="Ebb", is_online=True)
        self.push()
        assert len(outbox) == 2


class PartnerTests(PigeonTestMixin, TestCase):
    captures_pushes = False

    def test_real_senders_serve(self) -> None:
        assert sender_class("sftp").__name__ == "SFTPSender"
        assert "pigeon-" in str(settings.PIGEON_OUTPUT_DIRECTORY)
