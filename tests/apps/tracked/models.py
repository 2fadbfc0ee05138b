"""Models whose changes are hard to track. None of them is named by a rule."""

# ruff: noqa: DJ008

from __future__ import annotations

from typing import Any

from django.db import models

from pigeon.tracking import DirtyFieldsMixin


class Writer(models.Model):
    name = models.CharField(max_length=100)


class Page(models.Model):
    """Twelve fields of all sorts."""

    title = models.CharField(max_length=100, unique=True)
    body = models.TextField(blank=True)
    views = models.IntegerField(default=0)
    price = models.DecimalField(max_digits=8, decimal_places=2, default="1.50")
    is_online = models.BooleanField(default=False)
    published = models.DateTimeField(null=True, blank=True)
    changed = models.DateTimeField(auto_now=True)
    writer = models.ForeignKey(Writer, null=True, on_delete=models.SET_NULL)
    metadata = models.JSONField(default=dict)
    image = models.FileField(upload_to="pages", blank=True)
    payload = models.BinaryField(default=b"")
    tags = models.ManyToManyField(Writer, related_name="+")


class LongPage(Page):
    """A child with a table of its own."""

    chapters = models.IntegerField(default=1)


class PageProxy(Page):
    class Meta:
        proxy = True


class Base(DirtyFieldsMixin, models.Model):
    """The mixin on an abstract model."""

    title = models.CharField(max_length=100)

    class Meta:
        abstract = True


class Mixed(Base):
    """Tracked by inheritance, whatever rules there are."""

    body = models.TextField(blank=True)


class Headstrong(models.Model):
    """Has its own idea of everything that is patched."""

    title = models.CharField(max_length=100)
    body = models.TextField(blank=True)

    @classmethod
    def from_db(cls, *args: Any, **kwargs: Any) -> Headstrong:
        instance = super().from_db(*args, **kwargs)
        instance.title = instance.title.upper()
        return instance

    def save_base(self, *args: Any, **kwargs: Any) -> None:
        self.body = "by save_base"
        super().save_base(*args, **kwargs)

    def refresh_from_db(self, *args: Any, **kwargs: Any) -> None:
        super().refresh_from_db(*args, **kwargs)
        self.refreshed = True


class OddlyNamed(models.Model):
    """Has a field with the name that tracking would like to use."""

    modified_attrs = models.CharField(max_length=100)
