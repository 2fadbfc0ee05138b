"""News items become stories, saved the normal way: that is what queues them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone

from example_project.news import ninjs, pictures
from example_project.news.models import Author, Photo, Story

#: The newsroom's own stories.
BUNDLED = Path(__file__).resolve().parent / "stories"


def files_of(paths: Iterable[Path]) -> Iterator[Path]:
    """``paths``, and the JSON files of those that are folders, in the order of their names."""
    for path in paths:
        yield from sorted(path.glob("*.json")) if path.is_dir() else [path]


def load(path: Path) -> Story:
    """Save the story in the ninjs file ``path``; one with the same URI is updated.

    Text, authors and photos are one transaction, so that nobody is sent half a story.

    Raises:
        NotNinjs: the file is something else.
        OSError: it cannot be read.
    """
    item = ninjs.read(path)
    with transaction.atomic():
        story = Story.objects.filter(uri=item.uri).first() or Story(uri=item.uri)
        _copy(item, story)
        story.save()
        story.authors.set([Author.objects.get_or_create(name=name)[0] for name in item.authors])
        story.photos.set([_photo(picture, path.parent) for picture in item.pictures])
    return story


def _copy(item: ninjs.NewsItem, story: Story) -> None:
    for name in ("headline", "summary", "body", "language", "byline", "section"):
        setattr(story, name, getattr(item, name))
    story.workflow_state = item.state
    story.published_at = item.published or timezone.now()


def _photo(picture: ninjs.Picture, folder: Path) -> Photo:
    photo = Photo.objects.filter(uri=picture.uri).first() or Photo(uri=picture.uri)
    photo.caption, photo.credit = picture.caption, picture.credit[:200]
    if not photo.image:
        content = pictures.content_of(picture.href, folder, picture.uri)
        photo.image.save("photo.jpg", ContentFile(content), save=False)
    photo.save()
    return photo
