"""What the errors of a storage mean.

Nothing of a storage's library is imported: botocore's errors, which S3 storages raise, are known
by the names of their classes and by the ``response`` that they carry.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import ImproperlyConfigured, SuspiciousFileOperation

from pigeon.destinations import SECRET_OPTION
from pigeon.exceptions import (
    AuthenticationError,
    DeliveryError,
    DestinationMisconfigured,
    PermanentError,
    PigeonError,
    TransientError,
    Unreachable,
)

#: Names of a storage's options and attributes whose values are secret.
_SECRET = re.compile(
    rf"{SECRET_OPTION.pattern}|(access|account|private|shared|sas)_?key|connection_string", re.I
)
_NO_CONNECTION = {
    "ConnectTimeoutError", "ConnectionClosedError", "EndpointConnectionError",
    "ProxyConnectionError", "SSLError",
}  # fmt: skip
_NO_CREDENTIALS = {
    "CredentialRetrievalError", "NoCredentialsError", "PartialCredentialsError",
    "TokenRetrievalError",
}  # fmt: skip
_MISCONFIGURED = {
    "InvalidEndpointConfigurationError", "InvalidRegionError", "NoRegionError",
    "ParamValidationError", "UnknownEndpointError",
}  # fmt: skip
#: Codes of S3 (https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html).
_WRONG_PLACE = {
    "AuthorizationHeaderMalformed", "IllegalLocationConstraintException", "InvalidBucketName",
    "NoSuchBucket", "PermanentRedirect",
}  # fmt: skip
_NEVER = {"EntityTooLarge", "InvalidArgument", "KeyTooLongError", "MetadataTooLarge"}
#: Characters of a storage's own words that a message repeats.
_SAID_LENGTH = 300


@contextmanager
def told(where: str) -> Iterator[None]:
    """Raise what goes wrong within as an error of Pigeon's; ``where`` begins the sentence."""
    try:
        yield
    except PigeonError:
        raise
    except Exception as error:
        raise _meaning(where, error) from error


def secrets_of(values: Mapping[str, Any]) -> Iterator[str]:
    """The texts among ``values`` whose names say that they are secret."""
    for name, value in values.items():
        if _SECRET.search(name) and isinstance(value, str) and value:
            yield value


def _meaning(where: str, error: Exception) -> DeliveryError:
    said = f"{type(error).__name__}: {str(error)[:_SAID_LENGTH]}"
    names = {each.__name__ for each in type(error).__mro__}
    if isinstance(error, SuspiciousFileOperation):
        return PermanentError(
            f"{where} refuses the name: {said}. Correct the rule's get_directory or get_filename."
        )
    if response := getattr(error, "response", None):
        return _answered(where, said, response)
    if names & _NO_CREDENTIALS:
        return AuthenticationError(f"{where} has no credentials: {said}. Correct STORAGES.")
    if names & _MISCONFIGURED or isinstance(error, ImproperlyConfigured):
        return DestinationMisconfigured(f"{where} cannot work: {said}. Correct STORAGES.")
    if names & _NO_CONNECTION or isinstance(error, ConnectionError):
        return Unreachable(f"{where} cannot be reached: {said}.")
    return TransientError(f"{where} failed: {said}.")


def _answered(where: str, said: str, response: Mapping[str, Any]) -> DeliveryError:
    """What botocore's ``ClientError`` means: the server's code and its HTTP status."""
    code = str(response.get("Error", {}).get("Code", ""))
    status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if code in _WRONG_PLACE:
        return DestinationMisconfigured(
            f"{where} names a bucket or region that does not exist: {said}. Correct STORAGES."
        )
    if status in (401, 403):
        return AuthenticationError(
            f"{where} refused the login or the right to do this: {said}. Correct the keys in "
            "STORAGES, or let its owner allow reading, writing and deleting there."
        )
    if code in _NEVER:
        return PermanentError(f"{where} does not take this file: {said}.")
    return TransientError(f"{where} failed: {said}.")
