"""Every check by its id; ``docs/reference/checks.rst`` explains each under the same title."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.checks import CheckMessage, Error, Warning


@dataclass(frozen=True)
class Check:
    """One thing that may be wrong; errors have an ``E`` in their id, warnings a ``W``.

    Attributes:
        id: such as ``"pigeon.E001"``; sites silence checks by it.
        title: what is wrong, as the page of checks says it.
    """

    id: str
    title: str

    def found(self, cause: str, cure: str, where: str) -> CheckMessage:
        """The message that Django shows.

        Args:
            cause: what is wrong here, without any secret.
            cure: what to do about it.
            where: the rule, destination or setting.
        """
        kind = Error if ".E" in self.id else Warning
        return kind(cause, hint=cure, obj=where, id=self.id)


NAME_TAKEN = Check("pigeon.E001", "Two rules want the same name")
NOT_A_RULE = Check("pigeon.E002", "Something that was registered cannot be used as a rule")
UNKNOWN_MODEL = Check("pigeon.E003", "A rule names a model that is not installed")
UNUSABLE_KEY = Check("pigeon.E004", "The key of a rule's model cannot be kept in the queue")
NO_MODELS = Check("pigeon.E005", "A rule is about nothing")
NO_TEMPLATE = Check("pigeon.E006", "A template is missing or broken")
NO_BATCH = Check("pigeon.E007", "A rule for mass pushes does not say what to push")
BAD_ATTRIBUTE = Check("pigeon.E008", "An attribute of a rule has an impossible value")
UNKNOWN_FIELD = Check("pigeon.E009", "A rule tracks a field that its models do not have")
UNKNOWN_DESTINATION = Check("pigeon.E010", "A rule names a destination that does not exist")
MALFORMED_URL = Check("pigeon.E011", "A URL or a destination is malformed")
UNKNOWN_SCHEME = Check("pigeon.E012", "No sender serves the scheme of a URL")
BAD_OPTION = Check("pigeon.E013", "A destination has a wrong option or URL for its sender")
COLLISION = Check("pigeon.E014", "Two URLs would be the same destination")
BAD_SENDERS = Check("pigeon.E015", "PIGEON_SENDERS names something that is no sender")
WRONG_TYPE = Check("pigeon.E016", "A setting has a value of the wrong type")
IMPOSSIBLE_VALUE = Check("pigeon.E017", "A setting has an impossible value")
NO_OUTPUT_DIRECTORY = Check("pigeon.E018", "There is no place for the files that are sent")
UNKNOWN_DATABASE = Check("pigeon.E019", "PIGEON_DATABASES names an unknown database")
NOT_IMMEDIATE = Check("pigeon.E020", "SQLite does not begin its transactions with a lock")
NOT_WAL = Check("pigeon.E021", "SQLite does not use its write-ahead log")

NO_DESTINATION = Check("pigeon.W001", "A rule has no destination")
EVERY_MODEL = Check("pigeon.W002", "A rule listens to every model")
UNKNOWN_RULE = Check("pigeon.W003", "PIGEON_PUSH_URLS names a rule that does not exist")
INSECURE = Check("pigeon.W004", "A destination trusts whoever answers")
UNKNOWN_SETTING = Check("pigeon.W005", "A setting is misspelt or unknown")
NOT_WRITABLE = Check("pigeon.W006", "PIGEON_OUTPUT_DIRECTORY is not writable")
MISSPELT_NAME = Check("pigeon.W007", "A rule defines a name that is nearly one of Pigeon's")
IN_THE_CLEAR = Check("pigeon.W008", "A login travels in the clear")
NO_API = Check("pigeon.W009", "The JSON API lacks a package")

#: Id → check.
CATALOGUE = {each.id: each for each in list(globals().values()) if isinstance(each, Check)}
