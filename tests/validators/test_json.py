from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import Any

import pytest

from pigeon.exceptions import ConfigurationError, ValidationError
from pigeon.validators.json import JSONSchemaValidator, JSONValidator, line_of

IPTC = Path(__file__).resolve().parents[3] / "shared" / "data" / "iptc"


@pytest.fixture
def document(tmp_path: Path) -> Any:
    def write(content: str | bytes) -> Path:
        path = tmp_path / "document.json"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


@pytest.mark.parametrize("text", ["{}", "[]", "1.5e3", "null", '{"é": ["北京", {"é": 1}]}'])
def test_strict_json_passes(document: Any, text: str) -> None:
    JSONValidator().validate(document(text))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"a": 1,\n "b": tr', "line 2: Expecting value"),
        ("", "line 1: Expecting value"),
        ("[1]\n[2]", "line 2: Extra data"),
        ("[NaN]", "NaN is not JSON"),
        ("[-Infinity]", "-Infinity is not JSON"),
        ('{"a": 1, "b": {"c": 1, "c": 2}}', "the key 'c' appears twice"),
        (b'["\xe9"]', "not UTF-8"),
        (b"\xef\xbb\xbf{}", "line 1"),
        ("[" * 100_000, "nested too deeply"),
        ("1" * 5000, "4300 digits"),
    ],
)
def test_other_things_are_refused_with_a_reason(
    document: Any, content: str | bytes, words: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        JSONValidator().validate(document(content))
    assert words in str(caught.value)


def test_lines_are_found_by_path() -> None:
    text = '\n{"a" : {"x]": 1},\n"b\\n": [ "}" ,\n[],\n{"c":\n\n3}], "é":\n{}}'
    assert line_of(text, []) == 2
    assert line_of(text, ["a", "x]"]) == 2
    assert line_of(text, ["b\n", 0]) == 3
    assert line_of(text, ["b\n", 1]) == 4
    assert line_of(text, ["b\n", 2, "c"]) == 7
    assert line_of(text, ["é"]) == 8


SCHEMA = {
    "type": "object",
    "properties": {"title": {"type": "string"}, "place": {"$ref": "#/$defs/place"}},
    "required": ["title"],
    "$defs": {"place": {"type": "object", "properties": {"code": {"type": "integer"}}}},
}


def test_a_schema_refuses_with_path_line_and_reason(document: Any) -> None:
    validator = JSONSchemaValidator(SCHEMA)
    validator.validate(document('{"title": "été"}'))
    with pytest.raises(ValidationError) as caught:
        validator.validate(document('{"title": "a",\n "place": {\n"code": "x"}}'))
    assert str(caught.value) == "line 3: $.place.code: 'x' is not of type 'integer'"
    with pytest.raises(ValidationError, match=r"line 1: .*'title' is a required property"):
        validator.validate(document("{}"))


def test_the_draft_is_the_one_that_the_schema_names(document: Any) -> None:
    four = {"$schema": "http://json-schema.org/draft-04/schema#", "maximum": 3}
    JSONSchemaValidator({**four, "exclusiveMaximum": False}).validate(document("3"))
    with pytest.raises(ValidationError):
        JSONSchemaValidator({**four, "exclusiveMaximum": True}).validate(document("3"))


def test_a_broken_schema_is_named(document: Any, tmp_path: Path) -> None:
    path = tmp_path / "schema.json"
    path.write_text('{"type": "strnig"}')
    with pytest.raises(ConfigurationError, match=r"schema\.json is itself wrong at \$\.type"):
        JSONSchemaValidator(path).validate(document("1"))
    with pytest.raises(ConfigurationError, match=r"gone\.json cannot be read: No such file"):
        JSONSchemaValidator(tmp_path / "gone.json").validate(document("1"))
    path.write_text("{")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        JSONSchemaValidator(path).validate(document("1"))


def test_a_changed_schema_is_read_again(document: Any, tmp_path: Path) -> None:
    path = tmp_path / "schema.json"
    path.write_text('{"type": "string"}')
    validator = JSONSchemaValidator(path)
    validator.validate(document('"a"'))
    path.write_text('{"type": "number"}')
    os.utime(path, (1, 1))
    with pytest.raises(ValidationError):
        validator.validate(document('"a"'))


def test_a_reference_is_found_beside_the_schema(document: Any, tmp_path: Path) -> None:
    (tmp_path / "part.json").write_text('{"type": "string"}')
    (tmp_path / "schema.json").write_text('{"$ref": "part.json"}')
    validator = JSONSchemaValidator(tmp_path / "schema.json")
    validator.validate(document('"a"'))
    with pytest.raises(ValidationError):
        validator.validate(document("1"))


def test_a_reference_by_url_is_never_fetched(document: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/part.json"
        with pytest.raises(ConfigurationError, match=r"never downloaded.*references="):
            JSONSchemaValidator({"$ref": url}).validate(document("1"))
        server.settimeout(0.05)
        with pytest.raises(TimeoutError):
            server.accept()


def test_a_reference_by_url_is_found_in_its_local_copy(document: Any) -> None:
    url = "https://partner.example/part.json"
    validator = JSONSchemaValidator({"$ref": url + "#"}, references={url: {"type": "string"}})
    validator.validate(document('"a"'))
    with pytest.raises(ValidationError):
        validator.validate(document("1"))


@pytest.mark.skipif(not IPTC.is_dir(), reason="the IPTC schemas are not on this machine")
class TestNinjs:
    @pytest.fixture
    def validator(self) -> JSONSchemaValidator:
        return JSONSchemaValidator(
            IPTC / "ninjs-schema_3.0.json",
            references={"https://geojson.org/schema/GeoJSON.json": {}},
        )

    def test_published_stories_pass(self, validator: JSONSchemaValidator) -> None:
        stories = sorted((IPTC / "stories").glob("*.json"))
        assert stories
        for story in stories:
            validator.validate(story)

    def test_a_wrong_story_is_refused(self, validator: JSONSchemaValidator, document: Any) -> None:
        story = json.loads((IPTC / "stories" / "dpa_text.json").read_text())
        story["headlines"] = "not a list"
        with pytest.raises(ValidationError, match=r"line \d+: \$\.headlines: .*'array'"):
            validator.validate(document(json.dumps(story, indent=1)))
