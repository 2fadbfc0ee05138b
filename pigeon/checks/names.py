"""Is a name that a rule defines a misspelt one of Pigeon's?"""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from django.core.checks import CheckMessage

from pigeon.checks.catalogue import MISSPELT_NAME
from pigeon.configuration import BASES, DefaultConfiguration, MassPusherConfiguration

#: How like one of ours a name must be, from 0 to 1: ``push_deletion`` is, by 0.96, a helper
#: called ``filter_by_site`` is not, by 0.90.
LIKENESS = 0.9


def check(rule: DefaultConfiguration) -> Iterator[CheckMessage]:
    """Names that are nearly hooks or attributes, which Pigeon never asks for.

    A filter that is not asked lets everything out, so silence would be dear.
    """
    known = {name for name in dir(MassPusherConfiguration) if not name.startswith("_")}
    for name in sorted(_own_names(type(rule)) - known):
        for meant in difflib.get_close_matches(name, known, n=1, cutoff=LIKENESS):
            yield MISSPELT_NAME.found(
                f"Rule {rule.name!r} defines {name!r}, which Pigeon does not ask for.",
                f"Did you mean {meant!r}? If it is a helper of your own, give it a name less "
                "alike, or begin it with an underscore.",
                f"rule {rule.name!r}",
            )


def _own_names(cls: type[DefaultConfiguration]) -> set[str]:
    """Public names that the rule's class and those it is made of define, but for ours."""
    classes = [each for each in cls.__mro__ if each not in BASES and each is not object]
    return {name for each in classes for name in vars(each) if not name.startswith("_")}
