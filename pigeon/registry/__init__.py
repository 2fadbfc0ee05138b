"""The rules of the site: registered once each, found by name and by model.

:data:`registry` is the one that serves the process.
"""

from django.core.signals import setting_changed

from pigeon.conf import PREFIX
from pigeon.registry.listened import rules_by_model
from pigeon.registry.routing import Routing
from pigeon.registry.rules import CONFIG_MODULE, Problem, Registry

__all__ = [
    "CONFIG_MODULE",
    "Problem",
    "Registry",
    "Routing",
    "register",
    "registry",
    "rules_by_model",
    "unregister",
]

registry = Registry()
register = registry.register
unregister = registry.unregister


def _settings_changed(*, setting: str, **kwargs: object) -> None:
    if setting.startswith(PREFIX):
        registry.forget_destinations()


setting_changed.connect(_settings_changed, dispatch_uid="pigeon.registry")
