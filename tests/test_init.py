"""The public names."""

from __future__ import annotations

import subprocess
import sys

import pytest

import pigeon
from tests.capabilities import PROJECT

#: What the documentation promises.
PUBLIC = [
    "register",
    "unregister",
    "DefaultConfiguration",
    "SequentialPusherConfiguration",
    "MassPusherConfiguration",
    "BaseSupervisor",
    "TemplateOutputMaker",
    "BinaryOutputMaker",
    "SerializedOutputMaker",
    "FlatPacker",
    "ZIPPacker",
    "TARPacker",
    "Sender",
    "SyncSender",
    "register_sender",
    "DirtyFieldsMixin",
    "add_item_to_push",
    "enqueue",
]


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_is_there(name: str) -> None:
    assert callable(getattr(pigeon, name))
    assert name in pigeon.__all__
    assert name in dir(pigeon)


def test_there_are_no_others() -> None:
    assert {*pigeon.__all__} == {*PUBLIC, "__version__"}
    with pytest.raises(AttributeError, match=r"'pigeon' has no attribute 'nonsense'"):
        pigeon.nonsense


def test_a_settings_file_may_import_it() -> None:
    """Before the apps are ready, and before the settings are; the mixin in a models module."""
    code = """
import pigeon
from django.conf import settings
settings.configure(SECRET_KEY="x", INSTALLED_APPS=["pigeon"], PIGEON_OUTPUT_DIRECTORY="/tmp",
                   DATABASES={}, VERSION=pigeon.__version__)
pigeon.DirtyFieldsMixin
import django
django.setup()
for name in pigeon.__all__:
    getattr(pigeon, name)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
