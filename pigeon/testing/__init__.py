"""What a site's own tests may use: an outbox, assertions, and partners in this process.

Names are loaded at first use, so that ``python -m pigeon.testing`` needs no settings.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pigeon.senders.dummy import Sent as Sent
    from pigeon.senders.dummy import outbox as outbox
    from pigeon.testing.assertions import (
        assertNotPushed,
        assertNotQueued,
        assertPushed,
        assertQueued,
    )
    from pigeon.testing.cases import PigeonTestCase, PigeonTestMixin
    from pigeon.testing.ftp_partner import FTPPartner
    from pigeon.testing.http_partner import HTTPPartner
    from pigeon.testing.pushing import captured, private_output, push
    from pigeon.testing.sftp_partner import SFTPPartner

#: Public name → module that defines it.
_HOMES = {
    "FTPPartner": "pigeon.testing.ftp_partner",
    "HTTPPartner": "pigeon.testing.http_partner",
    "PigeonTestCase": "pigeon.testing.cases",
    "PigeonTestMixin": "pigeon.testing.cases",
    "SFTPPartner": "pigeon.testing.sftp_partner",
    "Sent": "pigeon.senders.dummy",
    "assertNotPushed": "pigeon.testing.assertions",
    "assertNotQueued": "pigeon.testing.assertions",
    "assertPushed": "pigeon.testing.assertions",
    "assertQueued": "pigeon.testing.assertions",
    "captured": "pigeon.testing.pushing",
    "outbox": "pigeon.senders.dummy",
    "private_output": "pigeon.testing.pushing",
    "push": "pigeon.testing.pushing",
}

__all__ = [
    "FTPPartner",
    "HTTPPartner",
    "PigeonTestCase",
    "PigeonTestMixin",
    "SFTPPartner",
    "Sent",
    "assertNotPushed",
    "assertNotQueued",
    "assertPushed",
    "assertQueued",
    "captured",
    "outbox",
    "private_output",
    "push",
]


def __getattr__(name: str) -> Any:
    try:
        home = _HOMES[name]
    except KeyError:
        raise AttributeError(f"module 'pigeon.testing' has no attribute {name!r}") from None
    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
