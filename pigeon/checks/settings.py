"""Are the settings spelt right, and of the right type?"""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Union, get_args, get_origin

from django.conf import settings as site
from django.core.checks import CheckMessage
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from pigeon.checks.catalogue import IMPOSSIBLE_VALUE, UNKNOWN_SETTING, WRONG_TYPE
from pigeon.checks.suggest import did_you_mean, listed
from pigeon.conf import NAMES, PREFIX, conf
from pigeon.destinations import shown

#: The smallest value of each number that has one.
SMALLEST = {
    "MAX_AGE": 0,
    "MAX_PUSH_ATTEMPTS": 1,
    "STOPPED_PROBE_INTERVAL": 1,
    "MAX_PROBE_INTERVAL": 1,
    "ALERT_INTERVAL": 0,
    "CHECK_OLD_AGE": 0,
    "CHECK_TOO_OLD_AGE": 0,
    "LEASE_DURATION": 1,
    "BATCH_SIZE": 1,
    "CONCURRENCY": 1,
    "POLL_INTERVAL": 0.01,
    "MAX_DOCUMENT_SIZE": 1,
}
_WORDS = {
    str: "a string",
    int: "a whole number",
    float: "a number",
    Path: "a pathlib.Path",
}


def misspelt() -> Iterator[CheckMessage]:
    """Warnings about names that begin with ``PIGEON_`` and mean nothing."""
    known = [PREFIX + name for name in NAMES]
    for name in dir(site):
        if name.startswith(PREFIX) and name not in known:
            yield UNKNOWN_SETTING.found(
                f"Pigeon has no setting {name}, so it has no effect.",
                f"{did_you_mean(name, known)}Known settings: {listed(known)}.",
                name,
            )


def wrong() -> Iterator[CheckMessage]:
    """Errors about values of the wrong type, and about numbers that cannot be."""
    for name, hint in NAMES.items():
        if not hasattr(site, PREFIX + name):
            continue
        value = getattr(site, PREFIX + name)
        if not fits(value, hint):
            yield WRONG_TYPE.found(
                f"{PREFIX}{name} must be {described(hint)}, but {_culprit(value, hint)}.",
                f"Correct {PREFIX}{name} in your settings; its meaning and its default are in "
                "the reference of settings.",
                PREFIX + name,
            )
        else:
            yield from _impossible(name, value)


def fits(value: object, hint: Any) -> bool:
    """Whether ``value`` is what the type ``hint`` of a setting says."""
    origin, inner = get_origin(hint), get_args(hint)
    if hint is Any:
        return True
    if origin in (Union, types.UnionType):
        return any(fits(value, each) for each in inner)
    if origin is Mapping:
        return isinstance(value, Mapping) and all(
            fits(key, inner[0]) and fits(each, inner[1]) for key, each in value.items()
        )
    if origin is Sequence:
        return isinstance(value, list | tuple) and all(fits(each, inner[0]) for each in value)
    if isinstance(value, bool):
        return hint is bool
    return isinstance(value, int | float if hint is float else hint)


def described(hint: Any) -> str:
    """The type ``hint`` in words."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return " or ".join(described(each) for each in inner)
    if origin is Mapping:
        return f"a dictionary whose values are {_plural(inner[1])}"
    if origin is Sequence:
        return f"a list or tuple of {_plural(inner[0])}"
    return _WORDS.get(hint, str(hint))


def _plural(hint: Any) -> str:
    origin = get_origin(hint)
    if origin is Mapping:
        return "dictionaries"
    if origin is Sequence:
        return f"lists of {_plural(get_args(hint)[0])}"
    return _WORDS.get(hint, str(hint)).removeprefix("a ") + "s"


def _culprit(value: object, hint: Any) -> str:
    """What is of the wrong type, by its key: values may be secret."""
    if get_origin(hint) is Mapping and isinstance(value, Mapping):
        for key, each in value.items():
            if not fits(each, get_args(hint)[1]):
                return f"the value of {shown(key)!r} is {_kind(each)}"
        return "a key is not a string"
    if get_origin(hint) is Sequence and isinstance(value, list | tuple):
        wrong = next(each for each in value if not fits(each, get_args(hint)[0]))
        return f"it holds {_kind(wrong)}"
    return f"it is {_kind(value)}"


def _kind(value: object) -> str:
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"


def _impossible(name: str, value: Any) -> Iterator[CheckMessage]:
    for cause in _reasons(name, value):
        yield IMPOSSIBLE_VALUE.found(
            f"{PREFIX}{name} {cause}.", f"Correct {PREFIX}{name} in your settings.", PREFIX + name
        )


def _reasons(name: str, value: Any) -> Iterator[str]:
    if name in SMALLEST and value < SMALLEST[name]:
        yield f"is {value}, but must be at least {SMALLEST[name]}"
    if name in ("RETRY_SCHEDULE", "DATABASES") and not value:
        yield "is empty, but needs at least one entry"
    if name == "RETRY_SCHEDULE" and any(seconds < 0 for seconds in value):
        yield "holds a negative number of seconds"
    if name == "ALERT_EMAILS":
        yield from (f"holds {each!r}, which is no address" for each in value if not _is_mail(each))
    if name == "CHECK_TOO_OLD_AGE" and value < conf.CHECK_OLD_AGE:
        yield f"is {value}, which is less than {PREFIX}CHECK_OLD_AGE ({conf.CHECK_OLD_AGE})"


def _is_mail(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True
