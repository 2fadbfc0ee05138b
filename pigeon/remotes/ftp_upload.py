"""An upload: a transfer that sends, and learns at its end how much of it stands there."""

from __future__ import annotations

from pigeon.remotes import ftp_facts
from pigeon.remotes.ftp_connection import FTPConnection
from pigeon.remotes.ftp_control import Command
from pigeon.remotes.ftp_errors import UNSUPPORTED
from pigeon.remotes.ftp_transfer import Transfer


class Upload(Transfer):
    """A context manager around one command that writes a file; see :class:`Transfer`.

    Args:
        connection: logged in.
        verb: ``"STOR"`` or ``"APPE"``.
        path: of the file.
        offset: where in the file to begin.
    """

    def __init__(self, connection: FTPConnection, verb: str, path: str, offset: int = 0) -> None:
        super().__init__(connection, f"{verb} {path}", f"write {path}", offset)
        self._path = path
        self._size: Command | None = None

    def _ask_behind(self) -> None:
        """The file's size, where the answer can only be that after the transfer."""
        connection = self._connection
        if connection.in_order and connection.tells_size:
            self._size = connection.control.queue(f"SIZE {self._path}", rides=True)

    async def send_all(self, data: bytes) -> None:
        """Send the whole of a small file.

        Raises:
            DeliveryError: the server takes no more; it says why.
        """
        try:
            left = self._data.send_at_once(data)
        except OSError:
            await self.finish()
            return
        if left is not None:
            await self.send(left, last=True)

    async def send(self, block: bytes | memoryview, *, last: bool = False) -> None:
        """Send ``block``; say which is the ``last``.

        Raises:
            DeliveryError: the server takes no more; it says why.
        """
        try:
            with self._connection.watchdog:
                await self._data.send(block, last=last)
        except OSError:
            await self.finish()

    async def size(self) -> int | None:
        """Wait for the server's word, as :meth:`finish` does.

        Returns:
            The size that it says the file has; ``None`` if it was not asked or does not tell.
        """
        if self._size is None:
            await self.finish()
            return None
        await self._connection.settled(self._size)  # one wait for both answers
        await self.finish()
        answer = self._size.answer
        if answer.cancelled() or answer.exception() is not None:
            return None
        reply = answer.result()
        if reply.code in UNSUPPORTED:
            self._connection.tells_size = False
        return ftp_facts.number(reply.lines[-1]) if reply.code == 213 else None
