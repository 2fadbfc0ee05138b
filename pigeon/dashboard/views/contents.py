"""What is in an item's parcel, and what would be in it now."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.views.decorators.http import require_safe

from pigeon import export
from pigeon.dashboard.access import opener
from pigeon.dashboard.pages import page
from pigeon.dashboard.streams import download
from pigeon.dashboard.views.item import get_item
from pigeon.exceptions import ItemError, PigeonError
from pigeon.models.item import ItemToPush
from pigeon.models.status import Action
from pigeon.overview.contents import MOST, is_whole, text_of, zipped
from pigeon.parcel import LeftOut, OutputFile, Parcel
from pigeon.registry import registry

#: Files of a parcel that are shown with their text.
SHOWN = 20


@dataclass(frozen=True)
class Shown:
    """One file: its text if it is text, and whether there is more of it."""

    file: OutputFile
    text: str | None
    is_cut: bool


@opener
@require_safe
def preview(request: HttpRequest, alias: str, pk: int) -> HttpResponse:
    """The object rendered as it is now; nothing is kept, queued or sent."""
    item = get_item(alias, pk)
    files: list[Shown] = []
    left_out: tuple[LeftOut, ...] = ()
    problem, more = "", 0
    try:
        with _rendered(item) as parcel:
            files = [_shown(parcel, file) for file in parcel.files[:SHOWN]]
            left_out, more = parcel.left_out, max(0, len(parcel.files) - SHOWN)
    except (PigeonError, OSError) as error:
        problem = registry.redact(str(error))
    return page(
        request,
        "pigeon/item_preview.html",
        title=f"Preview of item {item.pk}",
        section="items",
        alias=alias,
        item=item,
        files=files,
        left_out=left_out,
        more=more,
        problem=problem,
        most=MOST,
    )


@opener
@require_safe
def parcel(request: HttpRequest, alias: str, pk: int) -> StreamingHttpResponse:
    """The stored parcel as a ZIP archive."""
    item = get_item(alias, pk)
    files = item.parcel.files() if item.parcel else None
    if files is None or not is_whole(files):
        raise Http404(
            "The item has no parcel on our disk: it was not rendered yet, or was cleaned away "
            "by pigeon_clean_export. It is rendered anew when it is sent again."
        )
    name = f"item-{item.pk}.zip"
    return download(request, zipped(files), name=name, content_type="application/zip")


@contextmanager
def _rendered(item: ItemToPush) -> Iterator[Parcel]:
    rule = registry.get(item.rule_name)
    objects = export.objects_of(rule, item.arguments) if item.is_batch else _object(item)
    with export.preview(rule, objects) as found:
        yield found


def _object(item: ItemToPush) -> Model:
    found = item.content_object
    if found is not None:
        return found
    if item.action == Action.DELETED:
        raise ItemError("The object was deleted: what is pushed is its removal.")
    raise ItemError("The object is gone, or its model is, so there is nothing to render.")


def _shown(found: Parcel, file: OutputFile) -> Shown:
    return Shown(file, text_of(found, file), file.size > MOST)
