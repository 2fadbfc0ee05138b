"""A small newsroom: one model of each kind that rules may name, and one that none names."""

from __future__ import annotations

import uuid

from django.db import models


class Author(models.Model):
    name = models.CharField(max_length=100)

    def __str__(self) -> str:
        return self.name


class Photo(models.Model):
    caption = models.CharField(max_length=200, blank=True)
    image = models.FileField(upload_to="photos", blank=True)

    def __str__(self) -> str:
        return self.caption


class Story(models.Model):
    title = models.CharField(max_length=200)
    body = models.TextField(blank=True)
    is_online = models.BooleanField(default=False)
    workflow_state = models.CharField(max_length=20, default="draft")
    updated_at = models.DateTimeField(null=True, blank=True)
    author = models.ForeignKey(Author, null=True, blank=True, on_delete=models.SET_NULL)
    photos = models.ManyToManyField(Photo, blank=True)
    metadata = models.JSONField(default=dict, blank=True)

    def __str__(self) -> str:
        return self.title


class SpecialStory(Story):
    """A child with a table of its own."""

    kicker = models.CharField(max_length=100, blank=True)


class ProxyStory(Story):
    """The same table under another class."""

    class Meta:
        proxy = True


class UUIDStory(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    title = models.CharField(max_length=200)

    def __str__(self) -> str:
        return self.title


class SlugPage(models.Model):
    slug = models.CharField(primary_key=True, max_length=100)
    title = models.CharField(max_length=200)

    def __str__(self) -> str:
        return self.title


class Unwatched(models.Model):
    """A model that no rule names."""

    title = models.CharField(max_length=200)

    def __str__(self) -> str:
        return self.title
