"""Those who may answer at a port instead of an SFTP server."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

HTTP = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
FTP = b"220 Welcome to FTP\r\n"
GARBAGE = bytes(range(128, 256)) * 64 + b"\n"
LINE = b"a line of a banner without end\r\n"
OLD = b"SSH-1.5-OpenSSH_1.2.3\r\n"


def says(words: bytes, *, then_close: bool = True) -> Callable[[socket.socket], None]:
    """Says ``words`` once, and waits for the client's end if it does not close."""

    def talk(line: socket.socket) -> None:
        line.sendall(words)
        if not then_close:
            while line.recv(4096):
                pass

    return talk


def repeats(words: bytes) -> Callable[[socket.socket], None]:
    """Says ``words`` for ever."""

    def talk(line: socket.socket) -> None:
        while True:
            line.sendall(words)

    return talk


@contextmanager
def answering(talk: Callable[[socket.socket], None]) -> Iterator[int]:
    """The port where everybody who connects is talked to by ``talk``, in a thread."""
    lines: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def serve(line: socket.socket) -> None:
        with line, suppress(OSError):
            talk(line)

    def accept() -> None:
        with suppress(OSError):
            while True:
                line, _ = listening.accept()
                lines.append(line)
                threads.append(threading.Thread(target=serve, args=(line,), daemon=True))
                threads[-1].start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        taking = threading.Thread(target=accept, daemon=True)
        taking.start()
        try:
            yield listening.getsockname()[1]
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            for line in lines:
                with suppress(OSError):
                    line.shutdown(socket.SHUT_RDWR)
            for thread in [taking, *threads]:
                thread.join(30)
