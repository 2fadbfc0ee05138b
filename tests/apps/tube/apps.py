"""An app of a site that brings a sender of its own."""

from __future__ import annotations

from django.apps import AppConfig


class TubeConfig(AppConfig):
    name = "tests.apps.tube"

    def ready(self) -> None:
        from tests.apps.tube import senders  # noqa: F401 - registers itself
