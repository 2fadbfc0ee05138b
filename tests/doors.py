"""Every address of Pigeon on the site that the tests run on, found by asking Django for it.

A page that somebody adds is here without a word; what is then missing is what tests say about
it, so that it cannot be forgotten.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import quote

from django.urls import URLPattern, URLResolver, get_resolver, reverse

from pigeon.models import ItemToPush

#: Where Pigeon's addresses begin.
ROOTS = ("pigeon/", "admin/pigeon/")


@dataclass(frozen=True)
class Door:
    """One address.

    Attributes:
        name: with its namespaces, such as ``"pigeon:item"``; empty: it has none.
        route: as it is written in ``urlpatterns``.
        takes: parameter of the route → its converter's class name.
    """

    name: str
    route: str
    takes: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return self.name or self.route

    @property
    def is_admin(self) -> bool:
        """Whether Django's admin is behind it."""
        return self.name.startswith("admin:")

    @property
    def is_api(self) -> bool:
        """Whether programs use it, logged in or with a token."""
        return "api/" in self.route

    def url(self, values: Mapping[str, Any]) -> str:
        """The address with ``values`` for parameters; what it does not take is left out.

        Raises:
            django.urls.NoReverseMatch: it cannot have such a value.
        """
        given = {name: values[name] for name, _ in self.takes}
        if self.name:
            return reverse(self.name, kwargs=given)
        return "/" + re.sub(r"<\w+:(\w+)>", lambda found: quote(str(given[found[1]])), self.route)

    def about(self, item: ItemToPush) -> str:
        """Its address where it concerns ``item``, its rule or its destination."""
        name = item.rule_name if self.name == "pigeon:rule" else item.destination
        alias = str(item._state.db)
        return self.url(
            {"alias": alias, "pk": item.pk, "object_id": item.pk, "name": name, "rest": "nothing"}
        )


@cache
def doors() -> tuple[Door, ...]:
    """All of them, those of the admin last."""
    found = [*_walk(get_resolver(), "", "")]
    return tuple(each for root in ROOTS for each in found if each.route.startswith(root))


def _walk(resolver: URLResolver, route: str, space: str) -> Iterator[Door]:
    for each in resolver.url_patterns:
        here = route + str(each.pattern)
        if isinstance(each, URLResolver):
            inner = f"{space}{each.namespace}:" if each.namespace else space
            yield from _walk(each, here, inner)
        elif isinstance(each, URLPattern):
            takes = each.pattern.converters  # type: ignore[attr-defined]
            kinds = tuple((name, type(kind).__name__) for name, kind in takes.items())
            yield Door(f"{space}{each.name}" if each.name else "", here, kinds)
