"""What the OpenAPI document says of each method, beside the method that does it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter

from pigeon.api.parameters import Parameters
from pigeon.api.problems import Problem

Handler = TypeVar("Handler", bound=Callable[..., Any])


@dataclass(frozen=True)
class Operation:
    """A method of a view.

    Attributes:
        name: unique, for the functions of generated clients.
        answer: the serializer of what is answered with status 200.
        parameters: what the URL may say.
        body: what the body may say.
        refusals: statuses that it may answer besides those that all have.
        path: what stands in the path.
    """

    name: str
    answer: Any
    parameters: type[Parameters] | None = None
    body: type[Parameters] | None = None
    refusals: tuple[int, ...] = ()
    path: tuple[OpenApiParameter, ...] = ()

    @property
    def statuses(self) -> tuple[int, ...]:
        """All that it may answer but 200: 429 is the site's doing."""
        return (400, 401, 403, 406, 429, *([415] if self.body else []), *self.refusals)


def operation(name: str, answer: Any, **more: Any) -> Callable[[Handler], Handler]:
    """Describe a method by an :class:`Operation`; its docstring is what people read."""

    def describe(handler: Handler) -> Handler:
        handler.operation = Operation(name, answer, **more)  # type: ignore[attr-defined]
        return handler

    return describe


class DescribedSchema(AutoSchema):
    """Takes from the methods of views what it would guess otherwise."""

    @property
    def _operation(self) -> Operation:
        found: Operation = getattr(self.view, self.method.lower()).operation
        return found

    def get_operation_id(self) -> str:
        """The operation's name."""
        return self._operation.name

    def get_override_parameters(self) -> list[Any]:
        """What path and query may say."""
        declared = self._operation.parameters
        return [*self._operation.path, *([declared] if declared else [])]

    def get_request_serializer(self) -> Any:
        """What the body may say."""
        return self._operation.body

    def get_response_serializers(self) -> Any:
        """What it answers, by status."""
        return {200: self._operation.answer, **dict.fromkeys(self._operation.statuses, Problem)}
