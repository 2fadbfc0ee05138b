"""Fixtures for pytest, found by its plug-in mechanism wherever Pigeon is installed.

Nothing is imported until a test asks for it, so that projects whose tests have no Django
settings are not disturbed. Tests need leave to use the database, as ever.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pigeon.engine import Summary
    from pigeon.senders.dummy import Sent
    from pigeon.testing import FTPPartner, HTTPPartner, SFTPPartner


@pytest.fixture(autouse=True)
def _pigeon_outbox_emptied() -> None:
    """Let no test see what another one delivered to memory."""
    dummy = sys.modules.get("pigeon.senders.dummy")
    if dummy is not None:
        dummy.outbox.clear()


@pytest.fixture
def pigeon_outbox() -> Iterator[list[Sent]]:
    """What is delivered during the test; every destination, whatever its URL, is in memory."""
    from pigeon.testing import captured

    with captured() as outbox:
        yield outbox


@pytest.fixture
def pigeon_push() -> Iterator[Callable[..., Summary]]:
    """``pigeon.testing.push``, with parcels in a temporary folder."""
    from pigeon.testing import private_output, push

    with private_output():
        yield push


@pytest.fixture
def sftp_partner() -> Iterator[SFTPPartner]:
    """An SFTP server on a free port; ``sftp_partner.entry`` goes into the settings."""
    from pigeon.testing import SFTPPartner

    with SFTPPartner() as partner:
        yield partner


@pytest.fixture
def ftp_partner() -> Iterator[FTPPartner]:
    """An FTP server on a free port; ``ftp_partner.entry`` goes into the settings."""
    from pigeon.testing import FTPPartner

    with FTPPartner() as partner:
        yield partner


@pytest.fixture
def http_partner() -> Iterator[HTTPPartner]:
    """An HTTP server on a free port; ``http_partner.entry`` goes into the settings."""
    from pigeon.testing import HTTPPartner

    with HTTPPartner() as partner:
        yield partner
