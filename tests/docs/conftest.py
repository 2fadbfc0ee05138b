"""Projects that pages build, each made once a run and copied for the pages that go on from it."""

from __future__ import annotations

import os
import re
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice

import pytest

from tests.capabilities import need
from tests.docs.pages import page
from tests.docs.story import Story


@pytest.fixture(scope="session")
def replacements() -> dict[str, str]:
    """Ports that the pages name or mean → free ones, so that nothing is in the way."""
    sftp, ftp, http, site = islice(_quiet_ports(), 4)
    partners = "python -m pigeon.testing"
    return {
        r"\b2222\b": str(sftp),
        r"\b2121\b": str(ftp),
        r"\b8000\b": str(site),
        re.escape(partners): f"{partners} --sftp-port {sftp} --ftp-port {ftp} --http-port {http}",
    }


def _quiet_ports() -> Iterator[int]:
    """Free ports below those that systems give to anybody who asks for any (RFC 6335: 49152;
    Linux: 32768): pages use them again and again, and nobody may come in between."""
    for port in range(12_000 + os.getpid() % 4_000 * 5, 32_768):
        with suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            yield port


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
