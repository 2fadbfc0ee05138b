from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

import pytest

from pigeon.exceptions import ConfigurationError, ValidationError
from pigeon.validators.xml import (
    DTDValidator,
    RelaxNGValidator,
    WellFormedValidator,
    XSDValidator,
)

IPTC = Path(__file__).resolve().parents[3] / "shared" / "data" / "iptc"


@pytest.fixture
def document(tmp_path: Path) -> Any:
    def write(text: str) -> Path:
        path = tmp_path / "document.xml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize(
    "text",
    [
        "<a/>",
        '<?xml version="1.0" encoding="utf-8"?>\n<a>été 北京</a>',
        '<!DOCTYPE nitf SYSTEM "nitf.dtd"><nitf/>',
        '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0//EN" "http://192.0.2.1/x.dtd"><html/>',
        "<!DOCTYPE a [<!ELEMENT a ANY>]><a/>",
        "<a>&amp;&lt;&#233;</a>",
    ],
)
def test_well_formed_documents_pass(document: Any, text: str) -> None:
    WellFormedValidator().validate(document(text))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<a>\n<b>\n</a>", "line 3: Opening and ending tag mismatch"),
        ("<a>\n<b>truncat", "line 2"),
        ("", "line 1: Document is empty"),
        ("<a>\n&eacute;</a>", "line 2: Entity 'eacute' not defined"),
        ("<a>\n\x0b</a>", "line 2: PCDATA invalid Char value 11"),
        ("<a/><b/>", "line 1: Extra content"),
        ('<!DOCTYPE a SYSTEM "a.dtd">\n<a>&eacute;</a>', "line 2: the entity &eacute; is not"),
    ],
)
def test_broken_documents_are_refused_with_line_and_reason(
    document: Any, text: str, words: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        WellFormedValidator().validate(document(text))
    assert words in str(caught.value)


BOMB = "".join(f'<!ENTITY e{i + 1} "{f"&e{i};" * 10}">' for i in range(30))
TRICKS = {
    "harmless": '<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>',
    "unused": '<!DOCTYPE a [<!ENTITY e "x">]><a/>',
    "bomb": f'<!DOCTYPE a [<!ENTITY e0 "x">{BOMB}]><a>&e30;</a>',
    "bomb in an attribute": f'<!DOCTYPE a [<!ENTITY e0 "x">{BOMB}]><a b="&e30;"/>',
    "external": '<!DOCTYPE a [<!ENTITY e SYSTEM "SECRET">]><a>&e;</a>',
    "parameter": '<!DOCTYPE a [<!ENTITY % e SYSTEM "SECRET"> %e;]><a/>',
}


@pytest.mark.parametrize("trick", TRICKS)
def test_entities_are_refused_and_never_read(document: Any, tmp_path: Path, trick: str) -> None:
    fifo = tmp_path / "secret"
    os.mkfifo(fifo)  # whoever opened it would hang
    with pytest.raises(ValidationError) as caught:
        WellFormedValidator().validate(document(TRICKS[trick].replace("SECRET", fifo.as_uri())))
    assert "entit" in str(caught.value)


def test_nothing_is_fetched_over_the_network(document: Any, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/x"
        WellFormedValidator().validate(document(f'<!DOCTYPE a SYSTEM "{url}.dtd"><a/>'))
        schema = tmp_path / "a.xsd"
        schema.write_text(
            f'<schema xmlns="http://www.w3.org/2001/XMLSchema"><include schemaLocation="{url}"/>'
            '<element name="a"/></schema>'
        )
        with pytest.raises(ConfigurationError) as caught:
            XSDValidator(schema).validate(document("<a/>"))
        assert f"includes {url}" in str(caught.value)
        assert "references={URL: path}" in str(caught.value)
        server.settimeout(0.05)
        with pytest.raises(TimeoutError):
            server.accept()


def test_an_include_by_url_is_found_in_its_local_copy(document: Any, tmp_path: Path) -> None:
    schema, part = tmp_path / "a.xsd", tmp_path / "part.xsd"
    url = "http://192.0.2.1/part.xsd"
    head = '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">'
    part.write_text(
        f'{head}<xs:simpleType name="t"><xs:restriction base="xs:int"/></xs:simpleType>'
        "</xs:schema>"
    )
    schema.write_text(
        f'{head}<xs:include schemaLocation="{url}"/><xs:element name="a" type="t"/></xs:schema>'
    )
    validator = XSDValidator(schema, references={url: part})
    validator.validate(document("<a>5</a>"))
    with pytest.raises(ValidationError, match="line 1"):
        validator.validate(document("<a>five</a>"))


SCHEMAS = {
    DTDValidator: "<!ELEMENT a (b)>\n<!ELEMENT b (#PCDATA)>",
    XSDValidator: (
        '<schema xmlns="http://www.w3.org/2001/XMLSchema"><element name="a"><complexType>'
        '<sequence><element name="b" type="string"/></sequence></complexType></element></schema>'
    ),
    RelaxNGValidator: (
        '<element name="a" xmlns="http://relaxng.org/ns/structure/1.0">'
        '<element name="b"><text/></element></element>'
    ),
}


@pytest.mark.parametrize("kind", SCHEMAS)
class TestSchemas:
    @pytest.fixture
    def validator(self, kind: Any, tmp_path: Path) -> Any:
        (tmp_path / "schema").write_text(SCHEMAS[kind])
        return kind(tmp_path / "schema")

    def test_valid(self, validator: Any, document: Any) -> None:
        validator.validate(document("<a>\n<b>é</b></a>"))

    def test_invalid_has_line_and_reason(self, validator: Any, document: Any) -> None:
        with pytest.raises(ValidationError, match=r"line \d: .*c"):
            validator.validate(document("<a>\n<c/></a>"))

    def test_entities_are_refused(self, validator: Any, document: Any) -> None:
        with pytest.raises(ValidationError, match="declares the entity 'e'"):
            validator.validate(document('<!DOCTYPE a [<!ENTITY e "x">]><a><b>&e;</b></a>'))

    def test_a_changed_schema_is_read_again(
        self, validator: Any, document: Any, kind: Any, tmp_path: Path
    ) -> None:
        validator.validate(document("<a>\n<b>é</b></a>"))
        (tmp_path / "schema").write_text(SCHEMAS[kind].replace("b", "bbb").replace("ebbb", "eb"))
        os.utime(tmp_path / "schema", (1, 1))
        with pytest.raises((ValidationError, ConfigurationError)):
            validator.validate(document("<a>\n<b>é</b></a>"))

    def test_a_missing_schema_is_named(self, kind: Any, document: Any, tmp_path: Path) -> None:
        with pytest.raises(ConfigurationError, match=r"gone\.x cannot be read: No such file"):
            kind(tmp_path / "gone.x").validate(document("<a/>"))

    def test_a_broken_schema_is_named(self, validator: Any, document: Any, tmp_path: Path) -> None:
        (tmp_path / "schema").write_text("<broken")
        with pytest.raises(ConfigurationError, match="schema cannot be used"):
            validator.validate(document("<a><b/></a>"))


@pytest.mark.skipif(not IPTC.is_dir(), reason="the IPTC schemas are not on this machine")
class TestNITF:
    HEAD = '<nitf xmlns="http://iptc.org/std/NITF/2006-10-18/"><body><body.content>\n'
    TAIL = "</body.content></body></nitf>"

    def test_the_published_schema_with_its_includes_works(self, document: Any) -> None:
        validator = XSDValidator(IPTC / "nitf-3-6.xsd")
        validator.validate(document(f"{self.HEAD}<p xml:lang='fr'>été</p>{self.TAIL}"))
        space = 'xmlns="http://iptc.org/std/NITF/2006-10-18/"'
        validator.validate(document(f"<ruby {space}><rb>北</rb><rt>ほく</rt></ruby>"))

    def test_it_refuses_with_line_and_reason(self, document: Any) -> None:
        with pytest.raises(ValidationError, match=r"line 2: .*foo.*not expected"):
            XSDValidator(IPTC / "nitf-3-6.xsd").validate(document(f"{self.HEAD}<foo/>{self.TAIL}"))
