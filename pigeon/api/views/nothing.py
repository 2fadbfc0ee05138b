"""Addresses that do not exist."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import URLPattern
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from pigeon.api.view import View
from pigeon.checks.suggest import did_you_mean, listed


class Nothing(View):
    """Whatever is none of ``patterns``."""

    patterns: Sequence[URLPattern] = ()

    def get(self, request: Request, rest: str = "") -> Response:
        """Raise ``NotFound``, and say what there is."""
        known = [str(each.pattern).replace("<str:pk>", "{id}") for each in self.patterns]
        raise NotFound(
            f"There is nothing at {rest[:100]!r}. {rest and did_you_mean(rest, known)}"
            f"Known: {listed([*known, 'schema'])}."
        )

    post = get
