"""What destinations hold of ours, in the admin: to look it up."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from pigeon.admin.base import ReadOnlyAdmin, dashboard
from pigeon.admin.filters import DestinationFilter, QueueFilter
from pigeon.models.publication import Publication, file_name


@admin.register(Publication)
class PublicationAdmin(ReadOnlyAdmin):
    """Files that arrived and were not removed since."""

    list_display = ("path", "destination", "rule_name", "size", "published_date")
    list_filter = (QueueFilter, DestinationFilter)
    search_fields = ("file_name",)
    search_help_text = "A file's whole name, such as news_story_42.xml."
    fields = (
        "destination", "path", "remote_path", "rule_name", "model_label", "object_id", "item_id",
        "size", "sha256", "rendered_at", "published_date",
    )  # fmt: skip

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Files of that name, or under that path, at whichever destination."""
        name = file_name(search_term.strip())
        return (queryset.filter(file_name=name) if name else queryset), False

    def dashboard_url(self, row: Publication) -> str:
        """The story of the item that put it there, as long as it is kept."""
        return dashboard("item", row._state.db, row.item_id)
