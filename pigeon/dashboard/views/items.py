"""The list of items: search, filters, and why an object has, or has no, items."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from pigeon.dashboard.access import viewer
from pigeon.dashboard.deeds import Deed
from pigeon.dashboard.pages import page
from pigeon.dashboard.search_form import GROUPS, SearchForm, destination_names, rule_names
from pigeon.exceptions import PigeonError
from pigeon.explain import Explanation, explain
from pigeon.models.item import ItemToPush
from pigeon.models.status import FIRST_ERROR, Status
from pigeon.overview.query import Cursor, Page
from pigeon.overview.search import find
from pigeon.overview.subjects import Subject

#: Items on one page.
LIMIT = 50
#: Statuses with a tone of their own; errors are "critical", the others have none.
_TONES = {Status.PUSHED: "ok", Status.RETRY: "warning", Status.IN_PROGRESS: "paused"}


@dataclass(frozen=True)
class ItemRow:
    """One line of the list."""

    item: ItemToPush
    tone: str


@viewer
@require_safe
def items(request: HttpRequest) -> HttpResponse:
    """A page of the items that the address asks for."""
    form = SearchForm(request.GET)
    found, using = Page(), ""
    before = Cursor.from_text(request.GET.get("before", ""))
    if form.is_valid():
        using = form.using_alias
        found = find(form.query(), using=using, before=before, limit=LIMIT)
    chosen = set(form.said("status"))
    return page(
        request,
        "pigeon/items.html",
        title="Items",
        section="items",
        form=form,
        using=using,
        rows=[ItemRow(item, tone(item)) for item in found.items],
        found=found,
        first=before is None,
        next=f"?{form.address(before=found.next.as_text())}" if found.next else "",
        newest=f"?{form.address()}",
        statuses=list(_status_choices(chosen)),
        destinations=destination_names(form.data.get("destination", "")[:200]),
        rules=rule_names(form.data.get("rule", "")[:100]),
        subject=subject_of(found, using) if before is None else None,
        deeds=[Deed.SEND_AGAIN, Deed.RENDER_ANEW, Deed.CANCEL, Deed.RESET],
    )


@dataclass(frozen=True)
class Explained:
    """What the rules say of an object now, or why they cannot be asked."""

    subject: Subject
    explanation: Explanation | None
    problem: str = ""

    @property
    def title(self) -> str:
        """The object's name, unless no rule is about it: then it is nobody's business here."""
        return self.explanation.title if self.explanation and self.explanation.rules else ""


def subject_of(found: Page, using: str) -> Explained | None:
    """What is known of the object that was looked for; ``None`` if not just one was."""
    if len(found.subjects) != 1:
        return None
    subject = found.subjects[0]
    try:
        explanation = explain(subject.model_class, subject.key, using)
        if not explanation.rules:  # nor is it whether it exists: that may be a session's key
            explanation.notes = explanation.notes[-1:]
        return Explained(subject, explanation)
    except (LookupError, ValueError, PigeonError) as error:
        return Explained(subject, None, str(error))


def tone(item: ItemToPush) -> str:
    """How a status looks."""
    if item.status >= FIRST_ERROR:
        return "critical"
    return _TONES.get(Status(item.status), "") if item.status in Status else ""


def _status_choices(chosen: set[str]) -> Iterator[tuple[str, str, bool]]:
    """Value, words, and whether it is chosen."""
    yield "", "any", not chosen
    for name in GROUPS:
        yield name, {"failed": "failed (any error)"}.get(name, name), name in chosen
    for status in Status:
        yield str(status.value), str(status.label), str(status.value) in chosen
