"""Asks promtool, Prometheus' own judge."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.capabilities import ALL, need


def promtool(*arguments: str | Path, text: str = "") -> str:
    """What promtool says; it must have no complaint, not even a remark about style."""
    need("promtool")
    command = [ALL["promtool"]().where, *map(str, arguments)]
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr
