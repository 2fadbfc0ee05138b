"""The envelope of pages, and how one is answered."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from pigeon.api.pages import Page


def page_of(entry: type[serializers.BaseSerializer[Any]]) -> serializers.Serializer[Any]:
    """The serializer of a page of ``entry``."""
    return inline_serializer(
        f"PageOf{entry.__name__}s",
        {
            "next": serializers.URLField(
                allow_null=True,
                help_text="Address of the next page; null on the last one. A page may be short, "
                "or empty, and still have a next one: what no index answers is looked for in "
                "10,000 rows a request.",
            ),
            "results": entry(many=True),
        },
    )


def answer_page(
    request: Request, page: Page, entry: type[serializers.BaseSerializer[Any]]
) -> Response:
    """The answer to ``request``."""
    following = None
    if page.next is not None:
        here = request.build_absolute_uri()
        following = replace_query_param(here, "cursor", str(page.next))
    return Response({"next": following, "results": entry(page.entries, many=True).data})
