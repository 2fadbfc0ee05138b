"""Destinations in the admin: how they fare; pause and resume."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from pigeon import operations
from pigeon.admin import asking
from pigeon.admin.base import ReadOnlyAdmin, dashboard
from pigeon.admin.deeds import by, log
from pigeon.condition import condition
from pigeon.exceptions import PigeonError
from pigeon.models.destination_state import DestinationState
from pigeon.queue import state_alias
from pigeon.registry import registry

#: Characters of a sentence in the list.
WIDTH = 100


@admin.register(DestinationState)
class DestinationAdmin(ReadOnlyAdmin):
    """Every destination at which something has been tried. What they are is in the settings."""

    list_display = (
        "name", "brief", "next_probe", "last_error_date", "last_success_date", "paused_by",
    )  # fmt: skip
    newest: ClassVar[tuple[str, ...]] = ("name",)
    search_fields = ("name",)
    actions = ("pause", "resume")
    fields = (
        "name", "url", "health", "failures", "next_probe", "stopped_reason", "paused_date",
        "paused_by", "paused_reason", "last_error", "last_error_date", "last_success_date",
    )  # fmt: skip
    readonly_fields = ("url", "health")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """They are where states are, whatever queue is asked for."""
        return DestinationState.objects.using(state_alias()).all()

    def dashboard_url(self, row: DestinationState) -> str:
        """The destination's page."""
        return dashboard("destination", row.name)

    @admin.display(description="health")
    def health(self, state: DestinationState) -> str:
        """One sentence."""
        destination = registry.destinations().get(state.name)
        if destination is None:
            return "no longer in the settings"
        return condition(destination, state, timezone.now())

    @admin.display(description="health")
    def brief(self, state: DestinationState) -> str:
        """The beginning of it."""
        words = self.health(state)
        return words if len(words) <= WIDTH else f"{words[: WIDTH - 1]}…"

    @admin.display(description="URL")
    def url(self, state: DestinationState) -> str:
        """Its address without secrets."""
        destination = registry.destinations().get(state.name)
        return destination.url if destination else ""

    @admin.action(description="Pause …", permissions=["change"])
    def pause(
        self, request: HttpRequest, queryset: QuerySet[DestinationState]
    ) -> HttpResponse | None:
        """Asks why, then lets nothing go there."""
        form = asking.form_of(request, asking.ReasonForm)
        if not form.is_valid():
            return asking.ask(self, request, form, "Pause", "pause")
        self._close(request, queryset, reason=form.cleaned_data["reason"])
        return None

    @admin.action(description="Resume; try again at once", permissions=["change"])
    def resume(self, request: HttpRequest, queryset: QuerySet[DestinationState]) -> None:
        """What was paused goes on; what fails or is stopped is tried now."""
        self._close(request, queryset, reason=None)

    def _close(
        self, request: HttpRequest, queryset: QuerySet[DestinationState], *, reason: str | None
    ) -> None:
        """Pause with ``reason``, or resume; tell the user, and Django's log."""
        states = list(queryset)
        names = [state.name for state in states]
        try:
            if reason is None:
                number, word = operations.resume(names, by(request)), "resumed"
            else:
                number, word = operations.pause(names, by(request), reason), "paused"
        except PigeonError as error:
            self.message_user(request, str(error), messages.ERROR)
            return
        if number:
            log(request, states, f"Destination {word}. {reason or ''}".strip())
        told = f"{number} destination{'' if number == 1 else 's'} {word}."
        self.message_user(request, told, messages.SUCCESS if number else messages.WARNING)
