"""How refusals are answered: one form for all of them, naming cause and cure."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import RequestDataTooBig
from rest_framework import exceptions, serializers
from rest_framework.response import Response
from rest_framework.views import exception_handler

from pigeon.exceptions import PigeonError
from pigeon.text import storable


class Conflict(exceptions.APIException):
    """What was asked for cannot be done to the thing as it is now."""

    status_code = 409
    default_code = "conflict"


class Problem(serializers.Serializer[Any]):
    """Why a request was refused, and what to do about it."""

    detail = serializers.CharField(help_text="Cause and cure, for people.")
    parameters = serializers.DictField(
        child=serializers.CharField(),
        help_text="For each parameter that was wrong: cause and cure. Empty otherwise.",
    )


def answer_problem(error: Exception, context: Any) -> Response | None:
    """The answer to ``error``; ``None`` for a fault of ours, which Django then reports."""
    if isinstance(error, PigeonError):
        error = exceptions.ValidationError(str(error))
    if isinstance(error, RequestDataTooBig):
        error = exceptions.ParseError("The body is too long. Name fewer items at a time.")
    response = exception_handler(error, context)
    if response is not None:
        response.data = _body(response.data)
    return response


def _body(data: Any) -> dict[str, Any]:
    if isinstance(data, dict) and set(data) == {"detail"}:
        return {"detail": _words(data["detail"]), "parameters": {}}
    if not isinstance(data, dict):
        return {"detail": _words(data), "parameters": {}}
    general = _words(data.get("non_field_errors", ""))
    wrong = {storable(str(k)): _words(v) for k, v in data.items() if k != "non_field_errors"}
    told = [f"{name}: {words}" for name, words in wrong.items()]
    return {"detail": " ".join(filter(None, [general, *told])), "parameters": wrong}


def _words(data: Any) -> str:
    """The sentences in ``data``, however deep they are in lists and dictionaries."""
    if isinstance(data, dict):
        return " ".join(f"{name}: {_words(value)}" for name, value in data.items())
    if isinstance(data, list | tuple):
        return " ".join(filter(None, map(_words, data)))
    return str(data)
