from __future__ import annotations

import io
import json

import pytest

from pigeon.exceptions import OutputGenerationError
from pigeon.makers.serialized import SerializedOutputMaker
from tests.apps.newsroom.models import Author
from tests.makers.rules import Partner


def made(maker: SerializedOutputMaker) -> str:
    target = io.BytesIO()
    maker.write(target)
    return target.getvalue().decode()


def test_json() -> None:
    [found] = json.loads(made(SerializedOutputMaker(Partner(), Author(pk=1, name="Zoë"))))
    assert found == {"model": "newsroom.author", "pk": 1, "fields": {"name": "Zoë"}}


def test_fields_and_format() -> None:
    text = made(SerializedOutputMaker(Partner(), Author(pk=1, name="Zoë"), "xml", ["name"]))
    assert "Zoë</field>" in text
    [found] = json.loads(made(SerializedOutputMaker(Partner(), Author(pk=1), fields=[])))
    assert found["fields"] == {}


def test_an_unknown_format_names_the_known_ones() -> None:
    with pytest.raises(OutputGenerationError, match=r"'nitf' is no .* json"):
        made(SerializedOutputMaker(Partner(), Author(pk=1), "nitf"))
