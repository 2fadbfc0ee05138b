"""Whatever went wrong, the operator is told what to do."""

from __future__ import annotations

import inspect

import pytest

from pigeon import exceptions
from pigeon.overview import cure
from pigeon.overview.cures import _BY_CLASS, _BY_WORDS, _UNKNOWN


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("452 Insufficient storage space in system", "disk is full"),
        ("[Errno 28] No space left on device", "disk is full"),
        ("The host key of sftp.example:22 is not the one", "fingerprint"),
        ("certificate has expired", "renew"),
        ("[Errno -2] Name or service not known", "name cannot be found"),
        ("[Errno 111] Connection refused", "port"),
        ("did not answer within 30 s", "firewall"),
        ("550 Permission denied", "allow writing"),
        ("421 Too many connections from this IP", "connections"),
        ("[Errno 111] Connect call failed ('127.0.0.1', 22)", "Nothing answers at that port"),
        ("[Errno 113] Connect call failed ('127.0.0.1', 22)", "firewall"),
    ],
)
def test_words_say_most(message: str, words: str) -> None:
    assert words in cure("PermanentError", message)
    assert words in cure("", message)


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (
            "10.0.0.1:22 refused the login of user 'us': wrong user, password or key (it said: "
            "Permission denied for user us on host 10.0.0.1). Pigeon offered a password.",
            "login is refused",
        ),
        (
            "10.0.0.1:22 cannot be reached, or hung up before we were logged in: [Errno 111] "
            "Connect call failed ('10.0.0.1', 22). Is the server up, is the port right, does a "
            "firewall let us through, and does the server take so many connections of ours at "
            "once?",
            "Nothing answers at that port",
        ),
        (
            "10.0.0.1:21 refused the login for how it was made: 534. Ask the partner whether a "
            "client certificate is needed.",
            "PIGEON_DESTINATIONS",
        ),
    ],
)
def test_what_our_own_messages_ask_and_quote_is_no_cause(message: str, words: str) -> None:
    assert words in cure("DestinationMisconfigured", message)


def test_every_error_that_ends_an_attempt_has_a_cure() -> None:
    kinds = exceptions.DeliveryError, exceptions.ItemError
    for name, error in inspect.getmembers(exceptions, inspect.isclass):
        if issubclass(error, kinds) and error not in kinds:
            assert cure(name, "something") != _UNKNOWN, name


def test_every_class_is_one_of_ours() -> None:
    assert all(hasattr(exceptions, name) for name in _BY_CLASS)


def test_a_quoted_document_is_no_cause() -> None:
    assert "not valid" in cure("ValidationError", "<title>Disk full at the mill</title>")


def test_no_error_no_cure() -> None:
    assert cure("", "") == ""
    assert cure("KeyError", "42") == _UNKNOWN


def test_cures_are_sentences() -> None:
    for text in [*_BY_CLASS.values(), *(helps for _, helps in _BY_WORDS)]:
        assert text[0].isupper()
        assert text.endswith(".")
