"""Whether a destination's options and what its server can do fit together."""

from __future__ import annotations

from collections.abc import Mapping

from pigeon.senders.capabilities import Answer, Capability
from pigeon.senders.manner import Manner
from pigeon.senders.probe_steps import (
    CHMOD,
    DELETE,
    READ,
    RENAME,
    RENAME_OVER,
    SIZE,
    WRITE,
    WRITE_OVER,
)

Answers = Mapping[str, Answer]


def verdicts(answers: Answers, manner: Manner) -> tuple[Capability, ...]:
    """How files will be published and verified; none where not even a file can be written.

    Args:
        answers: name of a step → what was found.
        manner: how the destination wants files put.
    """
    if answers.get(WRITE) != "yes":
        return ()
    found = (_publish(answers, manner.publish), _verify(answers, manner.verify))
    return found if manner.chmod is None else (*found, _chmod(answers, manner.chmod))


def _publish(answers: Answers, manner: str) -> Capability:
    def works(name: str) -> bool:
        return answers.get(name) == "yes"

    if manner == "in-place":
        ask = "Ask for the right to overwrite our own files."
        return _verdict("publish", manner, works(WRITE_OVER), "writes under final names", ask)
    if works(RENAME_OVER):
        return _verdict("publish", manner, True, "publishes by rename, in one step")
    if works(RENAME) and works(DELETE):
        ask = (
            "Set OPTIONS['publish'] to 'replace' (the old file is deleted right before the "
            "rename), or ask for renaming over files."
        )
        does = "deletes the old file, then renames"
        return _verdict("publish", manner, manner == "replace", does, ask)
    ask = (
        "Ask for the right to rename our own files, or set OPTIONS['publish'] to 'in-place': "
        "then a reader may see half a file."
    )
    return _verdict("publish", manner, False, "", ask)


def _verify(answers: Answers, manner: str) -> Capability:
    if manner == "none":
        return _verdict("verify", manner, True, "takes the server's word")
    step, does, other = (
        (READ, "reads every file back", "'size' or 'none'")
        if manner == "sha256"
        else (SIZE, "compares the size", "'sha256' or 'none'")
    )
    ask = f"Set OPTIONS['verify'] to {other}, or ask for what is missing above."
    return _verdict("verify", manner, answers.get(step) == "yes", does, ask)


def _chmod(answers: Answers, mode: int) -> Capability:
    ask = "Remove OPTIONS['chmod'], or ask for the right to set permissions."
    works = answers.get(CHMOD) == "yes"
    return _verdict("chmod", f"{mode:04o}", works, "sets the permissions", ask)


def _verdict(name: str, manner: str, works: bool, does: str, ask: str = "") -> Capability:
    return Capability(
        f"{name}: {manner}",
        "yes" if works else "no",
        consequence=does if works else "stops the destination at the first file that needs it",
        ask="" if works else ask,
        required=True,
    )
