"""JSON: well-formed and strict, and by JSON Schema."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from json.decoder import scanstring  # type: ignore[attr-defined]
from pathlib import Path
from typing import Any

from jsonschema import exceptions as schema_errors
from jsonschema import validators as drafts
from jsonschema_specifications import REGISTRY  # type: ignore[import-untyped]
from referencing import Registry, Resource
from referencing.exceptions import NoSuchResource, Unresolvable
from referencing.jsonschema import DRAFT202012

from pigeon.exceptions import ConfigurationError, ValidationError
from pigeon.validators.base import sentence
from pigeon.validators.cache import Cached

#: What ``references`` and the schema may be: a path of a file, or the schema itself.
Schema = str | Path | Mapping[str, Any]


class JSONValidator:
    """Refuses what is not strict JSON (RFC 8259) in UTF-8.

    ``NaN``, infinities, duplicate keys, a byte order mark and truncated documents are refused.
    """

    def validate(self, output: Path) -> None:
        """Accept strict JSON.

        Raises:
            ValidationError: with line and reason.
        """
        parsed(output)


class JSONSchemaValidator:
    """Checks against a JSON Schema of any draft that the schema's ``$schema`` names (2020-12).

    Args:
        schema: path of the schema, or the schema itself.
        references: URL → path or schema, for what ``$ref`` names outside the schema; nothing
            is downloaded. A relative ``$ref`` is found beside the schema's file.
    """

    def __init__(self, schema: Schema, *, references: Mapping[str, Schema] | None = None) -> None:
        self.schema = schema
        self.references = {url.rstrip("#"): each for url, each in (references or {}).items()}
        self._get: Callable[[], Any]
        if isinstance(schema, str | Path):
            self._get = Cached(Path(schema), self._load).get
        else:
            fixed = self._load()
            self._get = lambda: fixed

    def validate(self, output: Path) -> None:
        """Accept JSON that the schema accepts.

        Raises:
            ValidationError: with the path in the document, the line and the reason.
            ConfigurationError: the schema itself cannot be used.
        """
        text, document = parsed(output)
        try:
            errors = sorted(self._get().iter_errors(document), key=schema_errors.relevance)
        except Unresolvable as error:
            raise ConfigurationError(
                f"The schema refers to {error.ref!r}, and schemas are never downloaded: save a "
                "copy and give references={URL: path} to JSONSchemaValidator."
            ) from error
        if errors:
            raise ValidationError(sentence(_reason(text, error) for error in reversed(errors)))

    def _load(self) -> Any:
        contents = _contents(self.schema)
        draft = drafts.validator_for(contents, default=drafts.Draft202012Validator)
        try:
            draft.check_schema(contents)
        except schema_errors.SchemaError as error:
            raise ConfigurationError(
                f"The JSON schema {_called(self.schema)} is itself wrong at {error.json_path}: "
                f"{error.message}"
            ) from error
        # A registry that knows nothing else: jsonschema's own default would download.
        local: Registry[Any] = Registry(retrieve=self._retrieve)  # type: ignore[call-arg]
        return draft(contents, registry=local.combine(REGISTRY))

    def _retrieve(self, url: str) -> Resource[Any]:
        known = self.references.get(url.rstrip("#"))
        if known is None:
            known = self._beside(url)
        return Resource.from_contents(_contents(known), default_specification=DRAFT202012)

    def _beside(self, url: str) -> Path:
        if not isinstance(self.schema, str | Path) or ":" in url:
            raise NoSuchResource(url)
        found = Path(self.schema).parent / url
        if not found.is_file():
            raise NoSuchResource(url)
        return found


def parsed(output: Path) -> tuple[str, Any]:
    """The text at ``output`` and what it says, as strict JSON.

    Raises:
        ValidationError: it is not strict JSON.
    """
    try:
        text = output.read_bytes().decode()
        return text, json.loads(text, parse_constant=_no_constant, object_pairs_hook=_unique)
    except UnicodeDecodeError as error:
        raise ValidationError(f"it is not UTF-8: {error.reason} at byte {error.start}") from error
    except json.JSONDecodeError as error:
        raise ValidationError(f"line {error.lineno}: {error.msg}") from error
    except RecursionError as error:
        raise ValidationError("it is nested too deeply") from error
    except ValueError as error:  # such as a number of too many digits
        raise ValidationError(str(error)) from error


def line_of(text: str, path: Sequence[str | int]) -> int:
    """The line, from 1, on which the value at ``path`` begins in the valid JSON ``text``."""
    position = _skip(text, 0)
    for step in path:
        position = _member(text, position, step)
    return text.count("\n", 0, position) + 1


def _member(text: str, position: int, step: str | int) -> int:
    """Where the member ``step`` of the object or array that begins at ``position`` begins."""
    decoder = json.JSONDecoder()
    position, index = _skip(text, position + 1), 0
    while True:
        key: str | int = index
        if isinstance(step, str):
            key, position = scanstring(text, position + 1)
            position = _skip(text, _skip(text, position) + 1)
        if key == step:
            return position
        _, position = decoder.raw_decode(text, position)
        position, index = _skip(text, _skip(text, position) + 1), index + 1


def _skip(text: str, position: int) -> int:
    while text[position] in " \t\r\n":
        position += 1
    return position


def _reason(text: str, error: schema_errors.ValidationError) -> str:
    line = line_of(text, list(error.absolute_path))
    return f"line {line}: {error.json_path}: {error.message}"


def _no_constant(name: str) -> None:
    raise ValidationError(f"{name} is not JSON")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValidationError(f"the key {twice!r} appears twice in one object")
    return found


def _contents(schema: Schema) -> Any:
    if not isinstance(schema, str | Path):
        return schema
    try:
        return json.loads(Path(schema).read_bytes())
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"The JSON schema {schema} cannot be read: {error}") from error


def _called(schema: Schema) -> str:
    return str(schema) if isinstance(schema, str | Path) else "given as a dictionary"
