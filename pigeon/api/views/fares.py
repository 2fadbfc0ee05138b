"""How destinations and rules fare, one by one and all together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from pigeon import overview
from pigeon.api.described import operation
from pigeon.api.fares import DestinationAnswer, RuleAnswer, SummaryAnswer
from pigeon.api.fields import Text
from pigeon.api.parameters import Parameters
from pigeon.api.view import View
from pigeon.checks.suggest import did_you_mean, listed


class NameParameters(Parameters):
    """Which one."""

    name = Text(required=False, max_length=200, help_text="Only the one of this name.")


class Destinations(View):
    """All destinations."""

    @operation("destinations_list", DestinationAnswer(many=True), parameters=NameParameters,
               refusals=(404,))  # fmt: skip
    def get(self, request: Request) -> Response:
        """How each destination fares, also those that are gone but have items."""
        asked = self.parameters(NameParameters)
        found = _named("destination", overview.destinations(), asked.get("name"))
        return Response(DestinationAnswer(found, many=True).data)


class Rules(View):
    """All rules."""

    @operation("rules_list", RuleAnswer(many=True), parameters=NameParameters, refusals=(404,))
    def get(self, request: Request) -> Response:
        """How each rule fares, also those that are gone but have items."""
        asked = self.parameters(NameParameters)
        return Response(
            RuleAnswer(_named("rule", overview.rules(), asked.get("name")), many=True).data
        )


class Summary(View):
    """Everything in one row."""

    @operation("summary", SummaryAnswer)
    def get(self, request: Request) -> Response:
        """Is everything all right? All destinations together."""
        self.parameters(Parameters)
        return Response(SummaryAnswer(overview.totals()).data)


def _named(kind: str, views: Iterable[Any], name: str | None) -> Sequence[Any]:
    known = {view.name: view for view in views}
    if name is None:
        return list(known.values())
    if name not in known:
        raise NotFound(
            f"There is no {kind} {name!r}. {did_you_mean(name, known)}Known: {listed(known)}."
        )
    return [known[name]]
