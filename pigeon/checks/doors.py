"""Has the site what it takes to open the JSON API, if it wants one?"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage
from django.urls import URLResolver, get_resolver

from pigeon.checks.catalogue import NO_API


def has_api() -> bool:
    """Whether :mod:`pigeon.urls` has the JSON API: its two packages are there."""
    return wants_api() and find_spec("drf_spectacular") is not None


def wants_api() -> bool:
    """Whether the site has an app that is there for APIs."""
    return apps.is_installed("rest_framework")


def check() -> Iterator[CheckMessage]:
    """A warning where the API is left out for want of a package."""
    if wants_api() and not has_api() and _includes("pigeon.urls"):
        yield NO_API.found(
            "The site has pigeon.urls and rest_framework, but drf-spectacular is not installed, "
            "so Pigeon's JSON API is left out.",
            "Run pip install 'django-pigeon[api]'; or, if no API is wanted, silence "
            f"{NO_API.id} by SILENCED_SYSTEM_CHECKS.",
            "pigeon.urls",
        )


def _includes(module: str) -> bool:
    """Whether the site's addresses include those of ``module``."""
    if not getattr(settings, "ROOT_URLCONF", None):
        return False
    waiting = [get_resolver()]
    while waiting:
        resolver = waiting.pop()
        if getattr(resolver.urlconf_module, "__name__", "") == module:
            return True
        waiting += [each for each in resolver.url_patterns if isinstance(each, URLResolver)]
    return False
