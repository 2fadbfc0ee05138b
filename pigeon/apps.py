"""The one place that ties the rooms together, when Django starts."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PigeonConfig(AppConfig):
    """Finds the rules and listens to the models that they name."""

    name = "pigeon"
    label = "pigeon"
    verbose_name = _("Pigeon")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register checks, discover rules, attach models, tell destinations what senders take."""
        from pigeon import checks  # noqa: F401 - registers itself
        from pigeon.destinations import learn_types
        from pigeon.listen import connect
        from pigeon.registry import registry
        from pigeon.senders.registry import option_types
        from pigeon.signals import rules_changed

        learn_types(option_types)
        registry.autodiscover()
        connect()
        rules_changed.connect(connect, dispatch_uid="pigeon.listen")
