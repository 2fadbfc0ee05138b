"""Parcels and deliveries as the engine would hand them to a sender."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pigeon.destinations import Destination
from pigeon.parcel import Held, OutputFile, Parcel
from pigeon.senders.base import Delivery

RENDERED_AT = datetime(2026, 5, 1, 12, tzinfo=UTC)


def parcel(folder: Path, files: Mapping[str, bytes]) -> Parcel:
    """A parcel in ``folder`` that holds ``files``."""
    outputs = []
    for path, content in files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
        outputs.append(OutputFile(path, len(content), hashlib.sha256(content).hexdigest()))
    return Parcel(folder, tuple(outputs), RENDERED_AT)


def without_digests(what: Parcel) -> Parcel:
    """``what`` as export leaves large files: only their times are known."""
    files = [
        OutputFile(file.path, file.size, "", what.local_path(file).stat().st_mtime_ns)
        for file in what.files
    ]
    return replace(what, files=tuple(files))


def held(path: str, content: bytes = b"old") -> Held:
    digest = hashlib.sha256(content).hexdigest()
    return Held(path, len(content), digest, RENDERED_AT)


async def _lease_is_ours() -> None:
    return None


def delivery(what: Parcel | None, **more: Any) -> Delivery:
    """A delivery of ``what``; what is not said is as at a first attempt."""
    facts: dict[str, Any] = {
        "action": "put", "rule": "partner", "title": "A story", "parcel": what, "held": (),
        "remove_stale": False, "idempotency_key": "key", "token": "token1", "stale_tokens": (),
        "check_lease": _lease_is_ours,
    }  # fmt: skip
    return Delivery(**{**facts, **more})


def destination(url: str, name: str = "partner", **options: Any) -> Destination:
    """The destination that ``url`` and ``options`` would make in the settings."""
    from django.test import override_settings

    from pigeon.destinations import named

    with override_settings(PIGEON_DESTINATIONS={name: {"URL": url, "OPTIONS": options}}):
        return named(name)
