"""What every validator keeps."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from pigeon.exceptions import ValidationError
from pigeon.validators.base import validate
from pigeon.validators.json import JSONSchemaValidator, JSONValidator
from pigeon.validators.xml import (
    DTDValidator,
    RelaxNGValidator,
    WellFormedValidator,
    XSDValidator,
)

XSD = '<schema xmlns="http://www.w3.org/2001/XMLSchema"><element name="a" type="string"/></schema>'
RNG = '<element name="a" xmlns="http://relaxng.org/ns/structure/1.0"><text/></element>'
DTD = "<!ELEMENT a (#PCDATA)>"
CASES: dict[str, tuple[Any, str, bytes]] = {
    "well-formed": (lambda path: WellFormedValidator(), "", b"<a>\xc3\xa9</a>"),
    "dtd": (DTDValidator, DTD, b"<a>\xc3\xa9</a>"),
    "xsd": (XSDValidator, XSD, b"<a>\xc3\xa9</a>"),
    "relax ng": (RelaxNGValidator, RNG, b"<a>\xc3\xa9</a>"),
    "json": (lambda path: JSONValidator(), "", b'["\xc3\xa9"]'),
    "json schema": (JSONSchemaValidator, '{"type": "array"}', b'["\xc3\xa9"]'),
    "callable": (lambda path: lambda content: content == b"good", "", b"good"),
}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Any, bytes]:
    make, schema, good = CASES[request.param]
    (tmp_path / "schema").write_text(schema)
    return make(tmp_path / "schema"), good


def check(validator: Any, tmp_path: Path, content: bytes) -> None:
    output = tmp_path / f"output-{threading.get_ident()}"
    output.write_bytes(content)
    validate(output, "folder/output", [validator])
    assert output.read_bytes() == content, "it only reads"


def test_it_accepts_again_and_again(case: tuple[Any, bytes], tmp_path: Path) -> None:
    validator, good = case
    check(validator, tmp_path, good)
    check(validator, tmp_path, good)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"\0" * 10, b"<a", b"[" * 10])
def test_it_refuses_rubbish_and_names_the_output(
    case: tuple[Any, bytes], tmp_path: Path, content: bytes
) -> None:
    validator, good = case
    with pytest.raises(ValidationError, match=r"^folder/output was refused by"):
        check(validator, tmp_path, content)
    check(validator, tmp_path, good)


def test_it_refuses_what_is_cut_short(case: tuple[Any, bytes], tmp_path: Path) -> None:
    validator, good = case
    for length in range(len(good)):
        with pytest.raises(ValidationError):
            check(validator, tmp_path, good[:length])


def test_threads_may_share_it(case: tuple[Any, bytes], tmp_path: Path) -> None:
    validator, good = case
    wrong: list[str] = []

    def work() -> None:
        for _ in range(50):
            check(validator, tmp_path, good)
            try:
                check(validator, tmp_path, good[:-1])
                wrong.append("accepted")
            except ValidationError:
                continue

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not wrong
