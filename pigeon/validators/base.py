"""What a validator is, and how outputs are put before it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Protocol

from pigeon.exceptions import PigeonError, ValidationError

#: How many reasons a message gives, and how many characters of each.
MAX_REASONS = 5
MAX_REASON_LENGTH = 500


class Validator(Protocol):
    """An object that reads a file and raises when it must not go out.

    Besides, any function that takes the output's bytes is a validator: it refuses by raising,
    by returning ``False``, or by returning a reason or a list of reasons.
    """

    def validate(self, output: Path) -> None:
        """Accept the file at ``output``.

        Raises:
            ValidationError: it is refused; the sentence gives line and reason.
        """


#: A validator, a validator class that needs no arguments, or a function of the bytes.
AnyValidator = Validator | type[Validator] | Callable[[bytes], Any]


def validate(output: Path, path: str, validators: Iterable[AnyValidator]) -> None:
    """Put an output before all its validators.

    Args:
        output: the file on our disk.
        path: its relative path, for the message.
        validators: who is asked, in order; the first refusal ends it.

    Raises:
        ValidationError: refused; the sentence names the output, the validator and why.
    """
    for each in validators:
        validator = each() if isinstance(each, type) else each
        try:
            _ask(validator, output)
        except Exception as error:
            reason = _shortened(_reason(error))
            raise ValidationError(f"{path} was refused by {_name(validator)}: {reason}") from error


def sentence(reasons: Iterable[str]) -> str:
    """The first few of ``reasons`` in one text."""
    found = [_shortened(reason) for reason in reasons]
    more = f" (and {len(found) - MAX_REASONS} more)" if len(found) > MAX_REASONS else ""
    return "; ".join(found[:MAX_REASONS]) + more


def _ask(validator: Any, output: Path) -> None:
    check = getattr(validator, "validate", None)
    if check is not None:
        check(output)
        return
    answer = validator(output.read_bytes())
    if answer is None or answer is True:
        return
    if answer is False:
        raise ValidationError("no reason was given")
    reasons = [answer] if isinstance(answer, str) else [str(each) for each in answer]
    if reasons:
        raise ValidationError(sentence(reasons))


def _reason(error: Exception) -> str:
    if isinstance(error, PigeonError):
        return str(error)
    return f"{type(error).__name__}: {error}"


def _shortened(reason: str) -> str:
    return reason if len(reason) <= MAX_REASON_LENGTH else reason[: MAX_REASON_LENGTH - 1] + "…"


def _name(validator: Any) -> str:
    return getattr(validator, "__name__", type(validator).__name__)
