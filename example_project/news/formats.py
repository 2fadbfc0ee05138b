"""The validators of the IPTC's formats; without its schemas, of well-formedness only."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings

from pigeon.validators.json import JSONSchemaValidator, JSONValidator
from pigeon.validators.xml import WellFormedValidator, XSDValidator

NITF_SCHEMA = "nitf-3-6.xsd"
NINJS_SCHEMA = "ninjs-schema_3.0.json"


def nitf_validators() -> list[Any]:
    schema = Path(settings.NEWSROOM_IPTC_DIRECTORY) / NITF_SCHEMA
    return [_nitf(schema) if schema.exists() else WellFormedValidator()]


def ninjs_validators() -> list[Any]:
    schema = Path(settings.NEWSROOM_IPTC_DIRECTORY) / NINJS_SCHEMA
    return [_ninjs(schema) if schema.exists() else JSONValidator()]


# Schemas are large: one validator of each serves the whole process.


@cache
def _nitf(schema: Path) -> XSDValidator:
    return XSDValidator(schema)


@cache
def _ninjs(schema: Path) -> JSONSchemaValidator:
    return JSONSchemaValidator(schema)
