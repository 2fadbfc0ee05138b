"""What a probe does at the partner, one thing at a time, and what of it may stand there."""

from __future__ import annotations

import posixpath
import secrets
from contextlib import aclosing, suppress
from datetime import UTC, datetime

from pigeon.exceptions import DeliveryError
from pigeon.remotes.base import Remote, RemoteFileNotFound
from pigeon.remotes.source import Source
from pigeon.senders.manner import Manner
from pigeon.senders.names import temporary_path

#: What the files of a probe hold.
CONTENT = b"Pigeon tries out what this server can do, and removes this file.\n" * 64
OTHER = b"The second version.\n" * 64
#: Letters, a space and a hash that partners' servers stumble over.
DIFFICULT_NAME = "Zo\u00eb \u65b0\u805e #1"
#: Seconds by which a partner's clock may be wrong without a word.
CLOCK_TOLERANCE = 120


class Refused(Exception):
    """The partner's side cannot do it; with its words, or what was seen."""


class Untold(Exception):
    """Nobody can say whether it works; with the reason."""


class Trial:
    """A folder of our own at the partner, or unique names where there can be none.

    Every name is remembered before anything is made under it, so that :meth:`clear` misses
    nothing, wherever the work was interrupted. Only these names are ever touched.

    Args:
        remote: an open connection.
        manner: how the destination wants files put.
    """

    def __init__(self, remote: Remote, manner: Manner) -> None:
        self.remote, self.manner = remote, manner
        self._token = secrets.token_hex(8)
        self._place = remote.root
        self._folders: list[str] = []
        #: Path → whether it is known to stand there.
        self._files: dict[str, bool] = {}
        self._current = ""

    async def make_folder(self) -> str:
        """Make our own folder; what is missing above it, too, as a delivery would."""
        own = posixpath.join(self.remote.root, f"pigeon-doctor-{self._token}")
        missing = await self._make(own)
        self._place = own
        missing.remove(own)
        return f"{self.remote.root or 'the folder of the login'} was missing" if missing else ""

    async def _make(self, folder: str) -> list[str]:
        """Make ``folder``; what was missing of it, outermost first, which then is ours."""
        missing: list[str] = []
        path = folder
        while path not in ("", "/") and not await _stands(self.remote, path):
            missing.insert(0, path)
            path = posixpath.dirname(path)
        own = [each for each in missing if self._token in each]
        self._folders += own
        if missing:
            await self.remote.make_directory(folder)
        # Only what is there now and was not before is ours to remove.
        others = [each for each in missing if each not in own]
        self._folders[:0] = [each for each in others if await _stands(self.remote, each)]
        return missing

    async def write(self) -> str:
        """Write a file under a temporary name, as a delivery does."""
        self._current = self._temporary("first")
        with suppress(DeliveryError):  # then writing says why
            await self._make(posixpath.dirname(self._current))
        await self._put(self._current, CONTENT)
        return f"{len(CONTENT)} bytes"

    def _temporary(self, name: str) -> str:
        root = self.remote.root
        return temporary_path(self._path(name), self._token, self.manner.temporary, root)

    async def _put(self, path: str, content: bytes, offset: int = 0) -> None:
        self._files.setdefault(path, False)
        await self.remote.put(Source.of(path, content), path, offset)
        self._files[path] = True

    def _path(self, name: str) -> str:
        return posixpath.join(self._place, f"pigeon-doctor-{self._token}-{name}.txt")

    async def tell_size(self) -> str:
        """Ask how large the file is."""
        size = (await self.remote.stat(self._current)).size
        if size is None:
            raise Refused("the server does not tell")
        _compare(size, len(CONTENT))
        return f"{size} bytes"

    async def tell_time(self) -> str:
        """Compare the partner's clock with ours, by the file's time."""
        modified = (await self.remote.stat(self._current)).modified
        if modified is None:
            raise Untold("the server does not tell when a file was written")
        ahead = round((modified - datetime.now(UTC)).total_seconds())
        if abs(ahead) > CLOCK_TOLERANCE:
            raise Refused(f"its clock is {abs(ahead)} s {'ahead' if ahead > 0 else 'behind'}")
        return f"within {max(abs(ahead), 1)} s of ours"

    async def read_back(self) -> str:
        """Read the file, no further than it is long."""
        await self._expect(self._current, CONTENT)
        return f"{len(CONTENT)} bytes, as written"

    async def _expect(self, path: str, content: bytes) -> None:
        found = b""
        async with aclosing(self.remote.get(path)) as blocks:
            async for block in blocks:
                found += block
                if len(found) > len(content):
                    break
        if found != content:
            raise Refused(f"read back, {path} holds something else")

    async def chmod(self) -> str:
        """Set the file's permissions, if need be to what most servers give anyway."""
        mode = 0o644 if self.manner.chmod is None else self.manner.chmod
        await self.remote.chmod(self._current, mode)
        return f"{mode:04o}"

    async def rename(self) -> str:
        """Rename the file onto a free name, by plain rename."""
        await self._rename(self._current, self._path("final"), replace=False)
        return ""

    async def rename_over(self) -> str:
        """Rename a second file onto the first."""
        second = self._temporary("second")
        await self._put(second, OTHER)
        await self._rename(second, self._current, replace=True)
        return "in one step"

    async def _rename(self, old: str, new: str, *, replace: bool) -> None:
        self._files.setdefault(new, False)
        await self.remote.rename(old, new, replace=replace)
        self._files[new] = True
        self._files.pop(old)
        self._current = new

    async def write_over(self) -> str:
        """Write a file under a name that exists, as ``publish: in-place`` does."""
        await self._put(self._current, OTHER)
        return ""

    async def list_folder(self) -> str:
        """List the folder; our file must be in it."""
        names = [entry.name async for entry in self.remote.list(self._place)]
        if posixpath.basename(self._current) not in names:
            raise Refused("the file that was just written is not listed")
        return ""

    async def delete(self) -> str:
        """Delete the file, and see whether it is gone."""
        await self._remove(self.remote, self._current)
        return ""

    async def _remove(self, remote: Remote, path: str) -> None:
        """Remove ``path``. Raises ``Refused`` if a file that stood there may still do so."""
        try:
            await remote.remove(path)
        except RemoteFileNotFound as error:
            # Some say "not found" instead of "not allowed"; others' files are taken away at once.
            if self._files[path] and not await _is_gone(remote, path):
                raise Refused(str(error)) from error
        del self._files[path]

    async def difficult_name(self) -> str:
        """Write, look at and delete a file whose name is no plain ASCII."""
        path = self._path(DIFFICULT_NAME)
        await self._put(path, CONTENT)
        await self.remote.stat(path)
        await self._remove(self.remote, path)
        return DIFFICULT_NAME

    async def resume(self) -> str:
        """Write half a file, then go on from there."""
        if not self.remote.resumes:
            raise Refused("the protocol has no way to say it, or the server does not offer it")
        path, half = self._path("half"), len(CONTENT) // 2
        await self._put(path, CONTENT[:half])
        await self._put(path, CONTENT, half)
        _compare((await self.remote.stat(path)).size, len(CONTENT))
        await self._remove(self.remote, path)
        return f"from byte {half}"

    async def free_space(self) -> str:
        """Ask how much room there is."""
        found = await self.remote.free_space()
        if found is None:
            raise Untold("the server does not tell")
        return f"{found / 1e9:.1f} GB" if found >= 1e8 else f"{found / 1e6:.1f} MB"

    async def delete_folder(self) -> str:
        """Remove our folder, and all else of ours."""
        if await self.clear(self.remote):
            raise Refused("what stays is named below")
        return ""

    async def clear(self, remote: Remote) -> list[str]:
        """Remove all that may stand there, over ``remote``.

        Returns:
            :attr:`left`, what could not be removed.
        """
        for path in list(self._files):
            with suppress(DeliveryError, Refused):
                await self._remove(remote, path)
        for folder in reversed(list(self._folders)):
            with suppress(DeliveryError):
                with suppress(RemoteFileNotFound):
                    await remote.remove_directory(folder)
                if not await _stands(remote, folder):
                    self._folders.remove(folder)
        return self.left

    @property
    def left(self) -> list[str]:
        """The paths of all that may stand there now, folders first."""
        return [*self._folders, *self._files]


def _compare(size: int | None, expected: int) -> None:
    if size not in (None, expected):
        raise Refused(f"the server says {size} bytes, and it was sent {expected}")


async def _stands(remote: Remote, path: str) -> bool:
    try:
        await remote.stat(path)
    except RemoteFileNotFound:
        return False
    return True


async def _is_gone(remote: Remote, path: str) -> bool:
    """Whether ``path``, of which the server says that it is not there, is not listed either."""
    folder, name = posixpath.split(path)
    try:
        return name not in [entry.name async for entry in remote.list(folder)]
    except (DeliveryError, RemoteFileNotFound):
        return False
