"""What the SSH, FTP and HTTP libraries log, without our secrets.

They log a server's words as they come, and a server may repeat the password it was given.
"""

from __future__ import annotations

import logging
import traceback
from weakref import WeakValueDictionary

from pigeon.destinations import Destination

#: Loggers that see what a server says.
NAMES = (
    "asyncssh",
    "asyncssh.sftp",
    "aioftp.client",
    "httpcore2.connection",
    "httpcore2.http11",
    "httpx2",
    "paramiko.transport",
    "paramiko.transport.sftp",
)


class _Redaction(logging.Filter):
    """Lets every record pass, without the secrets of the destinations that are in use."""

    def __init__(self) -> None:
        super().__init__()
        self.destinations: WeakValueDictionary[int, Destination] = WeakValueDictionary()

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact message and traceback of ``record``."""
        said = record.getMessage()
        if (redacted := self._redact(said)) != said:
            record.msg, record.args = redacted, ()
        if record.exc_info:
            lines = traceback.format_exception(*record.exc_info)
            record.exc_text, record.exc_info = self._redact("".join(lines).rstrip()), None
        return True

    def _redact(self, text: str) -> str:
        for destination in list(self.destinations.values()):
            text = destination.redact(text)
        return text


_redaction = _Redaction()


def redact_logs(destination: Destination) -> None:
    """Keep ``destination``'s secrets out of what the libraries log, as long as it is in use."""
    _redaction.destinations[id(destination)] = destination
    for name in NAMES:
        logging.getLogger(name).addFilter(_redaction)  # adding it again changes nothing
