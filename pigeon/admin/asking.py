"""A page between an action and what it does, that asks for what the action needs."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.admin import ModelAdmin, helpers
from django.http import HttpRequest
from django.template.response import TemplateResponse

from pigeon.operations.steering import PRIORITIES

#: Characters of a reason.
LONGEST = 500
#: The name of the button, so that the page knows its own answer.
ANSWER = "pigeon-answer"


class PriorityForm(forms.Form):
    """Asks for a priority."""

    priority = forms.IntegerField(
        min_value=PRIORITIES[0],
        max_value=PRIORITIES[1],
        help_text="Items with a higher number go first; 0 is usual.",
    )


class ReasonForm(forms.Form):
    """Asks why."""

    reason = forms.CharField(
        required=False,
        max_length=LONGEST,
        help_text="Shown wherever the destination is, until it is resumed.",
    )


def form_of(request: HttpRequest, kind: type[forms.Form]) -> forms.Form:
    """The form, with what was answered if the request comes from the page."""
    return kind(request.POST if ANSWER in request.POST else None)


def ask(
    admin: ModelAdmin[Any], request: HttpRequest, form: forms.Form, title: str, action: str
) -> TemplateResponse:
    """The page; its answer comes to the same action, with the same rows chosen."""
    context = {
        **admin.admin_site.each_context(request),
        "title": title,
        "form": form,
        "opts": admin.model._meta,
        "action": action,
        "answer": ANSWER,
        "chosen": request.POST.getlist(helpers.ACTION_CHECKBOX_NAME),
        "chosen_name": helpers.ACTION_CHECKBOX_NAME,
        "across": request.POST.get("select_across", "0"),
    }
    return TemplateResponse(request, "pigeon/admin/ask.html", context)
