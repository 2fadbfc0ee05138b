"""How a pytest run of its own gets Pigeon's fixtures, installed or not."""

from __future__ import annotations

from importlib.metadata import entry_points


def plugin_options() -> list[str]:
    """Options for pytest; none where it finds the plug-in by itself."""
    installed = any(each.name == "pigeon" for each in entry_points(group="pytest11"))
    return [] if installed else ["-p", "pigeon.pytest_plugin"]
