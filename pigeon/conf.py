"""Every setting of Pigeon: its name, type, default and meaning.

Read a setting as ``conf.MAX_AGE``; in ``settings.py`` it is called ``PIGEON_MAX_AGE``.
Values are read from Django's settings at each access, so ``override_settings`` works.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_type_hints

from django.conf import settings as django_settings
from django.utils.functional import empty

PREFIX = "PIGEON_"


class Settings:
    """The settings with their defaults; an attribute's value is what the site says.

    Attributes without a default need a value; reading one that is missing raises
    ``django.core.exceptions.ImproperlyConfigured``.
    """

    #: Where parcels are built and kept. Several hosts need a shared folder. No default.
    OUTPUT_DIRECTORY: str | Path
    #: Rule name → URLs or names of ``PIGEON_DESTINATIONS`` that get what the rule selects.
    PUSH_URLS: Mapping[str, Sequence[str]] = {}
    #: Destination name → ``{"URL": …, "OPTIONS": {…}}``.
    DESTINATIONS: Mapping[str, Mapping[str, Any]] = {}
    #: Dotted paths of sender classes, besides those registered in code.
    SENDERS: Sequence[str] = ()
    #: Dotted paths of rule classes, besides those in ``pigeon_config`` modules.
    CLASSES: Sequence[str] = ()
    #: Aliases of the databases that have a queue; destinations' state lives in the first.
    DATABASES: Sequence[str] = ("default",)
    #: Name of the entry of ``TEMPLATES`` that renders outputs; empty: Pigeon's own Jinja2.
    TEMPLATE_ENGINE: str = ""
    #: Seconds after which finished items and unneeded parcels may be cleaned (30 days).
    MAX_AGE: int = 30 * 24 * 3600
    #: How often an item is tried before it ends in an error status. With the default schedule
    #: that is after two to four days.
    MAX_PUSH_ATTEMPTS: int = 18
    #: Seconds to wait before the 2nd, 3rd, … attempt; the last one repeats. Jitter takes off
    #: up to half of each.
    RETRY_SCHEDULE: Sequence[float] = (
        30, 60, 120, 300, 600, 1800, 3600, 7200, 14400, 28800, 43200,
    )  # fmt: skip
    #: Seconds between probes of a destination that is stopped (login refused, misconfigured).
    STOPPED_PROBE_INTERVAL: float = 900
    #: Seconds that pass at most between probes of a failing destination; the pauses grow by
    #: ``PIGEON_RETRY_SCHEDULE`` until then. What a partner asks for may be longer.
    MAX_PROBE_INTERVAL: float = 3600
    #: Addresses that get a mail when items fail or wait too long, and when a destination stops or
    #: is well again.
    ALERT_EMAILS: Sequence[str] = ()
    #: Seconds that pass at least between two such mails about the same of one destination.
    ALERT_INTERVAL: float = 3600
    #: Seconds that an item may wait before ``pigeon_check`` warns; the option ``old_age`` of a
    #: destination comes first.
    CHECK_OLD_AGE: float = 600
    #: Seconds that an item may wait before ``pigeon_check`` is critical and a mail goes out; the
    #: option ``too_old_age`` of a destination comes first.
    CHECK_TOO_OLD_AGE: float = 1800
    #: Bearer token with which Prometheus reads the metrics; empty: only staff with permission may.
    METRICS_TOKEN: str = ""
    #: Seconds for which a worker holds what it claimed; renewed at a third of it.
    LEASE_DURATION: float = 120
    #: How many items a worker claims, and records, at once at one destination.
    BATCH_SIZE: int = 200
    #: How many destinations one worker serves at the same time.
    CONCURRENCY: int = 32
    #: Seconds between two looks at the queue of ``pigeon_push --forever``.
    POLL_INTERVAL: float = 2
    #: Bytes that a rendered or serialized output may have (binary outputs have no limit).
    MAX_DOCUMENT_SIZE: int = 64 * 1024 * 1024

    def __getattribute__(self, name: str) -> Any:
        if name.startswith("_") or name not in NAMES:
            return object.__getattribute__(self, name)
        if name in REQUIRED:
            return _required(name)
        return getattr(_settings(), PREFIX + name, getattr(Settings, name))


def _settings() -> Any:
    """Django's settings as they are now, without the wrapper, which is slow where one is missing.

    Some are asked for with each item.
    """
    present = _unwrapped(django_settings, "_wrapped")
    return django_settings if present is empty else present


_unwrapped = object.__getattribute__


def _required(name: str) -> Any:
    from django.core.exceptions import ImproperlyConfigured

    try:
        return getattr(django_settings, PREFIX + name)
    except AttributeError:
        raise ImproperlyConfigured(
            f"{PREFIX}{name} is not set. Say in your settings where Pigeon may keep the files "
            f"it sends, for example {PREFIX}{name} = BASE_DIR / 'var' / 'export'."
        ) from None


#: Setting name (without prefix) → its type.
NAMES: Mapping[str, Any] = get_type_hints(Settings)
REQUIRED = frozenset(name for name in NAMES if not hasattr(Settings, name))

conf = Settings()
