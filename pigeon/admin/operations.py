"""What people did, in the admin: history."""

from __future__ import annotations

from typing import ClassVar

from django.contrib import admin
from django.utils.html import format_html_join

from pigeon.admin.base import ReadOnlyAdmin
from pigeon.admin.dates import MomentFilter
from pigeon.admin.filters import QueueFilter
from pigeon.admin.queues import row_url
from pigeon.models.operation import Operation, OperationItem

#: So many items of an operation are listed.
SHOWN = 100


@admin.register(Operation)
class OperationAdmin(ReadOnlyAdmin):
    """Who did what, through which door, to how many items; the latest first."""

    list_display = ("moment", "actor", "verb", "door", "destination", "chosen", "detail", "number")
    list_filter = (QueueFilter, MomentFilter)
    newest: ClassVar[tuple[str, ...]] = ("-moment", "-pk")
    fields = (
        "moment", "actor", "door", "verb", "destination", "chosen", "detail", "number", "touched",
    )  # fmt: skip
    readonly_fields = ("touched",)

    @admin.display(description="the first 100 items")
    def touched(self, operation: Operation) -> str:
        """Links to the items."""
        using = str(operation._state.db)
        rows = OperationItem.objects.using(using).filter(operation_id=operation.pk)
        items = (row.item for row in rows.order_by("pk").select_related("item")[:SHOWN])
        return format_html_join(
            "",
            '<div><a href="{}">#{} {}</a></div>',
            ((row_url("itemtopush", item.pk, using), item.pk, str(item)) for item in items),
        )
