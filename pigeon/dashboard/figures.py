"""What rows and pages show of destinations and rules, and what replaces it while they live.

A page and :func:`pigeon.dashboard.views.live.live` show the same words of the same figures: a
template writes ``{{ row.cells.waiting }}`` where ``data-live="waiting"`` says that it may be
replaced by the cell of that name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.text import capfirst

from pigeon.condition import WELL, moment
from pigeon.dashboard.words import NOTHING, age, number, percent
from pigeon.overview import DestinationView, Health, RuleView, Totals
from pigeon.text import sentence, size

#: Health → one or two words for a badge.
BADGES: Mapping[Health, str] = {
    Health.WELL: "Well",
    Health.FAILING: "Failing",
    Health.STOPPED: "Stopped",
    Health.PAUSED: "Paused",
    Health.RESTING: "Out of hours",
    Health.GONE: "Not in the settings",
}


@dataclass(frozen=True)
class Row:
    """One destination or rule, ready to be shown.

    Attributes:
        view: what is shown.
        health: for colours, one of :class:`pigeon.overview.Health`.
        url: of its page; empty for what has no name.
        cells: name of the cell → its words.
        trouble: whether there is something to say about errors.
    """

    view: DestinationView | RuleView
    health: str
    url: str
    cells: Mapping[str, str]
    trouble: bool

    @property
    def live(self) -> dict[str, object]:
        """What of it is replaced."""
        return {"health": self.health, "trouble": self.trouble, "cells": self.cells}


def destination_row(view: DestinationView) -> Row:
    """What is shown of a destination."""
    is_well = view.words == WELL
    cells = {
        **_cells(view),
        "badge": BADGES[view.health],
        "words": "Nothing is in the way." if is_well else capfirst(sentence(view.words)),
        "in_progress": number(view.in_progress, capped=view.capped),
        "last_success": when(view.last_success_date),
    }
    if view.last_error and view.last_error.rstrip(".") in view.words:
        cells["last_error"] = cells["last_error_date"] = ""
    trouble = not is_well or bool(view.failed_day and view.last_error)
    return Row(view, view.health.value, address("destination", view.name), cells, trouble)


def rule_row(view: RuleView) -> Row:
    """What is shown of a rule."""
    cells = {**_cells(view), "words": "" if view.exists else "This rule no longer exists."}
    trouble = not view.exists or bool(view.failed_day and view.last_error)
    health = Health.FAILING if view.failed_hour else Health.WELL
    shown = health if view.exists else Health.GONE
    return Row(view, shown.value, address("rule", view.name), cells, trouble)


def _cells(view: DestinationView | RuleView) -> dict[str, str]:
    return {
        **totals_cells(view),
        "last_error": view.last_error,
        "last_error_date": when(view.last_error_date) if view.last_error_date else "",
        "cure": view.cure,
    }


def totals_cells(view: DestinationView | RuleView | Totals) -> dict[str, str]:
    """What is shown of anything that has figures."""
    return {
        "waiting": number(view.waiting, capped=view.capped),
        "oldest": age(view.oldest),
        "pushed_hour": number(view.pushed_hour),
        "failed_hour": number(view.failed_hour),
        "pushed_day": number(view.pushed_day),
        "failed_day": number(view.failed_day),
        "bytes_day": size(view.bytes_day),
        "success_rate": percent(view.success_rate),
    }


def when(date: datetime | None) -> str:
    """``date`` in the site's time zone."""
    return moment(date) if date else NOTHING


def address(kind: str, name: str) -> str:
    """Where the page of a destination or rule is; empty for what has no name."""
    return reverse(f"pigeon:{kind}", args=[name]) if name else ""
