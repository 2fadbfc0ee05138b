"""How the HTTP partner answers one request after another on a connection."""

from __future__ import annotations

import base64
import collections
import hashlib
import hmac
import posixpath
import ssl
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import IO, Any
from urllib.parse import unquote, urlsplit

from pigeon.testing.http_forms import files_of

BLOCK = 256 * 1024
#: Seconds by which the time of a signature may differ from ours.
SKEW = 300
#: Seconds after which a connection on which nothing comes is closed.
PATIENCE = 60


@dataclass(frozen=True, slots=True)
class Came:
    """A request that came.

    Attributes:
        method: such as ``"PUT"``.
        target: path and query, as they stood in the request line.
        headers: lower-case name → value.
        status: what it was answered.
    """

    method: str
    target: str
    headers: Mapping[str, str]
    status: int


@dataclass
class Rules:
    """What a partner demands and remembers; all its connections share it."""

    directory: Path
    username: str
    password: str
    token: str
    hmac_secret: str
    came: list[Came] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)


class Refused(Exception):
    """The answer to a request that is not as it must be."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status


class Handler(BaseHTTPRequestHandler):
    """One connection; the standard library calls ``do_PUT`` and so on."""

    protocol_version = "HTTP/1.1"
    server_version = "PigeonPartner"
    timeout = PATIENCE
    rules: Rules
    tls: ssl.SSLContext | None

    def setup(self) -> None:
        """Shake hands in this connection's own thread."""
        if self.tls is not None:
            self.request.settimeout(PATIENCE)
            self.request = self.tls.wrap_socket(self.request, server_side=True)
        super().setup()

    def finish(self) -> None:
        """Close what ``setup`` has wrapped."""
        super().finish()
        if self.tls is not None:
            self.request.close()

    def do_PUT(self) -> None:
        """Keep the body as a file."""
        self._guarded(self.put)

    def do_POST(self) -> None:
        """Keep the files of a form."""
        self._guarded(self.post)

    def do_GET(self) -> None:
        """Give a file back."""
        self._guarded(self.get)

    def do_HEAD(self) -> None:
        """Say how large a file is."""
        self._guarded(self.get)

    def do_DELETE(self) -> None:
        """Remove a file."""
        self._guarded(self.delete)

    def do_OPTIONS(self) -> None:
        """Say what is allowed."""
        allowed = {"Allow": "PUT, POST, GET, HEAD, DELETE, OPTIONS"}
        self._guarded(lambda: self.answer(204, headers=allowed))

    def put(self) -> None:
        """Answer a PUT."""
        target = self.path_of()
        with self.body() as body:
            status = 204 if target.exists() else 201
            _keep(body, target)
        self.answer(status)

    def post(self) -> None:
        """Answer a POST."""
        folder = self.path_of()
        key = self.headers.get("Idempotency-Key", "")
        with self.body() as body, self.rules.lock:
            if key and key in self.rules.taken:
                self.answer(200, b"I have that already.\n")
                return
            for name, part in files_of(body, self.headers.get("Content-Type", "")):
                _keep(part, self.inside(folder / name))
            self.rules.taken.add(key)
        self.answer(201)

    def get(self) -> None:
        """Answer a GET or HEAD."""
        target = self.path_of()
        if not target.is_file():
            raise Refused(404, "There is no such file.")
        with target.open("rb") as stream:
            self.answer(200, stream=stream, size=target.stat().st_size)

    def delete(self) -> None:
        """Answer a DELETE."""
        target = self.path_of()
        if not target.is_file():
            raise Refused(404, "There is no such file.")
        target.unlink()
        self.answer(204)

    def path_of(self) -> Path:
        """The file that the request names. Raises ``Refused``."""
        return self.inside(self.rules.directory / unquote(urlsplit(self.path).path).strip("/"))

    def inside(self, path: Path) -> Path:
        """``path`` if it is inside our folder. Raises ``Refused``."""
        found = Path(posixpath.normpath(path))
        if self.rules.directory not in (found, *found.parents):
            raise Refused(400, "That is outside.")
        return found

    def body(self) -> IO[bytes]:
        """The whole body, checked, at its beginning. Raises ``Refused``."""
        found = tempfile.TemporaryFile(prefix="pigeon-")  # noqa: SIM115 - the caller closes it
        try:
            self._check_digest(self._received(found))
        except BaseException:
            found.close()
            raise
        found.seek(0)
        return found

    def answer(
        self,
        status: int,
        words: bytes = b"",
        *,
        stream: IO[bytes] | None = None,
        size: int = 0,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Send an answer with ``words``, or with a ``stream`` of ``size`` bytes, as its body."""
        came = {name.lower(): value for name, value in self.headers.items()}
        self.rules.came.append(Came(self.command, self.path, came, status))
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(size if stream else len(words)))
        self.end_headers()
        if self.command == "HEAD":
            return
        self.wfile.write(words)
        while stream and (block := stream.read(BLOCK)):
            self.wfile.write(block)

    def log_message(self, format: str, *args: Any) -> None:
        """Write no log."""

    def _guarded(self, act: Callable[[], None]) -> None:
        """``act`` if who asks may; what is refused is answered when all of it has come."""
        length = self.headers.get("Content-Length", "0")
        self._missing = int(length) if length.isdigit() else 0
        try:
            self._check_login()
            act()
        except Refused as refused:
            # If it were left unread, the system would reset the connection and lose the answer.
            collections.deque(self._blocks(), maxlen=0)
            head = {"WWW-Authenticate": "Bearer, Basic"} if refused.status == 401 else {}
            self.answer(refused.status, f"{refused}\n".encode(), headers=head)

    def _check_login(self) -> None:
        rules = self.rules
        pair = f"{rules.username}:{rules.password}".encode()
        wanted = f"Bearer {rules.token}" if rules.token else f"Basic {_base64(pair)}"
        given = self.headers.get("Authorization", "")
        if not hmac.compare_digest(given.encode(), wanted.encode()):
            raise Refused(401, "Who are you?")
        if rules.hmac_secret and self.command in ("GET", "HEAD", "DELETE", "OPTIONS"):
            self._check_signature(hashlib.sha256().hexdigest())

    def _received(self, found: IO[bytes]) -> str:
        """Read the body into ``found``; its SHA-256."""
        if "Content-Length" not in self.headers:
            self.close_connection = True
            raise Refused(411, "How long is it?")
        digest = hashlib.sha256()
        for block in self._blocks():
            digest.update(block)
            found.write(block)
        return digest.hexdigest()

    def _blocks(self) -> Iterator[bytes]:
        """What is still to come of the body."""
        while self._missing:
            block = self.rfile.read(min(BLOCK, self._missing))
            if not block:
                raise ConnectionError("the body broke off")
            self._missing -= len(block)
            yield block

    def _check_digest(self, sha256: str) -> None:
        wanted = self.headers.get("Content-Digest")
        if wanted and wanted != f"sha-256=:{_base64(bytes.fromhex(sha256))}:":
            raise Refused(400, "The body is not what its Content-Digest says.")
        if self.rules.hmac_secret:
            self._check_signature(sha256)

    def _check_signature(self, sha256: str) -> None:
        stamp = self.headers.get("X-Pigeon-Timestamp", "")
        if not stamp.isdigit() or abs(time.time() - int(stamp)) > SKEW:
            raise Refused(401, "The timestamp is missing or too far from now.")
        signed = "\n".join((stamp, self.command, self.path, sha256)).encode()
        key = self.rules.hmac_secret.encode()
        wanted = "sha256=" + hmac.new(key, signed, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(self.headers.get("X-Pigeon-Signature", ""), wanted):
            raise Refused(401, "The signature is wrong.")


def _keep(body: IO[bytes], target: Path) -> None:
    """Write ``body`` aside and rename it: nobody sees half a file."""
    if target.is_dir():
        raise Refused(409, "That is a folder.")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError:
        raise Refused(409, "There is a file where a folder is needed.") from None
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".", delete=False) as aside:
        while block := body.read(BLOCK):
            aside.write(block)
    Path(aside.name).replace(target)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
