"""OpenTelemetry spans around the work of a push, where the site has set up a tracer provider.

Without ``opentelemetry-api``, or with it but without a provider, a batch only asks whether there
is one, and an item not even that. Spans are called ``pigeon.claim``, ``pigeon.export``,
``pigeon.deliver`` and ``pigeon.record``; their attributes begin with ``pigeon.``, see
https://opentelemetry.io/docs/.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sized
from contextlib import AbstractContextManager, contextmanager
from functools import lru_cache, wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

from pigeon.version import __version__

try:
    from opentelemetry import trace
except ImportError:  # the site does without
    trace = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from opentelemetry.trace import Span, Tracer, TracerProvider

F = TypeVar("F", bound=Callable[..., Any])
#: Name without ``pigeon.`` → value. Of ``error``, a redacted sentence, the span's status is made.
Facts = Mapping[str, object]


def _nothing(result: object) -> Facts:
    return {}


def number(items: Sized) -> Facts:
    """How many items a call is about."""
    return {"items": len(items)}


def traced(
    name: str,
    before: Callable[..., Facts],
    after: Callable[[Any], Facts] = _nothing,
    *,
    often: bool = False,
) -> Callable[[F], F]:
    """Let each call of a function, or coroutine function, be a span.

    Exceptions are noted by their class alone, since their text may hold a password.

    Args:
        name: of the span.
        before: given the call's arguments, what is known of it; only called with a provider.
        after: given what the call returned, what is known then.
        often: it is called for each item: that there is a provider is not asked anew, since
            the batch has asked.
    """

    def decorate(function: F) -> F:
        carry_out = _awaited if inspect.iscoroutinefunction(function) else _called

        @wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            tracer = _asked.tracer if often else _asked.anew()
            if tracer is None:
                return function(*args, **kwargs)
            span = _span(tracer, name, before(*args, **kwargs))
            return carry_out(span, after, function, *args, **kwargs)

        return cast("F", call)

    return decorate


class _Asked:
    """The answer to whether there is a provider: some microseconds, too many for each item.

    Attributes:
        tracer: Pigeon's, as far as is known; ``None``: nobody wants spans.
    """

    tracer: Tracer | None = None

    def anew(self) -> Tracer | None:
        """Ask again."""
        self.tracer = None if trace is None else _present()
        return self.tracer


_asked = _Asked()


def _present() -> Tracer | None:
    provider = trace.get_tracer_provider()
    if isinstance(provider, (trace.ProxyTracerProvider, trace.NoOpTracerProvider)):
        return None
    return _tracer_of(provider)


@lru_cache(maxsize=1)
def _tracer_of(provider: TracerProvider) -> Tracer:
    return provider.get_tracer("pigeon", __version__)


def _called(
    span: AbstractContextManager[Span],
    after: Callable[[Any], Facts],
    function: Callable[..., Any],
    *args: Any,
    **kwargs: Any,
) -> Any:
    with span as current:
        result = function(*args, **kwargs)
        _tell(current, after(result))
        return result


async def _awaited(
    span: AbstractContextManager[Span],
    after: Callable[[Any], Facts],
    function: Callable[..., Any],
    *args: Any,
    **kwargs: Any,
) -> Any:
    with span as current:
        result = await function(*args, **kwargs)
        _tell(current, after(result))
        return result


@contextmanager
def _span(tracer: Tracer, name: str, facts: Facts) -> Iterator[Span]:
    with tracer.start_as_current_span(
        name, record_exception=False, set_status_on_exception=False
    ) as span:
        _tell(span, facts)
        try:
            yield span
        except Exception as error:
            span.set_attribute("error.type", type(error).__name__)
            span.set_status(trace.Status(trace.StatusCode.ERROR))
            raise


def _tell(span: Span, facts: Facts) -> None:
    """Put ``facts`` on ``span``, leaving out what is not known."""
    for name, value in facts.items():
        if name == "error" and value:
            span.set_status(trace.Status(trace.StatusCode.ERROR, str(value)))
        elif value not in (None, ""):
            known = value if isinstance(value, bool | int | float) else str(value)
            span.set_attribute(f"pigeon.{name}", known)
