import pytest

import pigeon
from pigeon import engine
from pigeon.models import ItemToPush, PushAttempt, Publication
from pigeon.registry import registry
from pigeon.senders import dummy
from tests.apps.newsroom.models import Story


@pytest.fixture(autouse=True)
def _rules(settings, tmp_path):
    settings.PIGEON_OUTPUT_DIRECTORY = tmp_path / "export"
    (tmp_path / "t/export/partner").mkdir(parents=True)
    (tmp_path / "t/export/partner/newsroom_story.xml").write_text("<story>{{ object.title }}</story>")
    settings.TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": [tmp_path / "t"], "APP_DIRS": True}]
    dummy.outbox.clear()
    with registry.isolated():
        yield


@pytest.mark.django_db
def test_a_saved_story_arrives():
    @pigeon.register
    class Partner(pigeon.DefaultConfiguration):
        models = [Story]
        push_urls = ["dummy://"]

    story = Story.objects.create(title="Hé & co")
    story.title = "two"
    story.save()
    assert ItemToPush.objects.count() == 2
    summary = engine.push()
    print(summary)
    for i in ItemToPush.objects.values(): print(i)
    for i in PushAttempt.objects.values(): print(i)
    for i in Publication.objects.values(): print(i)
    print(dummy.outbox)
    assert summary.total("pushed") == 1
