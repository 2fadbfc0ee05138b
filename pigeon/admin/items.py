"""Items to push in the admin: what waits, what came of it, and what to do about it."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join

from pigeon import operations
from pigeon.admin import asking
from pigeon.admin.base import ReadOnlyAdmin, dashboard
from pigeon.admin.dates import ItemDateFilter
from pigeon.admin.deeds import steer
from pigeon.admin.filters import (
    DestinationFilter,
    QueueFilter,
    RuleFilter,
    StatusFilter,
    is_one_range,
)
from pigeon.admin.queues import list_url, queue_of, row_url
from pigeon.condition import moment
from pigeon.models.item import ItemToPush
from pigeon.models.operation import OperationItem
from pigeon.operations import By, Done, Selection
from pigeon.overview.meaning import meaning_of

#: Of an item's attempts and operations, so many of the latest are shown on its page.
SHOWN = 20
#: Characters of a message in the list.
WIDTH = 80


@admin.register(ItemToPush)
class ItemAdmin(ReadOnlyAdmin):
    """The queue. Nothing is edited; actions steer what is chosen."""

    list_display = (
        "number", "title", "rule_name", "destination", "status", "priority", "push_attempts",
        "creation_date", "next_attempt_date", "said",
    )  # fmt: skip
    list_display_links = ("number", "title")
    list_filter = (QueueFilter, StatusFilter, DestinationFilter, RuleFilter, ItemDateFilter)
    search_fields = ("object_id",)
    search_help_text = (
        "An item's number as #12, an object as news.Story:42 or by its key, or a file's whole "
        "name. The dashboard finds parts of titles, too."
    )
    actions = ("send_as_sent", "render_anew", "reset", "cancel", "set_priority")
    fieldsets: ClassVar[Any] = (
        (None, {"fields": ("rule_name", "destination", "status", "message")}),
        ("What it is", {"fields": (
            "title", "model_label", "object_id", "action", "changed_fields", "arguments", "actor",
            "event_id",
        )}),
        ("How it goes", {"fields": (
            "priority", "push_attempts", "failures", "creation_date", "last_push_attempts_date",
            "next_attempt_date", "pushed_date", "expires", "forced", "lease_owner", "lease_until",
        )}),
        ("What was done", {"fields": ("tried", "asked")}),
    )  # fmt: skip
    readonly_fields = ("tried", "asked")

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """The newest first, along the index that the filters lead to."""
        return ("-creation_date", "-pk") if is_one_range(request) else self.newest

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Items that an index finds; of a part of a title the user is told where to look."""
        meant = meaning_of(search_term, queue_of(request))
        if meant.rows is not None:
            return queryset.filter(meant.rows), False
        if meant.title:
            self.message_user(request, self.search_help_text, messages.INFO)
            return queryset.none(), False
        return queryset, False

    def dashboard_url(self, row: ItemToPush) -> str:
        """The item's story."""
        return dashboard("item", row._state.db, row.pk)

    @admin.display(description="#")
    def number(self, item: ItemToPush) -> int:
        """The item's id."""
        return item.pk

    @admin.display(description="message")
    def said(self, item: ItemToPush) -> str:
        """The beginning of its message."""
        return item.message if len(item.message) <= WIDTH else f"{item.message[: WIDTH - 1]}…"

    @admin.display(description="attempts")
    def tried(self, item: ItemToPush) -> str:
        """The latest attempts, with a link to all of them."""
        using = str(item._state.db)
        rows = item.attempts.using(using).order_by("-pk").only(
            "started", "outcome", "duration", "message"
        )[:SHOWN]  # fmt: skip
        lines = format_html_join(
            "",
            '<div><a href="{}">{}</a>: {} after {} s. {}</div>',
            (
                (
                    row_url("pushattempt", row.pk, using),
                    moment(row.started),
                    row.get_outcome_display(),
                    f"{row.duration:.2f}",
                    row.message,
                )
                for row in rows
            ),
        )
        every = list_url("pushattempt", using, item=item.pk)
        return format_html('{}<a href="{}">All attempts</a>', lines, every)

    @admin.display(description="by people")
    def asked(self, item: ItemToPush) -> str:
        """The latest operations on it."""
        using = str(item._state.db)
        rows = OperationItem.objects.using(using).filter(item_id=item.pk).order_by("-pk")
        return format_html_join(
            "",
            '<div>{}: <a href="{}">{}</a></div>',
            (
                (
                    moment(row.operation.moment),
                    row_url("operation", row.operation_id, using),
                    str(row.operation),
                )
                for row in rows.select_related("operation")[:SHOWN]
            ),
        )

    @admin.action(description="Send again as sent", permissions=["change"])
    def send_as_sent(self, request: HttpRequest, queryset: QuerySet[ItemToPush]) -> None:
        """The stored parcels go again."""
        steer(
            self, request, queryset, "queued to be sent again as sent", _sent_again(rerender=False)
        )

    @admin.action(description="Render anew and send again", permissions=["change"])
    def render_anew(self, request: HttpRequest, queryset: QuerySet[ItemToPush]) -> None:
        """The objects go as they are now."""
        steer(
            self,
            request,
            queryset,
            "queued to be rendered anew and sent",
            _sent_again(rerender=True),
        )

    @admin.action(description="Reset: make new again", permissions=["change"])
    def reset(self, request: HttpRequest, queryset: QuerySet[ItemToPush]) -> None:
        """As if nobody had tried them."""
        steer(self, request, queryset, "made new again", _reset)

    @admin.action(description="Cancel what waits", permissions=["change"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[ItemToPush]) -> None:
        """Waiting items are called off."""
        steer(self, request, queryset, "cancelled", _cancelled)

    @admin.action(description="Set priority …", permissions=["change"])
    def set_priority(
        self, request: HttpRequest, queryset: QuerySet[ItemToPush]
    ) -> HttpResponse | None:
        """Asks which."""
        form = asking.form_of(request, asking.PriorityForm)
        if not form.is_valid():
            return asking.ask(self, request, form, "Set priority", "set_priority")
        priority = form.cleaned_data["priority"]
        deed = partial(_given_priority, priority)
        steer(self, request, queryset, f"given the priority {priority}", deed)
        return None


def _sent_again(*, rerender: bool) -> Any:
    def send(selection: Selection, by: By, using: str) -> Done:
        return operations.send_again(selection, by, using=using, rerender=rerender)

    return send


def _reset(selection: Selection, by: By, using: str) -> Done:
    return operations.reset(selection, by, using=using)


def _cancelled(selection: Selection, by: By, using: str) -> Done:
    return operations.cancel(selection, by, using=using)


def _given_priority(priority: int, selection: Selection, by: By, using: str) -> Done:
    return operations.set_priority(selection, priority, by, using=using)
