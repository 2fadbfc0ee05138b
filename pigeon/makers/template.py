"""An output rendered from a template."""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO

from pigeon.conf import conf
from pigeon.makers.base import BaseOutputMaker
from pigeon.rendering import get_template, render


class TemplateOutputMaker(BaseOutputMaker):
    """Renders the first template of ``get_template_names()`` that exists, as UTF-8.

    Args:
        configuration: the rule, or a supervisor.
        instance: the object, ``object`` in the template.
    """

    def get_template_names(self) -> Sequence[str]:
        """Templates to look for, in order."""
        return self.configuration.get_template_names(self.instance)

    def get_template_engine(self) -> str:
        """Name of an entry of ``TEMPLATES``; empty for Pigeon's own Jinja2."""
        own = self.configuration.template_engine
        return conf.TEMPLATE_ENGINE if own is None else own

    def write(self, target: BinaryIO) -> None:
        """Render the template to ``target``.

        Raises:
            OutputGenerationError: no template was found or the template is wrong; the sentence
                names the folders that were searched, or template and line.
        """
        template = get_template(self.get_template_names(), self.get_template_engine())
        for piece in render(template, self.get_context()):
            target.write(piece.encode())


class TombstoneOutputMaker(TemplateOutputMaker):
    """Says that an object is gone; takes the place of a rule's makers after a deletion.

    Its file has the name that the object's own file had, so that it takes its place at the
    partner, and it must pass the rule's validators like any other output.
    """

    def get_template_names(self) -> Sequence[str]:
        """Templates such as ``export/<rule>/<app>_<model>_deleted.<extension>``."""
        return self.configuration.get_tombstone_template_names(self.instance)
