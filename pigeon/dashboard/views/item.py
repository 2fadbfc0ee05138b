"""An item's page: its story, and its buttons."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from pigeon.conf import conf
from pigeon.dashboard.access import operator, viewer
from pigeon.dashboard.deeds import Deed, deed, deeds_for
from pigeon.dashboard.pages import page
from pigeon.dashboard.views.items import tone
from pigeon.dashboard.views.steer import by
from pigeon.exceptions import PigeonError
from pigeon.models.item import ItemToPush
from pigeon.models.status import UNFINISHED
from pigeon.operations import Selection
from pigeon.overview.contents import is_whole
from pigeon.overview.story import story
from pigeon.overview.subjects import subject_of


@viewer
@require_safe
def item(request: HttpRequest, alias: str, pk: int) -> HttpResponse:
    """What happened to the item, what happens next, and what can be done."""
    found = get_item(alias, pk)
    told = story(found)
    deeds = deeds_for(found)
    if told.now.newer and found.status not in UNFINISHED:
        deeds = [Deed.RENDER_ANEW, Deed.RESET, Deed.FORCE]
    return page(
        request,
        "pigeon/item.html",
        title=f"Item {found.pk}",
        section="items",
        alias=alias,
        item=found,
        tone=tone(found),
        subject=None if found.is_batch else subject_of(found.model_label, found.object_id),
        story=told,
        deeds=deeds,
        has_files=found.parcel is not None and is_whole(found.parcel.files()),
    )


@operator
@require_POST
def item_action(request: HttpRequest, alias: str, pk: int) -> HttpResponse:
    """Do what the pressed button says."""
    found = get_item(alias, pk)
    try:
        what = deed(request.POST.get("deed", ""))
    except KeyError:
        raise Http404("There is no such button.") from None
    try:
        done = what.do(Selection(ids=(found.pk,)), by(request), using=alias)
    except PigeonError as error:
        messages.error(request, str(error))
    else:
        level = messages.success if done.number else messages.warning
        level(request, what.told(done))
    return redirect("pigeon:item", alias=alias, pk=pk)


def get_item(alias: str, pk: int) -> ItemToPush:
    """The item, with its parcel's record.

    Raises:
        Http404: there is none, or no such queue.
    """
    if alias not in conf.DATABASES:
        raise Http404(f"The database {alias!r} has no queue.")
    rows = ItemToPush.objects.using(alias).select_related("parcel").defer("snapshot")
    found = rows.filter(pk=pk).first()
    if found is None:
        raise Http404(
            f"There is no item {pk}. Finished ones are cleaned away by pigeon_clean_queue; "
            "look on the page of what was delivered, or search for the object."
        )
    return found
