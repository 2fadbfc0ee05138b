"""What a probe of a file-like server tries, in order, and what each answer means."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from pigeon.senders.probe_trial import Trial


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to try.

    Attributes:
        name: what it is called in the report.
        act: does it; gives what was seen, or raises.
        yes: what Pigeon does when it works.
        no: what Pigeon does when it does not.
        ask: what to ask the partner, or which option to set, when it does not.
        needs: names of steps that must have worked before.
        required: without it nothing can be delivered, whatever the options say.
    """

    name: str
    act: Callable[[Trial], Awaitable[str]]
    yes: str = ""
    no: str = ""
    ask: str = ""
    needs: tuple[str, ...] = ()
    required: bool = False


WRITE, DELETE, FOLDER = "write a file", "delete a file", "make a folder"
SIZE, READ = "tell a file's size", "read a file back"
RENAME, RENAME_OVER = "rename onto a free name", "rename over a file"
WRITE_OVER, CHMOD = "write over a file", "set permissions"

STEPS = (
    Step(
        FOLDER,
        Trial.make_folder,
        yes="makes the folders that rules name",
        no="needs folders that are there",
        ask="Ask for the right to make folders, or have every folder made that your rules name.",
    ),
    Step(
        WRITE,
        Trial.write,
        yes="writes under a temporary name first",
        no="delivers nothing",
        ask="Ask for the right to write into the folder of the URL, also under names that begin "
        "with a dot; or correct the folder.",
        required=True,
    ),
    Step(
        SIZE,
        Trial.tell_size,
        yes="compares the size after each file",
        no="cannot compare sizes",
        ask="Ask for the right to look at files; or set OPTIONS['verify'] to 'sha256' if files "
        "can be read back, else to 'none'.",
        needs=(WRITE,),
    ),
    Step(
        READ,
        Trial.read_back,
        yes="looks what arrived after a lost answer",
        no="sends again after a lost answer",
        ask="The folder is write-only, which is fine with 'verify': 'size'. For certainty by "
        "content ask for the right to read our own files.",
        needs=(WRITE,),
    ),
    Step(
        "tell the time",
        Trial.tell_time,
        no="goes by its own clock",
        ask="Ask the partner to set the server's clock, as their people will compare times.",
        needs=(WRITE,),
    ),
    Step(
        CHMOD,
        Trial.chmod,
        no="leaves the server's default",
        ask="If readers need other permissions than new files get, ask the partner for another "
        "umask.",
        needs=(WRITE,),
    ),
    Step(
        RENAME,
        Trial.rename,
        yes="publishes new files by rename",
        no="cannot publish by plain rename",
        ask="Ask for the right to rename our own files.",
        needs=(WRITE,),
    ),
    Step(
        RENAME_OVER,
        Trial.rename_over,
        yes="replaces files in one step",
        no="cannot replace files in one step",
        ask="Ask whether renaming over an existing file can be allowed (SFTP: "
        "posix-rename@openssh.com; FTP: overwriting).",
        needs=(WRITE,),
    ),
    Step(
        WRITE_OVER,
        Trial.write_over,
        yes="could write in place",
        no="could not write in place",
        ask="Ask for the right to overwrite our own files.",
        needs=(WRITE,),
    ),
    Step(
        "list the folder",
        Trial.list_folder,
        no="does without: deliveries need no listing",
        needs=(WRITE,),
    ),
    Step(
        DELETE,
        Trial.delete,
        yes="removes what broken attempts leave",
        no="leaves temporary files of broken attempts",
        ask="Ask for the right to delete our own files. Until then withdrawals fail, and "
        "somebody there must remove files that end in .part.",
        needs=(WRITE,),
    ),
    Step(
        "take difficult names",
        Trial.difficult_name,
        yes="sends names as they are",
        no="fails with such names",
        ask="Give files plain ASCII names in the rule's get_filename, or ask for UTF-8 names.",
        needs=(WRITE, DELETE),
    ),
    Step(
        "go on with half a file",
        Trial.resume,
        yes="goes on after a broken connection",
        no="sends a broken file from its start",
        needs=(WRITE, DELETE),
    ),
    Step("tell the free space", Trial.free_space),
    Step(
        "delete a folder",
        Trial.delete_folder,
        no="never needs to",
        ask="Remove by hand what this probe had to leave.",
        needs=(FOLDER, DELETE),
    ),
)
