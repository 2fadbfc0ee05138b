"""Django's system checks for Pigeon: each says the cause and the cure.

``manage.py check --tag pigeon`` runs them alone. The commands of Pigeon do not run them, so
that a mistake in one rule does not stop what the others push.
"""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, register

from pigeon.checks import databases, destinations, doors, places, rules, settings, templates


@register("pigeon")
def check_all(app_configs: object, **kwargs: Any) -> list[CheckMessage]:
    """Everything that can be known without talking to a database or a partner.

    While settings are of the wrong type, nothing else is looked at: it could not be read.
    """
    found = [*settings.misspelt(), *settings.wrong()]
    if any(message.is_serious() for message in found):
        return found
    return [
        *found,
        *places.check(),
        *databases.check(),
        *rules.check(),
        *templates.check(),
        *destinations.check(),
        *doors.check(),
    ]
