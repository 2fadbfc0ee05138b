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
    ],
)
def test_words_say_most(message: str, words: str) -> None:
    assert words in cure("PermanentError", message)
    assert words in cure("", message)


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
