"""The admin's list for tables with millions of rows."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest


class QueueChangeList(ChangeList):
    """Its order is the admin's choice: sorting by any column would read the whole table."""

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[Any]:
        """What the ``ModelAdmin`` says, for these filters."""
        return list(self.model_admin.get_ordering(request))

    def get_ordering_field_columns(self) -> dict[int, Any]:
        """No column is marked as the one that sorts."""
        return {}
