"""Settings of a process of its own: the test site with the rules of these tests.

``PIGEON_TEST_SITE`` is JSON: settings of Pigeon without their prefix.
"""

import json
import os

from tests.settings import *  # noqa: F403

PIGEON_CLASSES = ["tests.management.rules.Partner", "tests.management.rules.Daily"]
PIGEON_SENDERS = ["tests.management.rules.Slow"]
for name, value in json.loads(os.environ["PIGEON_TEST_SITE"]).items():
    globals()[f"PIGEON_{name}"] = value
