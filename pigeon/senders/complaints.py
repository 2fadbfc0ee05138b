"""What operators are told when a file cannot be published."""

from __future__ import annotations

from dataclasses import dataclass

from pigeon.exceptions import DestinationMisconfigured, PermanentError, TransientError


@dataclass(frozen=True, slots=True)
class Complaints:
    """Errors about one file.

    Attributes:
        where: the server.
        final: the file's path there.
        current: the path that it has until it is published.
    """

    where: str
    final: str
    current: str

    def vanished(self) -> TransientError:
        """The temporary file is gone."""
        return TransientError(
            f"{self.current} vanished at {self.where} before it got its final name. "
            "Something there may collect files too early: ask the partner to leave names that "
            "begin with a dot and end in .part alone, or set OPTIONS['temporary'] to names "
            "that they leave alone."
        )

    def cannot_look(
        self, error: DestinationMisconfigured, verify: str
    ) -> DestinationMisconfigured:
        """The server tells no size, or does not let us read."""
        other = "'sha256' (read back) or 'none'" if verify == "size" else "'size' or 'none'"
        return DestinationMisconfigured(
            f"{self.where} does not let Pigeon see whether {self.final} arrived whole: {error} "
            f"Set OPTIONS['verify'] to {other}."
        )

    def cannot_chmod(self, mode: int, said: object) -> DestinationMisconfigured:
        """The permissions stay as they are."""
        return DestinationMisconfigured(
            f"{self.where} does not set the permissions of {self.final} to {mode:04o} ({said}). "
            "Nothing was published. Remove OPTIONS['chmod'], or ask the partner to allow it."
        )

    def cannot_rename(self, said: str) -> DestinationMisconfigured:
        """There is no renaming at all."""
        return DestinationMisconfigured(
            f"{self.where} does not rename files ({said}), so that Pigeon cannot publish "
            f"{self.final} in one step. Ask the partner for the right to rename, or set "
            "OPTIONS['publish'] to 'in-place': then a reader may see half a file."
        )

    def cannot_replace(self) -> DestinationMisconfigured:
        """There is no renaming over a file."""
        return DestinationMisconfigured(
            f"{self.where} cannot rename onto {self.final}, which exists. Set "
            "OPTIONS['publish'] to 'replace' (delete the old file, then rename: for a moment "
            "there is none) or to 'in-place' (a reader may see half a file)."
        )

    def taken(self) -> PermanentError:
        """The final name is somebody else's."""
        return PermanentError(
            f"{self.final} exists at {self.where} and is not Pigeon's, and OPTIONS['overwrite'] "
            "says not to replace it. Have it removed and retry the item, or set the option to "
            "'replace' or 'skip'."
        )
