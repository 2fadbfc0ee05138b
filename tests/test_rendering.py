from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pigeon.exceptions import OutputGenerationError
from pigeon.rendering import get_template, render


@pytest.fixture
def templates(tmp_path: Path, settings: Any) -> Path:
    settings.TEMPLATES = [
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "NAME": "site",
            "DIRS": [tmp_path],
            "APP_DIRS": True,
        }
    ]
    return tmp_path


def rendered(name: str, engine: str = "", **context: Any) -> str:
    return "".join(render(get_template([name], engine), context))


def test_markup_is_escaped_in_xml_and_html_only(templates: Path) -> None:
    for name in ("a.xml", "a.html", "a.htm", "a.xhtml", "a.json", "a.txt"):
        (templates / name).write_text("{{ x }}\n", encoding="utf-8")
    for name in ("a.xml", "a.html", "a.htm", "a.xhtml"):
        assert rendered(name, x="<&é>") == "&lt;&amp;é&gt;\n"
    for name in ("a.json", "a.txt"):
        assert rendered(name, x="<&é>") == "<&é>\n"


def test_globals_are_there_and_the_context_comes_before_them(templates: Path) -> None:
    part = "{{ x }}{{ lipsum }}{{ range(2)|join }}"
    (templates / "part.txt").write_text(part)
    (templates / "a.txt").write_text(
        "{% import 'macros.txt' as m with context %}"
        + part
        + "{% include 'part.txt' %}{{ m.m() }}"
    )
    (templates / "macros.txt").write_text(
        "{% macro m() %}{{ x }}{{ range(3)|join }}{% endmacro %}"
    )
    assert rendered("a.txt", x="X", lipsum="mine") == "Xmine01Xmine01X012"


def test_an_asynchronous_engine_renders_as_well(templates: Path, settings: Any) -> None:
    (templates / "a.txt").write_text("{{ x }}{{ range(2)|join }}")
    settings.TEMPLATES = [
        {
            "BACKEND": "django.template.backends.jinja2.Jinja2",
            "NAME": "own",
            "DIRS": [templates],
            "OPTIONS": {"enable_async": True},
        }
    ]
    assert rendered("a.txt", "own", x="X") == "X01"


def test_json_keeps_unicode(templates: Path) -> None:
    (templates / "a.json").write_text("{{ x|tojson }}")
    assert rendered("a.json", x="été 北京") == '"été 北京"'


def test_the_first_template_that_exists_is_taken(templates: Path) -> None:
    (templates / "b.xml").write_text("b")
    assert "".join(render(get_template(["a.xml", "b.xml"]), {})) == "b"


def test_a_missing_template_says_where_it_was_looked_for(templates: Path) -> None:
    with pytest.raises(OutputGenerationError) as caught:
        get_template(["export/r/a.xml", "export/r/b.xml"])
    assert "export/r/a.xml or export/r/b.xml" in str(caught.value)
    assert str(templates) in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a\n{{ nothing }}", "'nothing' is undefined"),
        ("a\n{{ object.nothing }}", "has no attribute 'nothing'"),
        ("a\n{% include 'gone.xml' %}", "gone.xml"),
    ],
)
def test_a_template_that_fails_is_named_with_its_line(
    templates: Path, text: str, words: str
) -> None:
    (templates / "a.xml").write_text(text)
    with pytest.raises(OutputGenerationError) as caught:
        rendered("a.xml", object=object())
    assert words in str(caught.value)
    assert f"{templates / 'a.xml'}, line 2" in str(caught.value)


@pytest.mark.parametrize("engine", ["", "site"])
def test_a_syntax_error_is_named_with_its_file(templates: Path, engine: str) -> None:
    (templates / "a.xml").write_text("a\n{% if %}")
    with pytest.raises(OutputGenerationError, match=r"'a\.xml' cannot be rendered"):
        rendered("a.xml", engine)


def test_jinja_syntax_errors_have_a_line(templates: Path) -> None:
    (templates / "a.xml").write_text("a\n{% if %}")
    with pytest.raises(OutputGenerationError, match="line 2"):
        rendered("a.xml")


def test_an_included_syntax_error_is_named_where_it_is(templates: Path) -> None:
    (templates / "a.xml").write_text("{% include 'b.xml' %}")
    (templates / "b.xml").write_text("\n\n{% if %}")
    with pytest.raises(OutputGenerationError, match=r"b\.xml, line 3"):
        rendered("a.xml")


def test_a_django_engine_can_be_named(templates: Path) -> None:
    (templates / "a.xml").write_text("{% load l10n %}{{ x|default:'none' }}")
    assert rendered("a.xml", "site", x="") == "none"


def test_an_unknown_engine_is_named() -> None:
    with pytest.raises(OutputGenerationError, match="'elsewhere' is no NAME of an entry"):
        get_template(["a.xml"], "elsewhere")


def test_folders_of_the_apps_are_searched() -> None:
    with pytest.raises(OutputGenerationError, match=r"django/contrib/auth/templates"):
        get_template(["a.xml"])
