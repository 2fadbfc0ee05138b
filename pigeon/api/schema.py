"""The OpenAPI document: what the API takes and answers, made from the code that does it."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from django.urls import URLPattern
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.settings import patched_settings
from rest_framework.request import Request
from rest_framework.response import Response

from pigeon.api.parameters import Parameters
from pigeon.api.view import View
from pigeon.api.views.steering import SELECTORS
from pigeon.version import __version__

#: The site's own settings of drf-spectacular are about the site's own API.
_SETTINGS = {
    "TITLE": "Pigeon",
    "DESCRIPTION": "What went where, what waits, why, and what to do about it.",
    "VERSION": __version__,
    "PREPROCESSING_HOOKS": [],
    "POSTPROCESSING_HOOKS": [],
    "CAMELIZE_NAMES": False,
    "COMPONENT_SPLIT_REQUEST": False,
    "SCHEMA_PATH_PREFIX": "/",
    "SCHEMA_PATH_PREFIX_TRIM": False,
    "SCHEMA_PATH_PREFIX_INSERT": "",
    "APPEND_COMPONENTS": {},
    "EXTENSIONS_INFO": {},
    "SECURITY": [],
    "TAGS": [],
    "WEBHOOKS": [],
    "ENUM_NAME_OVERRIDES": {},
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
}
_one_at_a_time = threading.Lock()


class Schema(View):
    """The OpenAPI document of ``patterns``."""

    patterns: tuple[URLPattern, ...] = ()

    def get(self, request: Request) -> Response:
        """The document, with the address at which the site has the API."""
        self.parameters(Parameters)
        here = request.path.removesuffix("/schema")
        return Response({**document(self.patterns), "servers": [{"url": here}]})


def document(patterns: Sequence[URLPattern]) -> dict[str, Any]:
    """The document of ``patterns``, without the address at which the site has them."""
    # drf-spectacular patches its settings for all threads.
    with _one_at_a_time, patched_settings(_SETTINGS):
        generator: Any = SchemaGenerator
        found: dict[str, Any] = generator(patterns=patterns).get_schema(public=True)
    parts = found["components"]["schemas"]
    for part in parts.values():
        if "properties" in part:
            part["additionalProperties"] = False
    parts["SelectionBody"]["anyOf"] = [{"required": [name]} for name in SELECTORS]
    return found
