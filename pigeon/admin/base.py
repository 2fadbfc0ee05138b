"""What all of Pigeon's tables in the admin have in common: read-only, and quick when large."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, cast

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils.functional import cached_property

from pigeon.admin.changelist import QueueChangeList
from pigeon.admin.queues import queue_of
from pigeon.permissions import SEE
from pigeon.queue.survey import COUNTED

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
    Pages = Paginator[Any]
else:
    ModelAdmin = admin.ModelAdmin
    Pages = Paginator


class CappedPaginator(Pages):
    """Pages of the first :data:`COUNTED` rows; what comes after is not even counted."""

    @cached_property
    def count(self) -> int:
        """How many rows there are, at most :data:`COUNTED`; read along an index."""
        rows = cast("QuerySet[Any]", self.object_list)
        return rows.order_by().select_related(None)[:COUNTED].count()


class ReadOnlyAdmin(ModelAdmin):
    """A table that nobody edits: what changes it are actions, and Pigeon itself."""

    paginator = CappedPaginator
    show_full_result_count = False
    list_per_page = 100
    show_facets = admin.ShowFacets.NEVER
    list_max_show_all = 0
    sortable_by = ()
    actions_selection_counter = True
    change_list_template = "pigeon/admin/change_list.html"
    change_form_template = "pigeon/admin/change_form.html"
    #: Columns by which rows are sorted if the filters leave no better way.
    newest: ClassVar[tuple[str, ...]] = ("-pk",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds rows by hand."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody deletes rows by hand: ``pigeon_clean_queue`` does."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Actions may be allowed, where there are some; a row itself is never edited."""
        return obj is None and bool(self.actions) and super().has_change_permission(request, obj)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Who may see items sees all that belongs to them, besides who may see this table."""
        return request.user.has_perm(SEE) or super().has_view_permission(request, obj)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """As :meth:`has_view_permission`."""
        return self.has_view_permission(request)

    def lookup_allowed(
        self, lookup: str, value: object, request: HttpRequest | None = None
    ) -> bool:
        """The filters beside the list, and no other: many columns have no index."""
        return any(lookup == getattr(each, "parameter_name", "") for each in self.list_filter)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[QueueChangeList]:
        """A list whose order no address changes."""
        return QueueChangeList

    def get_changelist_instance(self, request: HttpRequest) -> QueueChangeList:
        """A list whose title says where counting stopped."""
        found = cast("QueueChangeList", super().get_changelist_instance(request))
        if found.result_count >= COUNTED:
            found.title = f"{found.title} (only the first {COUNTED:,} are listed)"
        return found

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Rows of the queue that the address names; of the first one if it names none."""
        rows: QuerySet[Any] = self.model._default_manager.using(queue_of(request))
        return rows.all()

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """:attr:`newest`."""
        return self.newest

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The list, with a link to the dashboard."""
        more = {"dashboard_url": dashboard("home"), **(extra_context or {})}
        return super().changelist_view(request, more)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """A row, with a link to its page on the dashboard."""
        row = self.get_object(request, object_id)
        url = self.dashboard_url(row) if row is not None else ""
        more = {"dashboard_url": url, **(extra_context or {})}
        return super().change_view(request, object_id, form_url, more)

    def dashboard_url(self, row: Any) -> str:
        """Where the dashboard tells more of ``row``; empty if nowhere."""
        return dashboard("home")


def dashboard(page: str, *args: object) -> str:
    """Address of a page of the dashboard; empty: the site does not include it."""
    try:
        return reverse(f"pigeon:{page}", args=args)
    except NoReverseMatch:
        return ""
