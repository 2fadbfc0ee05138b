"""Projects that pages build, each made once a run and copied for the pages that go on from it."""

from __future__ import annotations

import re
import shutil
import socket
from collections.abc import Callable
from contextlib import ExitStack

import pytest

from tests.capabilities import need
from tests.docs.pages import page
from tests.docs.story import Story


@pytest.fixture(scope="session")
def replacements() -> dict[str, str]:
    """Ports that the pages name or mean → free ones, so that nothing is in the way."""
    with ExitStack() as stack:
        bound = [stack.enter_context(socket.socket()) for _ in range(4)]
        for each in bound:
            each.bind(("127.0.0.1", 0))
        sftp, ftp, http, site = (each.getsockname()[1] for each in bound)
    partners = "python -m pigeon.testing"
    return {
        r"\b2222\b": str(sftp),
        r"\b2121\b": str(ftp),
        r"\b8000\b": str(site),
        re.escape(partners): f"{partners} --sftp-port {sftp} --ftp-port {ftp} --http-port {http}",
    }


@pytest.fixture(scope="session")
def told(
    tmp_path_factory: pytest.TempPathFactory,
    replacements: dict[str, str],
    request: pytest.FixtureRequest,
) -> Callable[[str], Story]:
    """Follows a page, and first those that it goes on from; every page only once."""
    stories: dict[str, Story] = {}
    failed: dict[str, str] = {}

    def tell(name: str) -> Story:
        assert name not in failed, f"{name} has failed already"
        if name not in stories:
            failed[name] = name  # until it has not
            stories[name] = follow(name)
            del failed[name]
        return stories[name]

    def follow(name: str) -> Story:
        found = page(name)
        base = tell(found.after) if found.after else None
        folder = tmp_path_factory.mktemp(re.sub(r"\W+", "-", name)) / "first"
        words, text = dict(replacements), "".join(block.text for block in found.blocks)
        if "ssh-keygen" in text:
            need("sshd")  # which comes with it
        if "db.example.net" in text:
            words[r"db\.example\.net"] = database_host(request)
        story = Story(folder, words, base.background if base else [])
        if base is None:
            folder.mkdir()
        else:
            shutil.copytree(base.folder, folder, symlinks=True)
        story.follow(found)
        return story

    return tell


def database_host(request: pytest.FixtureRequest) -> str:
    """The folder of the test run's own PostgreSQL, which takes the place of a host."""
    return str(request.getfixturevalue("postgresql_server").host)
