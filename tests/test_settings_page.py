"""The page of settings is what the settings say."""

from __future__ import annotations

import runpy

from pigeon.conf import NAMES
from tests.capabilities import PROJECT


def test_the_page_of_settings_is_made_from_the_settings() -> None:
    maker = runpy.run_path(str(PROJECT / "docs/make_settings_page.py"))
    source = (PROJECT / "pigeon/conf.py").read_text(encoding="utf-8")
    settings = list(maker["read"](source))
    assert [setting.name for setting in settings] == list(NAMES)
    assert all(setting.meaning.endswith(".") or setting.meaning for setting in settings)
    page = (PROJECT / "docs/reference/settings.rst").read_text(encoding="utf-8")
    assert page == maker["page"](settings), "run docs/make_settings_page.py"
