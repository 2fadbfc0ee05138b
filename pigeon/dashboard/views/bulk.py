"""Doing something to many items: those that are ticked, or all that a search finds."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from pigeon.dashboard.access import operator
from pigeon.dashboard.deeds import Deed, deed
from pigeon.dashboard.pages import page
from pigeon.dashboard.search_form import SearchForm
from pigeon.dashboard.views.steer import by
from pigeon.exceptions import OperationRefused, PigeonError
from pigeon.operations import Done, Selection
from pigeon.overview.query import MAX_DIGITS, Query
from pigeon.overview.search import all_ids

#: Items that can be chosen by what is not one range of an index: a title, an object, a file.
NAMED = 1000


@dataclass(frozen=True)
class Chosen:
    """What is to be done, and to which items.

    Attributes:
        deed: what.
        selection: to which.
        using: alias of their queue.
        form: the search that they were chosen in.
        is_part: the search finds more than could be chosen.
    """

    deed: Deed
    selection: Selection
    using: str
    form: SearchForm
    is_part: bool = False


@operator
@require_POST
def items_action(request: HttpRequest) -> HttpResponse:
    """Say how many items it would be and ask; do it when that was confirmed."""
    try:
        chosen = _chosen(request)
        if request.POST.get("confirmed") == "yes":
            done = chosen.deed.do(chosen.selection, by(request), using=chosen.using)
            messages.success(request, chosen.deed.told(done))
            return redirect(_back(chosen.form))
        done = chosen.deed.count(chosen.selection, by(request), using=chosen.using)
    except PigeonError as error:
        messages.error(request, str(error))
        return redirect(_back(SearchForm(request.POST)))
    return _ask(request, chosen, done)


def _ask(request: HttpRequest, chosen: Chosen, done: Done) -> HttpResponse:
    return page(
        request,
        "pigeon/items_confirm.html",
        title=chosen.deed.label,
        section="items",
        chosen=chosen,
        done=done,
        most=NAMED,
        question=chosen.deed.question(done.number),
        words=chosen.selection.words(),
        hidden=[
            *chosen.form.pairs(),
            *(("id", pk) for pk in request.POST.getlist("id")),
            ("everything", request.POST.get("everything", "")),
            ("deed", chosen.deed.slug),
            ("confirmed", "yes"),
        ],
        back=_back(chosen.form),
    )


def _back(form: SearchForm) -> str:
    return f"{reverse('pigeon:items')}?{form.address()}"


def _chosen(request: HttpRequest) -> Chosen:
    """What the form says.

    Raises:
        OperationRefused: it says nothing, or something that cannot be.
    """
    form = SearchForm(request.POST)
    try:
        what = deed(request.POST.get("deed", ""))
    except KeyError:
        raise OperationRefused("Press one of the buttons: nothing else can be done.") from None
    if not form.is_valid():
        problems = " ".join(str(each) for lines in form.errors.values() for each in lines)
        raise OperationRefused(f"The search cannot be read, so nothing was done: {problems}")
    using = form.using_alias
    if request.POST.get("everything") != "yes":
        return Chosen(what, Selection(ids=_ids(request)), using, form)
    selection, is_part = _everything(form.query(), using)
    return Chosen(what, selection, using, form, is_part)


def _ids(request: HttpRequest) -> tuple[int, ...]:
    ids = request.POST.getlist("id")
    if not ids:
        raise OperationRefused("No item is ticked.")
    if not all(pk.isascii() and pk.isdigit() and len(pk) <= MAX_DIGITS for pk in ids):
        raise OperationRefused("An item's id is a number.")
    return tuple(sorted({int(pk) for pk in ids}))


def _everything(query: Query, using: str) -> tuple[Selection, bool]:
    """What a search finds, and whether it finds more than that."""
    if query.text or query.object:
        ids, is_part = all_ids(query, using=using, limit=NAMED)
        if not ids:
            raise OperationRefused("The search finds no item.")
        return Selection(ids=tuple(ids)), is_part
    selection = Selection(
        destination=query.destination,
        rule=query.rule,
        statuses=query.statuses,
        since=query.since,
        until=query.until,
    )
    return selection, False
