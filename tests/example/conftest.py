"""The newsroom's own tests run on its own settings; ``test_newsroom.py`` starts them."""

from __future__ import annotations

import os

NEWSROOM = "example_project.settings"

collect_ignore = [] if os.environ.get("DJANGO_SETTINGS_MODULE") == NEWSROOM else ["newsroom"]
