"""What a request carries, as a stream: its last byte leaves only when all of it is right."""

from __future__ import annotations

import hashlib
import mimetypes
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from pathlib import PurePosixPath

from pigeon.remotes.source import Source

#: Asked right before the last byte leaves; it raises if it must not.
Permission = Callable[[], Awaitable[None]]


def content_type(path: str) -> str:
    """The media type that the name of a file tells, without a guess about its charset."""
    # Only the ends of the name: of a name like "data:…" the module would return what stands in it.
    found, encoding = mimetypes.guess_type(f"file{''.join(PurePosixPath(path).suffixes[-2:])}")
    compressed = {"gzip": "application/gzip", "bzip2": "application/x-bzip2"}
    default = "application/octet-stream"
    return compressed.get(encoding, default) if encoding else found or default


class Body(ABC):
    """The content of one request.

    Attributes:
        size: bytes.
        content_type: for the header.
        may_be_whole: the last bytes have been handed over, so that the server may have it all.
    """

    size: int
    content_type: str

    def __init__(self, permission: Permission) -> None:
        self.permission = permission
        self.may_be_whole = False

    @abstractmethod
    async def sha256(self) -> str:
        """Digest of all bytes, hexadecimal. Raises ``ParcelDamaged``."""

    @abstractmethod
    def blocks(self) -> AsyncGenerator[bytes, None]:
        """All bytes. Raises ``ParcelDamaged``, or what ``permission`` raises, before the last."""

    async def _now_whole(self) -> None:
        await self.permission()
        self.may_be_whole = True


class FileBody(Body):
    """One file as it is."""

    def __init__(self, source: Source, permission: Permission) -> None:
        super().__init__(permission)
        self.source = source
        self.size = source.file.size
        self.content_type = content_type(source.file.path)

    async def sha256(self) -> str:
        """The digest that the manifest says; what is sent is compared with it."""
        return self.source.file.sha256

    async def blocks(self) -> AsyncGenerator[bytes, None]:
        """The file; see :meth:`Body.blocks`."""
        last: bytes | None = None
        async with aclosing(_checked(self.source)) as blocks:
            async for block in blocks:
                if last is not None:
                    yield last
                last = block
        await self._now_whole()
        yield last or b""


class FormBody(Body):
    """A form with fields and files: ``multipart/form-data`` (RFC 7578).

    The same parts under the same boundary are the same bytes, so that a retry is, too.

    Args:
        fields: name → value, before the files.
        fieldname: name of every file's field.
        sources: the files, in their order.
        key: the delivery's idempotency key, from which the boundary is made: nobody who writes
            content knows it, so it cannot occur there.
    """

    def __init__(
        self,
        fields: Mapping[str, str],
        fieldname: str,
        sources: Sequence[Source],
        key: str,
        permission: Permission,
    ) -> None:
        super().__init__(permission)
        boundary = f"pigeon-{hashlib.sha256(key.encode()).hexdigest()[:40]}"
        self.content_type = f"multipart/form-data; boundary={boundary}"
        self.sources = sources
        self._start = b"".join(
            _head(boundary, name) + value.encode() + b"\r\n" for name, value in fields.items()
        )
        self._heads = [_file_head(boundary, fieldname, source.file.path) for source in sources]
        self._end = f"--{boundary}--\r\n".encode()
        files = sum(source.file.size for source in sources) + len(b"\r\n") * len(sources)
        self.size = len(self._start) + sum(map(len, self._heads)) + files + len(self._end)

    async def sha256(self) -> str:
        """Digest of the whole form; reads all files."""
        found = hashlib.sha256()
        async with aclosing(self._parts()) as parts:
            async for part in parts:
                found.update(part)
        found.update(self._end)
        return found.hexdigest()

    async def blocks(self) -> AsyncGenerator[bytes, None]:
        """The form; see :meth:`Body.blocks`. Its end leaves when every file was right."""
        async with aclosing(self._parts()) as parts:
            async for part in parts:
                yield part
        await self._now_whole()
        yield self._end

    async def _parts(self) -> AsyncGenerator[bytes, None]:
        if self._start:
            yield self._start
        for head, source in zip(self._heads, self.sources, strict=True):
            yield head
            async with aclosing(_checked(source)) as blocks:
                async for block in blocks:
                    yield block
            yield b"\r\n"


async def _checked(source: Source) -> AsyncGenerator[bytes, None]:
    """The file's blocks, never more bytes than the manifest says, the last when all is right."""
    if source.is_small:
        yield source.read()
        return
    given, last = 0, b""
    async with aclosing(source.chunks()) as chunks:
        async for chunk in chunks:
            if given + len(last) >= source.file.size:
                continue  # it has grown: read on to where the digest is compared
            if last:
                yield last
            given, last = given + len(last), chunk
    yield last


def _head(boundary: str, name: str, more: str = "") -> bytes:
    text = f'--{boundary}\r\nContent-Disposition: form-data; name="{_quoted(name)}"{more}\r\n\r\n'
    return text.encode()


def _file_head(boundary: str, fieldname: str, path: str) -> bytes:
    more = f'; filename="{_quoted(path)}"\r\nContent-Type: {content_type(path)}'
    return _head(boundary, fieldname, more)


def _quoted(name: str) -> str:
    """``name`` as browsers write it: UTF-8, with what would end it percent-encoded.

    RFC 7578, section 4.2, forbids the ``filename*`` of RFC 5987 in forms; the three characters
    are those of the HTML standard, "multipart/form-data encoding algorithm".
    """
    return name.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")
