"""Who gets what: six rules, from the simplest to two formats of the IPTC."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

import pigeon
from example_project.news import formats
from example_project.news.models import Photo, Story
from pigeon.validators.xml import WellFormedValidator

#: Characters that a story must have to be worth a partner's page.
MINIMUM_LENGTH = 500
#: What readers see; a change of anything else is no news.
PUBLISHED = {
    "headline", "summary", "body", "language", "byline", "section", "authors", "photos",
    "workflow_state", "published_at",
}  # fmt: skip


class PhotoSupervisor(pigeon.BaseSupervisor):
    """A photo travels as it is, as ``photos/<pk>.jpg``."""

    def get_output_makers(self, instance: Photo) -> list[pigeon.BinaryOutputMaker]:
        return [pigeon.BinaryOutputMaker(self, instance, "image")]

    def get_directory(self, instance: Photo) -> str:
        return "photos"

    def get_filename(self, instance: Photo) -> str:
        return f"{instance.pk}.jpg"


class WithPhotos:
    """A story takes its photos along; its text is made by the rule, they by a supervisor."""

    def get_supervisor_for_item(self, instance: Story | Photo) -> pigeon.BaseSupervisor:
        if isinstance(instance, Photo):
            return PhotoSupervisor(self, instance)
        return super().get_supervisor_for_item(instance)

    def get_related_items(self, instance: Story | Photo) -> Iterable[Photo]:
        return instance.photos.all() if isinstance(instance, Story) else []


class OneByOne(WithPhotos, pigeon.DefaultConfiguration):
    """Each story that is online, when it appears and when what readers see has changed."""

    models = [Story]
    validators = [WellFormedValidator]

    def filter_by_updates(self, instance: Story) -> bool:
        return bool(PUBLISHED & set(instance.modified_attrs))

    def filter_by_state(self, instance: Story) -> bool:
        return instance.is_online


@pigeon.register
class BelovedPartner(OneByOne):
    """Whole stories in XML, and their photos beside them."""

    def filter_by_state(self, instance: Story) -> bool:
        return instance.is_online and len(instance.body) >= MINIMUM_LENGTH


@pigeon.register
class AnotherBelovedPartner(BelovedPartner):
    """The same for a partner who wants one ZIP archive per story."""

    packer = pigeon.ZIPPacker


@pigeon.register
class NITFWire(OneByOne):
    """All that is online as NITF 3.6, checked against the schema of the IPTC."""

    @property
    def validators(self) -> Sequence[Any]:
        return formats.nitf_validators()


@pigeon.register
class NinjsFeed(OneByOne):
    """All that is online as ninjs 3.0, checked against the schema of the IPTC."""

    extension = "json"

    def get_context(self, instance: Story) -> dict[str, Any]:
        return {**super().get_context(instance), "site": settings.NEWSROOM_URL}

    @property
    def validators(self) -> Sequence[Any]:
        return formats.ninjs_validators()


class Digest(WithPhotos, pigeon.MassPusherConfiguration):
    """Many stories at once; one that cannot be made into XML does not hold up the others."""

    models = [Story]
    validators = [WellFormedValidator]


@pigeon.register
class WeeklyDigest(Digest):
    """``pigeon_mass_push weeklydigest [days]``: what was written lately, in one archive."""

    packer = pigeon.ZIPPacker

    def get_items_to_push(self, *args: str) -> Iterable[Story]:
        since = timezone.now() - timedelta(days=int(args[0]) if args else 7)
        online = Story.objects.filter(workflow_state=Story.State.ONLINE)
        return online.filter(updated_at__gte=since).order_by("pk")


@pigeon.register
class FlatMassExport(Digest):
    """``pigeon_mass_push flatmassexport``: everything that is online, file by file."""

    def get_items_to_push(self, *args: str) -> Iterable[Story]:
        return Story.objects.filter(workflow_state=Story.State.ONLINE).order_by("pk")
