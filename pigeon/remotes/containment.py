"""Whether a path of the local disk stays inside a folder once symbolic links are followed."""

from __future__ import annotations

import os.path
import posixpath

from pigeon.exceptions import PermanentError


def refuse_way_out(root: str, path: str) -> None:
    """Refuse ``path`` if a symbolic link below ``root`` leads out of it.

    ``root`` itself may be a link, or lie behind one: whoever wrote the URL wanted it.

    Args:
        root: the destination's folder; it need not exist.
        path: a file or folder in it; the last name itself may be a link.

    Raises:
        PermanentError: it would lie outside.
    """
    if path == root:
        return
    base, folder = os.path.realpath(root), os.path.realpath(posixpath.dirname(path))
    if os.path.commonpath((base, folder)) != base:
        raise PermanentError(
            f"A symbolic link leads from {path} out of the destination's folder, to {folder}. "
            "Pigeon does not follow it. Remove the link, or name that folder in the URL of a "
            "destination of its own."
        )
