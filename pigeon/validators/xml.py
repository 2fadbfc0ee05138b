"""XML: well-formed, and by DTD, XML Schema or Relax NG.

Nothing is fetched, neither over a network nor from the disk, because a document says so. A
document type without entities (``<!DOCTYPE nitf SYSTEM "nitf.dtd">``) is harmless and allowed;
one that declares entities is refused, whatever they are, as is a reference to an entity that
only a document type could explain: write the characters themselves.
"""

from __future__ import annotations

import threading
from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lxml import etree

from pigeon.exceptions import ConfigurationError, ValidationError
from pigeon.validators.base import sentence
from pigeon.validators.cache import Cached


class WellFormedValidator:
    """Refuses what is not well-formed XML, truncated documents and entity tricks included."""

    def validate(self, output: Path) -> None:
        """Accept well-formed XML.

        Raises:
            ValidationError: with line and reason.
        """
        parsed(output)


class SchemaValidator(WellFormedValidator):
    """Checks against a schema file, which is read once and again when it has changed.

    Args:
        schema: path of the schema. Files that it includes are found beside it.
        references: URL → path of a local copy, for includes by URL; nothing is downloaded.
    """

    def __init__(
        self, schema: str | Path, *, references: Mapping[str, str | Path] | None = None
    ) -> None:
        self.schema = Path(schema)
        self.references = dict(references or {})
        self._loaded = Cached(self.schema, self._load_safely)
        # lxml keeps the errors of a run on the schema, so runs must not overlap.
        self._lock = threading.Lock()

    def validate(self, output: Path) -> None:
        """Accept XML that the schema accepts.

        Raises:
            ValidationError: with lines and reasons.
            ConfigurationError: the schema itself cannot be read.
        """
        tree = parsed(output)
        schema = self._loaded.get()
        with self._lock:
            valid = schema.validate(tree)
            reasons = [f"line {each.line}: {each.message}" for each in schema.error_log]
        if not valid:
            raise ValidationError(sentence(reasons))

    def _load_safely(self) -> Any:
        local = _LocalOnly(self.references)
        try:
            return self._load(local)
        except (etree.LxmlError, OSError) as error:
            raise ConfigurationError(
                f"The schema {self.schema} cannot be used: {error}{local.cure()}"
            ) from error

    def _parse(self, local: _LocalOnly) -> Any:
        parser = etree.XMLParser(no_network=True)
        parser.resolvers.add(local)
        return etree.parse(str(self.schema), parser)

    @abstractmethod
    def _load(self, local: _LocalOnly) -> Any:
        """The schema, ready to validate."""


class DTDValidator(SchemaValidator):
    """Checks against a DTD file, whether or not the document names it."""

    def _load(self, local: _LocalOnly) -> Any:
        with self.schema.open("rb"):  # lxml's message for a missing file does not say so
            return etree.DTD(file=str(self.schema))


class XSDValidator(SchemaValidator):
    """Checks against a W3C XML Schema."""

    def _load(self, local: _LocalOnly) -> Any:
        return etree.XMLSchema(self._parse(local))


class RelaxNGValidator(SchemaValidator):
    """Checks against a Relax NG schema in XML syntax (``.rng``)."""

    def _load(self, local: _LocalOnly) -> Any:
        return etree.RelaxNG(self._parse(local))


def parsed(output: Path) -> Any:
    """The document at ``output`` as an lxml tree.

    Raises:
        ValidationError: not well-formed, or it declares or needs entities.
    """
    # A parser of its own for each document: lxml's parsers remember and are not shared.
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    try:
        with output.open("rb") as content:
            tree = etree.parse(content, parser)
    except etree.XMLSyntaxError as error:
        raise ValidationError(f"line {error.lineno}: {error.msg}") from error
    _refuse_entities(tree)
    return tree


def _refuse_entities(tree: Any) -> None:
    dtd = tree.docinfo.internalDTD
    declared = next(iter(dtd.iterentities()), None) if dtd is not None else None
    if declared is not None:
        raise ValidationError(
            f"its DOCTYPE declares the entity {declared.name!r}; entities can read files and "
            "fill memory at the partner, so write the text itself"
        )
    used = next(tree.iter(etree.Entity), None) if dtd is not None else None
    if used is not None:
        raise ValidationError(
            f"line {used.sourceline}: the entity {used.text} is not declared; write the "
            "character itself"
        )


class _LocalOnly(etree.Resolver):
    """Finds what a schema includes on our disk, and never on a network."""

    def __init__(self, references: Mapping[str, str | Path]) -> None:
        self.references = references
        self.refused: list[str] = []

    def resolve(  # type: ignore[override]
        self, url: str, public_id: str | None, context: Any
    ) -> Any:
        """The local copy of ``url``; lxml's own way for files; nothing for other URLs."""
        if url in self.references:
            return self.resolve_filename(str(self.references[url]), context)  # type: ignore[attr-defined]
        if "://" in url and not url.startswith("file://"):
            self.refused.append(url)
            return self.resolve_string("", context, base_url=None)
        return None

    def cure(self) -> str:
        """What to do about URLs that were not followed."""
        if not self.refused:
            return ""
        return (
            f". It includes {', '.join(self.refused)}, and schemas are never downloaded: save "
            "a copy and give references={URL: path}."
        )
