"""Attempts in the admin: history."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join

from pigeon.admin.base import ReadOnlyAdmin, dashboard
from pigeon.admin.dates import StartedFilter
from pigeon.admin.filters import DestinationFilter, ItemFilter, OutcomeFilter, QueueFilter
from pigeon.admin.queues import queue_of, row_url
from pigeon.models.attempt import PushAttempt
from pigeon.models.item import ItemToPush

#: Characters of a message in the list.
WIDTH = 100


@admin.register(PushAttempt)
class AttemptAdmin(ReadOnlyAdmin):
    """What was tried, the latest first."""

    list_display = (
        "started", "item_link", "rule_name", "destination", "outcome", "seconds", "bytes_sent",
        "said",
    )  # fmt: skip
    list_filter = (QueueFilter, ItemFilter, DestinationFilter, StartedFilter, OutcomeFilter)
    newest: ClassVar[tuple[str, ...]] = ("-started", "-pk")
    fields = (
        "item_link", "destination", "rule_name", "started", "seconds", "worker", "outcome",
        "error_class", "message", "bytes_sent", "files", "steps",
    )  # fmt: skip
    readonly_fields = ("item_link", "seconds", "files", "steps")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With their items in a statement of their own: a join would go through all pages."""
        items = ItemToPush.objects.using(queue_of(request))
        named = items.only("rule_name", "title", "object_id", "destination")
        return super().get_queryset(request).prefetch_related(Prefetch("item", named))

    def dashboard_url(self, row: PushAttempt) -> str:
        """Its item's story."""
        return dashboard("item", row._state.db, row.item_id)

    @admin.display(description="item")
    def item_link(self, attempt: PushAttempt) -> str:
        """The item, and a link to it."""
        url = row_url("itemtopush", attempt.item_id, str(attempt._state.db))
        return format_html('<a href="{}">#{} {}</a>', url, attempt.item_id, attempt.item)

    @admin.display(description="message")
    def said(self, attempt: PushAttempt) -> str:
        """The beginning of its message."""
        words = attempt.message
        return words if len(words) <= WIDTH else f"{words[: WIDTH - 1]}…"

    @admin.display(description="seconds")
    def seconds(self, attempt: PushAttempt) -> str:
        """How long it took."""
        return f"{attempt.duration:.2f}"

    @admin.display(description="receipts")
    def files(self, attempt: PushAttempt) -> str:
        """What the destination has of it, a line for each file; see ``pigeon.parcel.Receipt``."""
        facts = ("size", "sha256", "published", "verified")
        lines = (
            (
                receipt.get("remote_path") or receipt.get("path", ""),
                ", ".join(f"{fact} {receipt[fact]}" for fact in facts if receipt.get(fact)),
            )
            for receipt in attempt.receipts
        )
        return format_html_join("", "<div>{}: {}</div>", lines)

    @admin.display(description="transcript")
    def steps(self, attempt: PushAttempt) -> str:
        """What was done, and when, in seconds since the start."""
        lines = ((f"{step[0]:.2f}", step[1]) for step in attempt.transcript)
        return format_html_join("", "<div>{} s: {}</div>", lines)
