"""What must be at the partners, found out without looking at what was sent.

Every object that a rule wants is rendered again from the database; besides, every parcel that
was sent has a manifest with digests. The partners' files must agree with both, and be all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from example_project.demo.stage import ROUTES
from example_project.news.models import Story
from pigeon.configuration import DefaultConfiguration, MassPusherConfiguration
from pigeon.export import preview
from pigeon.models import ItemToPush
from pigeon.registry import registry

#: Path → content, or path → digest.
Contents = dict[str, bytes]
Digests = dict[str, str]
#: How many differences of one destination are told.
TOLD = 5


def rendered(rule_names: Iterable[str]) -> dict[str, Contents]:
    """Destination → what the rules render for it now."""
    found: dict[str, Contents] = {}
    for name in rule_names:
        rule = registry.get(name)
        contents: Contents = {}
        for objects in _wanted(rule):
            contents |= _parcel_of(rule, objects)
        found |= dict.fromkeys(ROUTES[name], contents)
    return found


def of_story(story: Story, rule_names: Iterable[str]) -> dict[str, Contents]:
    """Destination → what those of the rules that accept ``story`` render of it alone."""
    return {
        destination: _parcel_of(registry.get(name), story)
        for name in rule_names
        if registry.get(name).filter_by_state(story)
        for destination in ROUTES[name]
    }


def one_by_one() -> list[str]:
    """Names of the rules that push each story when it is saved."""
    return [name for name in ROUTES if not _is_mass(registry.get(name))]


def in_mass() -> list[str]:
    """Names of the rules that push when they are told to."""
    return [name for name in ROUTES if _is_mass(registry.get(name))]


def manifests() -> dict[str, Digests]:
    """Destination → digests, from the manifests of all parcels that were pushed, newest last."""
    found: dict[str, Digests] = {}
    for item in ItemToPush.objects.pushed().order_by("pk").select_related("parcel"):
        files = item.parcel.files().files if item.parcel else ()
        found.setdefault(item.destination, {}).update({file.path: file.sha256 for file in files})
    return found


def differences(
    present: Mapping[str, Mapping[str, Path]],
    expected: Mapping[str, Contents],
    digests: Mapping[str, Digests],
) -> list[str]:
    """A sentence for each thing at the partners that is not as it must be.

    Args:
        present: destination → path → file, as they stand.
        expected: destination → path → content.
        digests: destination → path → SHA-256 by the manifests.
    """
    told = []
    for name in sorted({*present, *expected}):
        here, wanted = present.get(name, {}), expected.get(name, {})
        told += _limited(name, "is missing", wanted.keys() - here.keys())
        told += _limited(name, "should not be there", here.keys() - wanted.keys())
        both = {path: here[path].read_bytes() for path in here.keys() & wanted.keys()}
        other = {path for path, content in both.items() if content != wanted[path]}
        told += _limited(name, "is not what the rule renders", other)
        mine = digests.get(name, {})
        forged = {path for path, content in both.items() if _digest(content) != mine.get(path)}
        told += _limited(name, "is not what the parcel's manifest says", forged)
    return told


def stamps(present: Mapping[str, Mapping[str, Path]]) -> dict[tuple[str, str], tuple[int, int]]:
    """(destination, path) → what changes whenever a file is written or replaced."""
    return {
        (name, path): (file.stat().st_mtime_ns, file.stat().st_ino)
        for name, files in present.items()
        for path, file in files.items()
    }


def _is_mass(rule: DefaultConfiguration) -> bool:
    return isinstance(rule, MassPusherConfiguration)


def _wanted(rule: DefaultConfiguration) -> list[Story | list[Story]]:
    if isinstance(rule, MassPusherConfiguration):
        return [list(rule.get_items_to_push())]
    return [story for story in Story.objects.all() if rule.filter_by_state(story)]


def _parcel_of(rule: DefaultConfiguration, objects: Story | list[Story]) -> Contents:
    with preview(rule, objects) as parcel:
        return {file.path: parcel.local_path(file).read_bytes() for file in parcel.files}


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _limited(destination: str, what: str, paths: Collection[str]) -> list[str]:
    found = [f"{destination}: {path} {what}" for path in sorted(paths)]
    more = [f"{destination}: {len(found) - TOLD} more"] if len(found) > TOLD else []
    return found[:TOLD] + more
