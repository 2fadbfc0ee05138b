"""How a destination wants its files put: the options of all senders of files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pigeon.senders import names

#: Values of the options that choose among a few; the first is the default.
CHOICES = {
    "verify": ("size", "sha256", "none"),
    "publish": ("rename", "replace", "in-place"),
    "overwrite": ("replace", "fail", "skip"),
    "checksum": ("none", "sidecar", "SHA256SUMS"),
}
#: The options and the types of their values.
OPTIONS: dict[str, type | tuple[type, ...]] = {
    **dict.fromkeys(CHOICES, str),
    "done_file": str,
    "chmod": (str, int),
    "temporary": str,
}
_PLACEHOLDERS = ("{name}", "{stem}", "{parcel}")


@dataclass(frozen=True, slots=True)
class Manner:
    """What a destination's options say of putting files.

    Attributes:
        verify: ``"size"``, ``"sha256"`` (by reading back) or ``"none"``.
        publish: ``"rename"``; ``"replace"``, which may delete the old file first where the
            server cannot rename over it; ``"in-place"``, which writes under the final name.
        overwrite: what becomes of a file of the partner's that has a name of ours:
            ``"replace"`` it, ``"fail"``, or ``"skip"`` ours.
        checksum: ``"none"``, ``"sidecar"`` or ``"SHA256SUMS"``.
        done_file: name of the file that says that all is there; empty: there is none.
        chmod: permission bits of the files, or ``None`` for what the server gives.
        temporary: how temporary files are called.
    """

    verify: str = "size"
    publish: str = "rename"
    overwrite: str = "replace"
    checksum: str = "none"
    done_file: str = ""
    chmod: int | None = None
    temporary: str = names.TEMPORARY

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Manner:
        """What ``options``, in which :func:`problems` found none, say."""
        known = {name: options[name] for name in OPTIONS if name in options}
        if isinstance(known.get("chmod"), str):
            known["chmod"] = int(known["chmod"], 8)
        return cls(**known)

    @property
    def in_place(self) -> bool:
        """Whether files are written under their final names."""
        return self.publish == "in-place"

    @property
    def meets_elsewhere(self) -> bool:
        """Whether temporary files lie in a folder of their own, not beside their final names."""
        return "/" in self.temporary

    @property
    def is_plain(self) -> bool:
        """Whether a file is put aside and renamed over what is there, and that is all."""
        return (
            self.publish != "in-place"
            and self.overwrite == "replace"
            and self.checksum == "none"
            and not self.done_file
        )

    @property
    def needs_digests(self) -> bool:
        """Whether the digest of a file must be known before it is sent for the first time."""
        return self.checksum != "none" or self.overwrite != "replace"

    @property
    def done_file_each(self) -> bool:
        """Whether every file has a done-file of its own, not the parcel one."""
        return "{name}" in self.done_file or "{stem}" in self.done_file


def problems(options: Mapping[str, Any]) -> list[str]:
    """Sentences about values that cannot be."""
    for name, types in OPTIONS.items():
        if not isinstance(options.get(name, ""), types):
            return [f"Option {name!r} cannot be a value of type {type(options[name]).__name__}."]
    found = [
        f"Option {key!r} is one of {', '.join(map(repr, choices))}, not {options[key]!r}."
        for key, choices in CHOICES.items()
        if options.get(key, choices[0]) not in choices
    ]
    if "temporary" in options:
        found += names.problems(options["temporary"])
    return [*found, *_done_file(options.get("done_file", "")), *_chmod(options.get("chmod", 0))]


def _done_file(pattern: str) -> list[str]:
    plain = pattern
    for placeholder in _PLACEHOLDERS:
        plain = plain.replace(placeholder, "x")
    if pattern and ("/" in plain or plain in (".", "..") or set(plain) & set("{}\0\n\r")):
        return [
            f"Option 'done_file' is a plain name in which {', '.join(_PLACEHOLDERS)} may stand, "
            f"as in '{{name}}.done'; {pattern!r} is not."
        ]
    if pattern == "{name}":
        return ["Option 'done_file' cannot be '{name}': that is the file itself."]
    return []


def _chmod(mode: object) -> list[str]:
    """The number 644 is not 0o644, and nobody wants what it is."""
    right = (
        re.fullmatch("[0-7]{3,4}", mode)
        if isinstance(mode, str)
        else isinstance(mode, int) and 0 <= mode <= 0o777
    )
    return [] if right else ["Option 'chmod' is octal: the string '0644' or the number 0o644."]
