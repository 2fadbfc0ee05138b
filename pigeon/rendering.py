"""How a template becomes text: Django's template engines, Jinja2 unless another is named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import islice
from pathlib import Path
from traceback import walk_tb
from typing import Any

import jinja2
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.template import TemplateDoesNotExist, TemplateSyntaxError, engines
from django.template.backends.base import BaseEngine
from django.template.backends.jinja2 import Jinja2

from pigeon.exceptions import OutputGenerationError

#: Endings of template names whose output escapes ``<``, ``>``, ``&`` and quotes.
ESCAPED = ("xml", "html", "htm", "xhtml")
#: How many pieces of a rendered template are joined before they are written.
_PIECES = 256
_TEMPLATE_ERRORS = (jinja2.TemplateError, TemplateSyntaxError, TemplateDoesNotExist)


class PigeonTemplates(Jinja2):
    """Pigeon's own engine, which looks where the site's other templates are."""

    app_dirname = "templates"


def get_template(names: Sequence[str], engine: str = "") -> Any:
    """The first of ``names`` that exists, as a template of Django's backends.

    Args:
        names: template names such as ``"export/belovedpartner/news_story.xml"``.
        engine: name of an entry of ``TEMPLATES``; empty for Pigeon's own Jinja2.

    Raises:
        OutputGenerationError: none exists (the sentence says where they were looked for), the
            engine is unknown, or the template has a syntax error.
    """
    backend = _engine(engine)
    for name in names:
        try:
            return backend.get_template(name)
        except TemplateDoesNotExist:
            continue
        except TemplateSyntaxError as error:
            raise OutputGenerationError(_sentence(name, error)) from error
    raise OutputGenerationError(
        f"No template was found for this object. Create {' or '.join(names)} in the folder "
        f"'{backend.app_dirname}' of one of your apps, or in a folder of DIRS in TEMPLATES. "
        f"Looked in: {', '.join(str(folder) for folder in backend.template_dirs) or 'none'}."
    )


def render(template: Any, context: Mapping[str, Any]) -> Iterator[str]:
    """The text of ``template`` in pieces, so that a huge document need not fit into memory.

    An engine that cannot give pieces gives all at once. What the site's own code raises while
    it is called from the template comes through as it is; :func:`where` finds the line.

    Raises:
        OutputGenerationError: the template is wrong; the sentence names template and line.
    """
    try:
        yield from _pieces(template, dict(context))
    except _TEMPLATE_ERRORS as error:
        raise OutputGenerationError(_sentence(template.origin.template_name, error)) from error


def where(error: BaseException) -> str:
    """``"/path/of/template, line N"`` where ``error`` was raised in a template, or ``""``."""
    if isinstance(error, jinja2.TemplateSyntaxError):
        return f"{error.filename or error.name}, line {error.lineno}"
    debug = getattr(error, "template_debug", None)
    if debug:
        return f"{debug['name']}, line {debug['line']}"
    # Jinja2 rewrites tracebacks: frames of templates carry the template's own name and lines.
    lines = [
        f"{frame.f_code.co_filename}, line {line}"
        for frame, line in walk_tb(error.__traceback__)
        if "__jinja_exception__" in frame.f_globals
    ]
    return lines[-1] if lines else ""


def _pieces(template: Any, context: dict[str, Any]) -> Iterator[str]:
    wrapped = getattr(template, "template", None)
    if not isinstance(wrapped, jinja2.Template):
        yield template.render(context)
        return
    # An asynchronous environment has a way of its own, and so may a subclass.
    usual = type(wrapped).generate is jinja2.Template.generate and not wrapped.environment.is_async
    pieces = _generated(wrapped, context) if usual else wrapped.generate(context)
    while several := list(islice(pieces, _PIECES)):
        yield "".join(several)


def _generated(template: jinja2.Template, context: dict[str, Any]) -> Iterator[str]:
    """What ``template.generate(context)`` does.

    That takes as long to copy Jinja2's chained globals as to render a small template.
    """
    values: dict[str, Any] = {}
    for known in reversed(getattr(template.globals, "maps", [template.globals])):
        values |= known
    try:
        yield from template.root_render_func(template.new_context(values | context, shared=True))
    except Exception:  # noqa: BLE001 - raised again, with the lines of the template
        template.environment.handle_exception()


def _sentence(name: str, error: Exception) -> str:
    place = where(error.__cause__ or error) or where(error)
    if isinstance(error, jinja2.TemplateNotFound | TemplateDoesNotExist):
        reason = f"a template that it names does not exist: {error}"
    else:
        reason = str(error.__cause__ or error)
    return f"Template {name!r} cannot be rendered: {reason}" + (f" ({place})." if place else ".")


@cache
def _engine(name: str) -> BaseEngine:
    if not name:
        return _own_engine()
    try:
        return engines[name]
    except ImproperlyConfigured as error:
        raise OutputGenerationError(
            f"The template engine {name!r} is no NAME of an entry of TEMPLATES: {error}"
        ) from error


def _own_engine() -> PigeonTemplates:
    entries: Any = settings.TEMPLATES
    folders = [Path(each) for entry in entries for each in entry.get("DIRS", ())]
    options = {
        "undefined": jinja2.StrictUndefined,
        "autoescape": jinja2.select_autoescape(ESCAPED),
        "keep_trailing_newline": True,
    }
    backend = PigeonTemplates(
        {"NAME": "pigeon", "DIRS": folders, "APP_DIRS": True, "OPTIONS": options}
    )
    backend.env.policies["json.dumps_kwargs"] = {"ensure_ascii": False}
    return backend


def _settings_changed(*, setting: str, **kwargs: object) -> None:
    if setting in ("TEMPLATES", "INSTALLED_APPS", "DEBUG"):
        _engine.cache_clear()


setting_changed.connect(_settings_changed)
