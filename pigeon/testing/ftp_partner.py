"""The FTP server of :mod:`pigeon.testing`, on pyftpdlib."""

from __future__ import annotations

import logging
import threading
from typing import Any

from pigeon.exceptions import ConfigurationError
from pigeon.testing.partners import HOST, Partner

#: Seconds after which the server looks whether it is to stop.
TICK = 0.05
_PERMISSIONS = "elradfmwMT"


class FTPPartner(Partner):
    """A plain FTP server. Needs pyftpdlib: ``pip install django-pigeon[testing]``."""

    scheme = "ftp"

    def _serve(self) -> None:
        server = self._server()
        self.port = server.address[1]
        self._end = threading.Event()
        self._started.set()
        try:
            while not self._end.is_set():
                server.ioloop.loop(TICK, blocking=False)
        finally:
            server.close_all()

    def _server(self) -> Any:
        pyftpdlib = _pyftpdlib()
        authorizer = pyftpdlib.authorizers.DummyAuthorizer()
        authorizer.add_user(self.username, self.password, str(self.directory), perm=_PERMISSIONS)
        # A class of its own, because pyftpdlib keeps a server's settings on the handler class.
        handler = type("Handler", (pyftpdlib.handlers.FTPHandler,), {"authorizer": authorizer})
        return pyftpdlib.servers.FTPServer(
            (HOST, self.port), handler, ioloop=pyftpdlib.ioloop.IOLoop()
        )

    def _ask_to_stop(self) -> None:
        if self._thread.is_alive():
            self._end.set()


def _pyftpdlib() -> Any:
    try:
        import pyftpdlib.authorizers
        import pyftpdlib.handlers
        import pyftpdlib.ioloop
        import pyftpdlib.servers
    except ImportError as error:
        raise ConfigurationError(
            "The FTP partner needs pyftpdlib, which is not installed. Run: "
            "pip install 'django-pigeon[testing]'"
        ) from error
    _keep_logging_as_it_is()
    return pyftpdlib


def _keep_logging_as_it_is() -> None:
    """Pyftpdlib sets up logging to the terminal for the whole process if nobody else has."""
    logger = logging.getLogger("pyftpdlib")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
