from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pigeon.exceptions import ValidationError
from pigeon.validators.base import validate


@pytest.fixture
def output(tmp_path: Path) -> Path:
    path = tmp_path / "a.txt"
    path.write_bytes(b"content")
    return path


class Refuses:
    def validate(self, output: Path) -> None:
        raise ValidationError(f"line 3: {output.read_text()}")


def raises(content: bytes) -> None:
    raise KeyError("missing")


@pytest.mark.parametrize(
    ("validator", "message"),
    [
        (Refuses, "x/a.txt was refused by Refuses: line 3: content"),
        (Refuses(), "x/a.txt was refused by Refuses: line 3: content"),
        (raises, "x/a.txt was refused by raises: KeyError: 'missing'"),
        (lambda content: False, "x/a.txt was refused by <lambda>: no reason was given"),
        (lambda content: "too plain", "x/a.txt was refused by <lambda>: too plain"),
        (lambda content: ["a", "b"], "x/a.txt was refused by <lambda>: a; b"),
    ],
)
def test_a_refusal_names_output_validator_and_reason(
    output: Path, validator: Any, message: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        validate(output, "x/a.txt", [validator])
    assert str(caught.value) == message


@pytest.mark.parametrize("answer", [None, True, [], ()])
def test_functions_accept(output: Path, answer: Any) -> None:
    seen: list[bytes] = []

    def accepts(content: bytes) -> Any:
        seen.append(content)
        return answer

    validate(output, "a.txt", [accepts])
    assert seen == [b"content"]


def test_the_first_refusal_ends_it(output: Path) -> None:
    with pytest.raises(ValidationError, match="Refuses"):
        validate(output, "a.txt", [lambda content: None, Refuses, raises])


def test_many_long_reasons_are_shortened(output: Path) -> None:
    with pytest.raises(ValidationError) as caught:
        validate(output, "a.txt", [lambda content: ["x" * 10000] * 1000])
    assert len(str(caught.value)) < 3000
