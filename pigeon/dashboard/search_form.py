"""The search field and the filters of the list of items."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.http import urlencode

from pigeon.dashboard.time_form import MomentField, TimeForm
from pigeon.models.status import FIRST_ERROR, UNFINISHED, WAITING, Status
from pigeon.overview.query import Query
from pigeon.registry import registry

#: Name → the statuses that people ask for together.
GROUPS: Mapping[str, tuple[int, ...]] = {
    "failed": tuple(status for status in Status if status >= FIRST_ERROR),
    "waiting": WAITING,
    "unfinished": UNFINISHED,
}


class SearchForm(TimeForm):
    """What is looked for; every field may be empty."""

    q = forms.CharField(required=False, max_length=300, label="Object, file, #item or title")
    destination = forms.CharField(required=False, max_length=200)
    rule = forms.CharField(required=False, max_length=100)
    status = forms.MultipleChoiceField(required=False)
    since = MomentField(required=False, label="Tried from")
    until = MomentField(required=False, label="Tried before")
    object = forms.CharField(required=False, max_length=450)

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        choices = [("", "any"), *((name, name) for name in GROUPS)]
        choices += [(str(status.value), str(status.label)) for status in Status]
        self.fields["status"].choices = choices  # type: ignore[attr-defined]

    def query(self) -> Query:
        """What to look for, of a valid form."""
        found = self.cleaned_data
        return Query(
            text=found["q"].strip(),
            destination=found["destination"],
            rule=found["rule"],
            statuses=tuple(sorted(_numbers(found["status"]))),
            since=found["since"],
            until=found["until"],
            object=found["object"].strip(),
        )

    def pairs(self) -> list[tuple[str, str]]:
        """What was asked, for addresses and hidden fields."""
        return [(name, value) for name in self.fields for value in self.said(name) if value]

    def said(self, name: str) -> list[str]:
        """What was sent under ``name``, valid or not."""
        values: list[str] = self.data.getlist(name)  # type: ignore[attr-defined]
        return values

    def address(self, **more: str) -> str:
        """The same question as the query of an address."""
        return urlencode([*self.pairs(), *more.items()])


def destination_names(present: str) -> list[str]:
    """Names to choose from; ``present`` may be of a destination that is gone."""
    return sorted({*registry.destinations(), *filter(None, [present])})


def rule_names(present: str) -> list[str]:
    """Names of rules to choose from; ``present`` may be of one that is gone."""
    return sorted({*(rule.name for rule in registry.rules()), *filter(None, [present])})


def _numbers(names: Iterable[str]) -> set[int]:
    """The statuses that ``names`` stand for; an empty name stands for none."""
    found: set[int] = set()
    for name in filter(None, names):
        found.update(GROUPS[name] if name in GROUPS else (int(name),))
    return found
