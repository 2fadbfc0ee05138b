"""What the errors of smtplib mean (replies: RFC 5321, section 4.2; RFC 4954, section 6)."""

from __future__ import annotations

import smtplib
import ssl

from pigeon.exceptions import (
    AmbiguousError,
    AuthenticationError,
    DeliveryError,
    DestinationMisconfigured,
    PermanentError,
    TransientError,
    Unreachable,
)

_SAID_LENGTH = 300
#: Replies to a login that say "not now", and to MAIL that say "log in first".
_LATER, _LOGIN_NEEDED, _TOO_LARGE = 454, 530, 552


def connecting(where: str, error: Exception) -> DeliveryError:
    """What it means that no connection could be opened; ``where`` begins the sentence."""
    said = _said(error)
    if isinstance(error, smtplib.SMTPAuthenticationError) and error.smtp_code != _LATER:
        return AuthenticationError(
            f"{where} refused the login: {said}. Correct user name and password of Django's mail "
            "settings."
        )
    if isinstance(error, ssl.SSLCertVerificationError):
        return AuthenticationError(
            f"{where} has a certificate that cannot be trusted: {said}. Name the server as its "
            "certificate does, or make its authority known to this machine."
        )
    if isinstance(error, ssl.SSLError):
        return DestinationMisconfigured(
            f"{where} does not speak TLS as it should: {said}. A port for implicit TLS (465) "
            "wants use_ssl, others use_tls."
        )
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return DestinationMisconfigured(
            f"{where} cannot do what Django's mail settings ask for: {said}."
        )
    if isinstance(error, ValueError):
        return DestinationMisconfigured(f"Django's mail settings cannot work: {said}.")
    return Unreachable(f"{where} cannot be reached: {said}.")


def sending(where: str, error: Exception, *, may_have_arrived: bool) -> DeliveryError:
    """What it means that a mail was not taken; ``where`` begins the sentence.

    Args:
        may_have_arrived: the connection broke when the content was under way.
    """
    if isinstance(error, DeliveryError):
        return error
    said = _said(error)
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return _recipients(where, error)
    if isinstance(error, smtplib.SMTPSenderRefused):
        return _sender(where, error)
    if isinstance(error, smtplib.SMTPResponseException):
        return _refused(where, error.smtp_code, said)
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return PermanentError(f"{where} cannot take an address beyond ASCII: {said}.")
    if isinstance(error, (smtplib.SMTPException, OSError)):
        if may_have_arrived:
            return AmbiguousError(
                f"{where} did not say whether it took the mail: {said}. It is sent again under "
                "the same Message-ID."
            )
        return TransientError(f"{where} broke off before it had the mail: {said}.")
    if may_have_arrived:
        return AmbiguousError(f"{where} failed: {said}.")
    return PermanentError(f"The mail could not be written: {said}.")


def _recipients(where: str, error: smtplib.SMTPRecipientsRefused) -> DeliveryError:
    names = ", ".join(error.recipients)
    answers = {_text(code, said) for code, said in error.recipients.values()}
    text = f"{where} refused the recipient {names}: {'; '.join(sorted(answers))}."
    if all(code >= 500 for code, _ in error.recipients.values()):
        return PermanentError(f"{text} Nobody got the mail. Correct the address in the URL.")
    return TransientError(f"{text} Nobody got the mail; it is sent again later.")


def _sender(where: str, error: smtplib.SMTPSenderRefused) -> DeliveryError:
    said = _said(error)
    if error.smtp_code == _LOGIN_NEEDED:
        return AuthenticationError(f"{where} wants a login: {said}. Set one for Django's mail.")
    if error.smtp_code == _TOO_LARGE or error.smtp_code < 500:
        return _refused(where, error.smtp_code, said)
    return DestinationMisconfigured(
        f"{where} refused the sender {error.sender}: {said}. Correct OPTIONS['from_email'] or "
        "DEFAULT_FROM_EMAIL."
    )


def _refused(where: str, code: int, said: str) -> DeliveryError:
    if code < 500:
        return TransientError(f"{where} does not take the mail now: {said}.")
    cure = ""
    if code == _TOO_LARGE:
        cure = " Set OPTIONS['max_size'] to what it takes, and send larger files another way."
    return PermanentError(f"{where} refused the mail: {said}.{cure}")


def _said(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return _text(error.smtp_code, error.smtp_error)
    return f"{type(error).__name__}: {str(error)[:_SAID_LENGTH]}"


def _text(code: int, said: bytes | str) -> str:
    words = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return f"{code} {' '.join(words.split())}"[:_SAID_LENGTH]
