"""The HTTP server of :mod:`pigeon.testing`, on the standard library."""

from __future__ import annotations

import ssl
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

from pigeon.testing.http_requests import Came, Handler, Rules
from pigeon.testing.partners import HOST, Partner


class HTTPPartner(Partner):
    """A server that takes files by PUT and forms by POST.

    ``PUT /a/b.xml`` and a form sent to ``/a`` whose file is called ``b.xml`` are both kept as
    ``a/b.xml``. HEAD and GET give files back, DELETE removes them. What comes is checked: the
    login or token, the signature, ``Content-Digest``; a form with an ``Idempotency-Key`` that
    was taken before is not taken again.

    Args:
        directory: see :class:`Partner`; ``port``, ``username`` and ``password``, too.
        token: take this bearer token instead of user and password.
        hmac_secret: take only what is signed with this key.
        tls: a context with the server's certificate; then the URL begins with ``https://``.

    Attributes:
        rules: what it demands; may be changed while it runs.
    """

    scheme = "http"
    #: What answers requests; a subclass may misbehave on purpose.
    handler_class: type[Handler] = Handler

    def __init__(
        self,
        directory: str | Path | None = None,
        *,
        token: str = "",
        hmac_secret: str = "",
        tls: ssl.SSLContext | None = None,
        **facts: Any,
    ) -> None:
        super().__init__(directory, **facts)
        self.rules = Rules(self.directory, self.username, self.password, token, hmac_secret)
        self._tls = tls

    @property
    def came(self) -> list[Came]:
        """The requests that came, in order, without their bodies."""
        return self.rules.came

    @property
    def url(self) -> str:
        """The address, without the password."""
        scheme = "https" if self._tls else "http"
        user = "" if self.rules.token else f"{self.username}@"
        return f"{scheme}://{user}{HOST}:{self.port}/"

    @property
    def options(self) -> dict[str, Any]:
        """The ``OPTIONS`` with which Pigeon can log in."""
        rules = self.rules
        login = {"token": rules.token} if rules.token else {"password": rules.password}
        return login | ({"hmac_secret": rules.hmac_secret} if rules.hmac_secret else {})

    def _serve(self) -> None:
        facts = {"rules": self.rules, "tls": self._tls}
        handler = type("Handler", (self.handler_class,), facts)
        self._server = _Server((HOST, self.port), handler)
        self.port = self._server.server_address[1]
        self._started.set()
        try:
            self._server.serve_forever(poll_interval=0.05)
        finally:
            self._server.server_close()
            self._server.cut()

    def _ask_to_stop(self) -> None:
        if self._thread.is_alive():
            self._server.shutdown()


class _Server(ThreadingHTTPServer):
    """A thread for each connection, which ends with the server."""

    daemon_threads = True
    request_queue_size = 128
    # Two servers on one port would take turns.
    allow_reuse_port = False

    def __init__(self, *arguments: Any) -> None:
        self._open: set[Any] = set()
        super().__init__(*arguments)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember the connection, to cut it at the end."""
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget the connection."""
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a connection that breaks off is what some tests are about."""

    def cut(self) -> None:
        """End every connection that is still open."""
        for request in tuple(self._open):
            self.shutdown_request(request)
