"""Looking at what a partner has, byte for byte."""

from __future__ import annotations

import hashlib
from contextlib import aclosing

from pigeon.parcel import OutputFile
from pigeon.remotes.base import Remote, RemoteFileNotFound


async def digest(remote: Remote, path: str) -> str:
    """The SHA-256 of the file ``path``, read back. Raises ``RemoteFileNotFound``."""
    found = hashlib.sha256()
    async with aclosing(remote.get(path)) as blocks:
        async for block in blocks:
            found.update(block)
    return found.hexdigest()


async def is_there(remote: Remote, path: str, file: OutputFile) -> bool | None:
    """Whether ``path`` holds exactly ``file``; ``None`` if there is nothing at all.

    The content is read back only when the size is right or unknown.
    """
    try:
        size = (await remote.stat(path)).size
        if size is not None and size != file.size:
            return False
        return await digest(remote, path) == file.sha256
    except RemoteFileNotFound:
        return None
