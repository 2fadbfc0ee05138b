"""What a newsroom writes."""

from __future__ import annotations

import uuid

from django.db import models
from django.urls import reverse
from django.utils import timezone


class Author(models.Model):
    name = models.CharField(max_length=200, unique=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Photo(models.Model):
    uri = models.CharField("URI", max_length=500, unique=True)
    caption = models.TextField(blank=True)
    credit = models.CharField(max_length=200, blank=True)
    image = models.FileField(upload_to="photos")

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.caption[:80] or self.uri


def new_uri() -> str:
    return f"urn:uuid:{uuid.uuid4()}"


class Story(models.Model):
    class State(models.TextChoices):
        DRAFT = "draft"
        ONLINE = "online"
        WITHDRAWN = "withdrawn"

    uri = models.CharField("URI", max_length=500, unique=True, default=new_uri)
    headline = models.CharField(max_length=300)
    summary = models.TextField(blank=True)
    body = models.TextField(blank=True, help_text="Paragraphs are separated by an empty line.")
    language = models.CharField(max_length=35, default="en", help_text="BCP 47, such as nb-NO.")
    byline = models.CharField(max_length=300, blank=True)
    section = models.CharField(max_length=100, blank=True)
    authors = models.ManyToManyField(Author, blank=True, related_name="stories")
    photos = models.ManyToManyField(Photo, blank=True, related_name="stories")
    workflow_state = models.CharField(max_length=20, choices=State, default=State.DRAFT)
    published_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-published_at", "-pk"]
        verbose_name_plural = "stories"

    def __str__(self) -> str:
        return self.headline

    def get_absolute_url(self) -> str:
        return reverse("story", args=[self.pk])

    @property
    def is_online(self) -> bool:
        return self.workflow_state == self.State.ONLINE

    @property
    def paragraphs(self) -> list[str]:
        texts = self.body.replace("\r\n", "\n").split("\n\n")
        return [text.strip() for text in texts if text.strip()]
