"""A rule as plain as can be, for makers that only ask it for names."""

from __future__ import annotations

from pigeon.configuration import DefaultConfiguration


class Partner(DefaultConfiguration):
    """Not registered: makers take any rule."""

    def get_directory(self, instance: object) -> str:
        return "in"
