"""FTP, passive and in binary, plain or in TLS.

One transfer at a time on each connection, by the protocol; what other deliveries have to say
meanwhile goes out together when it has ended. RNFR is sent only after the transfer's 226 and
its verification: servers rename truncated files without a word.
"""

from __future__ import annotations

import posixpath
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, suppress
from typing import ClassVar

from pigeon.destinations import Destination
from pigeon.exceptions import AmbiguousError, PermanentError, TransientError
from pigeon.remotes import ftp_errors, ftp_facts, tls
from pigeon.remotes.base import (
    ChmodUnsupported,
    Remote,
    RemoteEntry,
    RemoteFileNotFound,
    RemoteStat,
    RenameTargetExists,
    RenameUnsupported,
)
from pigeon.remotes.ftp_connection import FTPConnection
from pigeon.remotes.ftp_errors import MISSING_OR_FORBIDDEN, UNSUPPORTED
from pigeon.remotes.ftp_login import Security, log_in
from pigeon.remotes.ftp_replies import Reply
from pigeon.remotes.ftp_transfer import RestartRefused, Transfer
from pigeon.remotes.ftp_upload import Upload
from pigeon.remotes.source import Source

#: Bytes of a listing that are taken into memory.
MAX_LISTING = 64 * 1024 * 1024


class FTPRemote(Remote):
    """One FTP connection; all that deliveries on it ask for at the same time is put in order."""

    in_flight = 4
    connections = 2
    default_port = 21
    resumes = True
    security: ClassVar[Security] = "plain"

    _root = "/"

    def __init__(self, destination: Destination) -> None:
        super().__init__(destination)
        self._ftp = FTPConnection(self)

    @classmethod
    def check(cls, destination: Destination) -> list[str]:
        """Sentences about what is wrong with URL or options; no network."""
        example = f"{destination.scheme}://user@host/folder"
        found = [] if destination.host else [f"An FTP URL needs a host: {example}."]
        if any(character in destination.path for character in "\r\n\0"):
            found.append("The path of an FTP URL must not hold a line break.")
        if cls.security != "plain":
            found += tls.check(destination)
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
        """Connect and log in. Errors: see :func:`pigeon.remotes.ftp_login.log_in`."""
        await log_in(self._ftp, self.security)
        path = self.destination.path
        if path in ("", "/~") or path.startswith("/~/"):
            reply = await self._ftp.demand("PWD", "ask for the login's folder")
            home = ftp_facts.quoted(reply.lines[-1])
            path = posixpath.join(home, path.removeprefix("/~").lstrip("/"))
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
        return ftp_facts.stat_of(ftp_facts.facts_of(reply.lines[1].strip())[1])

    async def list(self, path: str) -> AsyncGenerator[RemoteEntry, None]:
        """The entries of directory ``path``, by MLSD, else LIST."""
        self._check_path(path)
        machine = "MLST" in self._ftp.features
        content, doing = bytearray(), f"list {path}"
        async with Transfer(self._ftp, f"{'MLSD' if machine else 'LIST'} {path}", doing) as one:
            while block := await one.receive():
                content += block
                if len(content) > MAX_LISTING:
                    raise PermanentError(f"{self.where} does not stop listing {path}.")
            await one.finish()
        if one.ragged and content and not content.endswith(b"\n"):
            raise self._cut(doing)
        for entry in ftp_facts.entries(bytes(content), machine=machine, where=self.where):
            yield entry

    async def get(self, path: str, offset: int = 0) -> AsyncGenerator[bytes, None]:
        """The content of ``path`` from ``offset``, in blocks. Raises ``RemoteFileNotFound``.

        Nothing else is answered on this connection until the last block was taken.
        """
        self._check_path(path)
        doing, taken = f"read {path}", offset
        try:
            async with Transfer(self._ftp, f"RETR {path}", doing, offset) as transfer:
                while block := await transfer.receive():
                    taken += len(block)
                    yield block
                await transfer.finish()
        except RestartRefused as error:
            raise PermanentError(
                f"{self.where} does not send a file from its middle, when Pigeon tried to "
                f"{doing}: {error}."
            ) from error
        # Some servers never end TLS properly; then the file's size has to vouch for the end.
        if transfer.ragged and (await self.stat(path)).size != taken:
            raise self._cut(doing)

    def _cut(self, doing: str) -> TransientError:
        return TransientError(
            f"{self.where} ended the data connection without ending TLS while Pigeon tried to "
            f"{doing}: something may be missing, so nothing of it counts."
        )

    async def put(self, source: Source, path: str, offset: int = 0) -> int | None:
        """Write ``source`` to ``path`` and wait for the 226; see :meth:`Remote.put`.

        A server that does not begin at ``offset`` is appended to if its file ends there, else
        it gets the whole file again.
        """
        self._check_path(path)
        if offset:
            for verb in ("STOR", "APPE"):
                if verb == "APPE" and (await self.stat(path)).size != offset:
                    break
                with suppress(RestartRefused):
                    return await self._store(verb, source, path, offset)
        return await self._store("STOR", source, path, 0)

    async def _store(self, verb: str, source: Source, path: str, offset: int) -> int | None:
        if source.is_small:
            data = source.read()[offset:]
            async with Upload(self._ftp, verb, path, offset) as upload:
                await upload.send_all(data)
                return await upload.size()
        async with aclosing(source.lent(offset)) as blocks:
            block = await anext(blocks, None)  # a file that cannot be read disturbs nobody
            async with Upload(self._ftp, verb, path, offset) as upload:
                while block is not None:
                    await upload.send(block)
                    block = await anext(blocks, None)
                await upload.send(b"", last=True)
                return await upload.size()

    async def rename(self, old: str, new: str, *, replace: bool) -> None:
        """Rename; FTP servers replace what is there, or refuse. See :meth:`Remote.rename`."""
        self._check_path(old + new)
        if not replace and await self._exists(new):
            raise RenameTargetExists(new)
        first = self._ftp.control.queue(f"RNFR {old}")
        second = self._ftp.control.queue(f"RNTO {new}", after=first)
        try:
            await self._ftp.settled(second)
            ready = await self._ftp.answer(first, f"rename {old}")
            reply = await self._ftp.answer(second, f"rename {old} to {new}")
        except TransientError as error:
            if not second.sent:
                raise
            raise AmbiguousError(
                f"{error} The file may or may not have its final name; the next attempt looks."
            ) from error
        finally:
            for command in (first, second):
                command.answer.cancel()
        if ready.code >= 400 or not reply.good:
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
        await self._delete("DELE", path, f"delete {path}")

    async def remove_directory(self, path: str) -> None:
        """Delete the empty directory ``path``. Raises ``RemoteFileNotFound``."""
        await self._delete("RMD", path, f"delete the folder {path}")

    async def _delete(self, verb: str, path: str, doing: str) -> None:
        self._check_path(path)
        reply = await self._ftp.ask(f"{verb} {path}", doing)
        if not reply.good:
            if reply.code in MISSING_OR_FORBIDDEN and not await self._exists(path):
                raise RemoteFileNotFound(self.said(reply))
            raise ftp_errors.explain(self, reply, doing)

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

    async def chmod(self, path: str, mode: int) -> None:
        """Set the permission bits of ``path`` by SITE CHMOD. Raises ``ChmodUnsupported``."""
        self._check_path(path)
        doing = f"set the permissions of {path}"
        reply = await self._ftp.ask(f"SITE CHMOD {mode:03o} {path}", doing)
        if reply.code in UNSUPPORTED | MISSING_OR_FORBIDDEN | {501, 503}:
            raise ChmodUnsupported(self.said(reply))
        if not reply.good:
            raise ftp_errors.explain(self, reply, doing)

    async def free_space(self) -> int | None:
        """Bytes that are free in :attr:`root`, where the server has AVBL."""
        if "AVBL" not in self._ftp.features:
            return None
        reply = await self._ftp.ask(f"AVBL {self.root}", f"ask for the free space of {self.root}")
        return ftp_facts.number(reply.lines[-1]) if reply.code == 213 else None

    def facts(self) -> Mapping[str, str]:
        """``server``, ``features`` and, in TLS, ``protocol``, ``cipher``, ``certificate`` and
        ``session reuse`` (known after a transfer)."""
        return self._ftp.facts()

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
        if "\n" in path or "\r" in path or "\0" in path:
            raise PermanentError(f"FTP cannot carry a name with a line break or NUL: {path!r}.")


class FTPSRemote(FTPRemote):
    """FTP inside TLS from the first byte (``ftps://``)."""

    default_port = 990
    security = "implicit"
    options = dict(tls.OPTIONS)


class FTPTLSRemote(FTPRemote):
    """FTP that switches to TLS before it logs in, by AUTH TLS (``ftp+tls://``; RFC 4217)."""

    security = "explicit"
    options = dict(tls.OPTIONS)
