"""What the site of the benchmark pushes: stories from a template, and a large file as it is."""

from __future__ import annotations

from collections.abc import Sequence

import pigeon
from tests.apps.newsroom.models import Photo, Story


class Partner(pigeon.DefaultConfiguration):
    """A story becomes a file of 8 KB."""

    models = [Story]


class Film(pigeon.DefaultConfiguration):
    """A file of the site travels as it is."""

    models = [Photo]

    def get_output_makers(self, instance: Photo) -> Sequence[pigeon.BinaryOutputMaker]:
        return [pigeon.BinaryOutputMaker(self, instance, "image")]
