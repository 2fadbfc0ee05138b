from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings as site

from pigeon.models import ItemToPush
from pigeon.senders.registry import sender_class
from pigeon.testing import captured, outbox, private_output, push
from tests.apps.newsroom.models import Story
from tests.testing.conftest import FAR, NEAR

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rule")]


def test_what_any_destination_gets_is_in_the_outbox() -> None:
    with captured() as found:
        Story.objects.create(title="Möwe 🐦", is_online=True)
        summary = push()
    assert found is outbox
    assert summary.total("pushed") == 2
    assert {(sent.destination, sent.rule, sent.title) for sent in outbox} == {
        (FAR, "partner", "Möwe 🐦"),
        (NEAR, "partner", "Möwe 🐦"),
    }
    assert {name: text for sent in outbox for name, text in sent.files.items()} == {
        f"newsroom_story_{Story.objects.get().pk}.xml": "<story>Möwe 🐦</story>".encode()
    }


def test_the_outbox_begins_empty_and_real_senders_come_back() -> None:
    real = sender_class("sftp")
    outbox.append("something old")  # type: ignore[arg-type]
    with captured():
        assert outbox == []
        assert sender_class("sftp") is sender_class("ftp") is not real
    assert sender_class("sftp") is real


def test_parcels_are_kept_apart_from_those_of_the_site() -> None:
    usual = site.PIGEON_OUTPUT_DIRECTORY
    with private_output() as folder:
        assert Path(site.PIGEON_OUTPUT_DIRECTORY) == folder != Path(usual)
    assert usual == site.PIGEON_OUTPUT_DIRECTORY
    assert not folder.exists()


def test_push_can_be_told_what_to_push() -> None:
    Story.objects.create(title="One", is_online=True)
    with captured():
        assert push(destinations=[NEAR]).total("pushed") == 1
        assert push(rules=["partner"], limit=0).total("pushed") == 0
        assert push(rules=["partner"]).total("pushed") == 1
    assert ItemToPush.objects.pushed().count() == 2
