"""FTP, passive and in binary; plain, so that everything can be read on the way.

One transfer at a time on each connection, by the protocol. RNFR is sent only after the
transfer's 226 and its verification: servers rename truncated files without a word.
"""

from __future__ import annotations

import asyncio
import posixpath
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager, suppress

from pigeon.destinations import Destination
from pigeon.exceptions import (
    AmbiguousError,
    PermanentError,
    TransientError,
)
from pigeon.remotes import ftp_errors, ftp_facts
from pigeon.remotes.base import (
    Remote,
    RemoteEntry,
    RemoteFileNotFound,
    RemoteStat,
    RenameTargetExists,
    RenameUnsupported,
)
from pigeon.remotes.ftp_connection import FTPConnection, Streams
from pigeon.remotes.ftp_errors import MISSING_OR_FORBIDDEN, UNSUPPORTED
from pigeon.remotes.ftp_replies import Reply
from pigeon.remotes.source import CHUNK, Source


class FTPRemote(Remote):
    """One FTP connection."""

    in_flight = 1
    connections = 2
    default_port = 21

    _root = "/"

    def __init__(self, destination: Destination) -> None:
        super().__init__(destination)
        self._ftp = FTPConnection(self)

    @classmethod
    def check(cls, destination: Destination) -> list[str]:
        """Sentences about what is wrong with URL or options; no network."""
        found = [] if destination.host else ["An FTP URL needs a host: ftp://user@host/folder."]
        if destination.options.get("in_flight", 1) != 1:
            found.append("FTP carries one file at a time on a connection: raise 'connections'.")
        if any(character in destination.path for character in "\r\n\0"):
            found.append("The path of an FTP URL must not hold a line break.")
        return found

    @property
    def root(self) -> str:
        """The destination's folder, absolute; known after :meth:`open`."""
        return self._root

    @property
    def broken(self) -> bool:
        """True when the connection is known to be gone."""
        return self._ftp.broken

    async def open(self) -> None:
        """Connect and log in. Errors: see :meth:`FTPConnection.open`."""
        await self._ftp.open()
        path = self.destination.path
        if path in ("", "/~") or path.startswith("/~/"):
            reply = await self._ftp.demand("PWD", "ask for the login's folder")
            home = self._ftp.parser.parse_directory_response(reply.lines[-1])
            path = posixpath.join(str(home), path.removeprefix("/~").lstrip("/"))
        self._root = path.rstrip("/") or "/"

    async def close(self) -> None:
        """Disconnect."""
        await self._ftp.close()

    async def stat(self, path: str) -> RemoteStat:
        """Facts about ``path``, by SIZE, else MLST. Raises ``RemoteFileNotFound``."""
        self._check_path(path)
        doing = f"look at {path}"
        reply = await self._ftp.ask(f"SIZE {path}", doing)
        if reply.code == 213:
            return RemoteStat(ftp_facts.number(reply.lines[-1]))
        if "MLST" in self._ftp.features:
            return await self._stat_by_facts(path, doing)
        if reply.code in UNSUPPORTED:
            return RemoteStat(None)
        if (await self._ftp.ask(f"CWD {path}", doing)).good:
            return RemoteStat(None, is_directory=True)
        raise self._missing_or(reply, doing)

    async def _stat_by_facts(self, path: str, doing: str) -> RemoteStat:
        reply = await self._ftp.ask(f"MLST {path}", doing)
        if not reply.good or len(reply.lines) < 3:
            raise self._missing_or(reply, doing)
        return ftp_facts.stat_of(self._ftp.parser.parse_mlsx_line(reply.lines[1].strip())[1])

    async def list(self, path: str) -> AsyncGenerator[RemoteEntry, None]:
        """The entries of directory ``path``, by MLSD, else LIST."""
        self._check_path(path)
        machine = "MLST" in self._ftp.features
        command = f"{'MLSD' if machine else 'LIST'} {path}"
        content = b"".join([block async for block in self._retrieve(command, f"list {path}")])
        for entry in ftp_facts.entries(self._ftp.parser, content, machine=machine):
            yield entry

    async def get(self, path: str, offset: int = 0) -> AsyncGenerator[bytes, None]:
        """The content of ``path`` from ``offset``, in blocks. Raises ``RemoteFileNotFound``."""
        self._check_path(path)
        async with aclosing(self._retrieve(f"RETR {path}", f"read {path}", offset)) as blocks:
            async for block in blocks:
                yield block

    async def _retrieve(
        self, command: str, doing: str, offset: int = 0
    ) -> AsyncGenerator[bytes, None]:
        async with self._transfer(doing) as (reader, writer):
            if offset:
                await self._rest(offset, doing)
            self._ftp.send(command)
            self._begun(await self._ftp.reply(doing, final=False), doing)
            while block := await self._ftp.read(reader, CHUNK):
                yield block
            writer.close()  # ProFTPD waits for it, for seconds, before it says 226
            self._done(await self._ftp.reply(doing), doing)

    async def _rest(self, offset: int, doing: str) -> None:
        reply = await self._ftp.ask(f"REST {offset}", doing)
        if reply.code != 350:
            raise ftp_errors.explain(self, reply, doing)

    async def put(self, source: Source, path: str, offset: int = 0) -> int | None:
        """Write ``source`` to ``path`` and wait for the 226; see :meth:`Remote.put`."""
        self._check_path(path)
        data, doing = source.read() if source.is_small else None, f"write {path}"
        async with self._transfer(doing) as (_, writer):
            self._ftp.send(f"STOR {path}")
            if data is None:
                self._begun(await self._ftp.reply(doing, final=False), doing)
                await self._write_large(source, writer, doing)
            else:
                writer.write(data)
            with suppress(OSError):  # the server has closed it already, and its reply says why
                writer.write_eof()
            self._done(await self._ftp.reply(doing), doing)
        return None

    async def _write_large(self, source: Source, writer: asyncio.StreamWriter, doing: str) -> None:
        async with aclosing(source.chunks()) as chunks:
            async for chunk in chunks:
                writer.write(chunk)
                try:
                    await self._ftp.drain(writer)
                except OSError:
                    break  # the server's reply says why it takes no more
            else:
                return
        self._done(await self._ftp.reply(doing), doing)
        raise TransientError(f"{self.where} stopped taking data while Pigeon tried to {doing}.")

    @asynccontextmanager
    async def _transfer(self, doing: str) -> AsyncGenerator[Streams, None]:
        """A data connection; an error that leaves the dialogue open drops the connection."""
        async with self._ftp.data(doing) as streams:
            try:
                yield streams
            except RemoteFileNotFound:
                raise
            except OSError as error:
                raise self._ftp.lost(error, doing) from error
            except _Refused as error:
                raise ftp_errors.explain(self, error.reply, doing) from error
            except BaseException:
                self._ftp.drop()
                raise

    def _begun(self, reply: Reply, doing: str) -> None:
        if reply.code >= 200:
            self._done(reply, doing)

    def _done(self, reply: Reply, doing: str) -> None:
        if reply.code in MISSING_OR_FORBIDDEN:
            raise RemoteFileNotFound(self.said(reply))
        if not reply.good:
            raise _Refused(reply)

    async def rename(self, old: str, new: str, *, replace: bool) -> None:
        """Rename; FTP servers replace what is there, or refuse. See :meth:`Remote.rename`."""
        self._check_path(old + new)
        if not replace and await self._exists(new):
            raise RenameTargetExists(new)
        self._ftp.send(f"RNFR {old}")
        self._ftp.send(f"RNTO {new}")
        try:
            ready = await self._ftp.reply(f"rename {old}")
            reply = await self._ftp.reply(f"rename {old} to {new}")
        except TransientError as error:
            raise AmbiguousError(
                f"{error} The file may or may not have its final name; the next attempt looks."
            ) from error
        if not reply.good:
            raise await self._rename_error(ready, reply, old, new)

    async def _rename_error(self, ready: Reply, reply: Reply, old: str, new: str) -> Exception:
        if ready.code == 350:
            if reply.code in MISSING_OR_FORBIDDEN and await self._exists(new):
                return RenameTargetExists(self.said(reply))
            return ftp_errors.explain(self, reply, f"rename {old} to {new}")
        if ready.code in UNSUPPORTED:
            return RenameUnsupported(self.said(ready))
        if not await self._exists(old):
            return RemoteFileNotFound(self.said(ready))
        if ready.code in MISSING_OR_FORBIDDEN:
            return RenameUnsupported(self.said(ready))
        return ftp_errors.explain(self, ready, f"rename {old}")

    async def remove(self, path: str) -> None:
        """Delete the file ``path``. Raises ``RemoteFileNotFound``."""
        self._check_path(path)
        reply = await self._ftp.ask(f"DELE {path}", f"delete {path}")
        if not reply.good:
            if reply.code in MISSING_OR_FORBIDDEN and not await self._exists(path):
                raise RemoteFileNotFound(self.said(reply))
            raise ftp_errors.explain(self, reply, f"delete {path}")

    async def make_directory(self, path: str) -> None:
        """Create directory ``path`` and its parents; fine when it exists."""
        self._check_path(path)
        doing = f"make the folder {path}"
        reply = await self._ftp.ask(f"MKD {path}", doing)
        if reply.good or (await self._ftp.ask(f"CWD {path}", doing)).good:
            return
        parent = posixpath.dirname(path)
        if parent in ("", "/", path):
            raise ftp_errors.explain(self, reply, doing)
        await self.make_directory(parent)
        reply = await self._ftp.ask(f"MKD {path}", doing)
        # Another connection may have made it meanwhile.
        if not (reply.good or (await self._ftp.ask(f"CWD {path}", doing)).good):
            raise ftp_errors.explain(self, reply, doing)

    async def _exists(self, path: str) -> bool:
        try:
            await self.stat(path)
        except RemoteFileNotFound:
            return False
        return True

    def _missing_or(self, reply: Reply, doing: str) -> Exception:
        if reply.code in MISSING_OR_FORBIDDEN:
            return RemoteFileNotFound(self.said(reply))
        return ftp_errors.explain(self, reply, doing)

    def _check_path(self, path: str) -> None:
        """A line break would be a second command."""
        if any(character in path for character in "\r\n\0"):
            raise PermanentError(f"FTP cannot carry a name with a line break or NUL: {path!r}.")


class _Refused(Exception):
    """A transfer ended with a bad reply; the dialogue is in order."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(str(reply))
        self.reply = reply
