"""Pausing destinations, and letting them go on."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from pigeon.api.asking import by
from pigeon.api.described import operation
from pigeon.api.fields import Text
from pigeon.api.parameters import Parameters
from pigeon.api.view import View
from pigeon.operations import pause, resume
from pigeon.permissions import PAUSE


class ResumeBody(Parameters):
    """Which destinations."""

    destinations = serializers.ListField(
        child=Text(max_length=200), min_length=1, max_length=1000, help_text="Their names."
    )


class PauseBody(ResumeBody):
    """Which destinations, and why."""

    reason = Text(
        required=False, allow_blank=True, default="", max_length=1000,
        help_text="Why, for those who wonder later.",
    )  # fmt: skip


class ChangedAnswer(serializers.Serializer[Any]):
    """What came of it."""

    number = serializers.IntegerField(help_text="Destinations that were changed.")


class Pause(View):
    """Let nothing go to some destinations."""

    permissions = {"POST": PAUSE}

    @operation("pause", ChangedAnswer, body=PauseBody)
    def post(self, request: Request) -> Response:
        """Let nothing go to destinations until they are resumed; items wait meanwhile."""
        self.parameters(Parameters)
        asked = self.body(PauseBody)
        return Response({"number": pause(asked["destinations"], by(request), asked["reason"])})


class Resume(View):
    """Let some destinations go on."""

    permissions = {"POST": PAUSE}

    @operation("resume", ChangedAnswer, body=ResumeBody)
    def post(self, request: Request) -> Response:
        """Let destinations go on; those that fail or are stopped are tried at once."""
        self.parameters(Parameters)
        asked = self.body(ResumeBody)
        return Response({"number": resume(asked["destinations"], by(request))})
