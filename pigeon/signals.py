"""The Django signals of Pigeon, declared only; who sends them says so in its docstring."""

from django.dispatch import Signal

#: Sent by :mod:`pigeon.registry` after a rule came or went. No arguments.
rules_changed = Signal()
