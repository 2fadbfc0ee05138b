"""The page of commands has every command and every option, and no other."""

from __future__ import annotations

import re

import pytest
from django.core.management import get_commands, load_command_class
from django.core.management.base import BaseCommand

from tests.capabilities import PROJECT

PAGE = (PROJECT / "docs/reference/commands.rst").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^(pigeon_\w+)\n-+\n(.*?)(?=^pigeon_\w+\n-|\Z)", PAGE, re.M | re.S))
COMMANDS = sorted(name for name, app in get_commands().items() if app == "pigeon")


def options(command: BaseCommand) -> set[str]:
    usual = {action.dest for action in BaseCommand().create_parser("", "")._actions}
    parser = command.create_parser("", "")
    return {
        word
        for action in parser._actions
        for word in action.option_strings
        if action.dest not in usual
    }


def test_every_command_has_a_section() -> None:
    assert sorted(SECTIONS) == COMMANDS
    assert len(COMMANDS) >= 7


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_explained(name: str) -> None:
    command = load_command_class("pigeon", name)
    explained = set(re.findall(r"^``(--[\w-]+)", SECTIONS[name], re.M))
    assert explained == options(command)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_helps(name: str) -> None:
    command = load_command_class("pigeon", name)
    assert command.help
    text = command.create_parser("manage.py", name).format_help()
    assert all(word in text for word in options(command))
