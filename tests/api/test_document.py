"""The OpenAPI document is true: what it says is what a running server does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.authtoken.models import Token

from tests.api.asker import ROOT
from tests.apps.newsroom.models import Story
from tests.capabilities import PROJECT
from tests.flows.site import Site


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_the_document_is_true(live_server: Any, site: Site, tmp_path: Path) -> None:
    for number in range(3):
        Story.objects.create(title=f"Story {number}")
        site.push()
    Story.objects.create(title="A story that waits")
    user = User.objects.create_superuser("ada")
    token = Token.objects.create(user=user)
    environment = {
        **os.environ, "SCHEMATHESIS_HOOKS": "tests.api.hooks", "PYTHONPATH": str(PROJECT),
    }  # fmt: skip
    done = subprocess.run(
        [
            sys.executable, "-m", "schemathesis.cli", "run", f"{live_server.url}{ROOT}schema",
            "--checks", "all", "--header", f"Authorization: Token {token.key}",
            "--max-examples", "8", "--generation-deterministic", "--workers", "2",
            "--no-color",
            # NUL is text for JSON, but not for databases.
            "--generation-allow-x00", "false",
        ],
        cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=280, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
