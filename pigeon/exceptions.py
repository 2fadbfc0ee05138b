"""Every error that Pigeon raises, in one tree.

An error that ends an item's turn carries ``status``: the number of
:class:`pigeon.models.item.Status` that the item gets, so that nobody has to map
classes to numbers anywhere else.
"""

from __future__ import annotations

from datetime import timedelta


class PigeonError(Exception):
    """The root of every error of Pigeon."""


class ConfigurationError(PigeonError):
    """A rule, a setting or a destination is declared in a way that cannot work."""


class AlreadyRegistered(ConfigurationError):
    """Two rules want the same name."""


class NotRegistered(ConfigurationError):
    """Nothing is registered under that name."""


class OperationRefused(PigeonError):
    """What somebody asked of the queue cannot be done, or was not said clearly enough."""


class ItemError(PigeonError):
    """An item cannot go on; retrying without a change would fail the same way."""

    status = 110


class OutputGenerationError(ItemError):
    """An output could not be rendered or read."""

    status = 120


class FilterByInstanceTypeError(ItemError):
    """A rule's ``filter_by_instance_type`` raised."""

    status = 140


class FilterByUpdatesError(ItemError):
    """A rule's ``filter_by_updates`` raised."""

    status = 150


class FilterByStateError(ItemError):
    """A rule's ``filter_by_state`` raised."""

    status = 160


class GetDirectoryError(ItemError):
    """A rule's ``get_directory`` or ``get_filename`` raised, or gave an unsafe path."""

    status = 170


class ValidationError(ItemError):
    """A validator refused an output."""

    status = 180


class SupervisorError(ItemError):
    """A rule's ``get_supervisor_for_item`` or ``get_related_items`` raised."""

    status = 190


class OutputMakerError(ItemError):
    """A rule's ``get_output_makers`` raised or returned no output maker."""

    status = 200


class NothingToPush(PigeonError):
    """The item has become pointless: its object is gone or no longer wanted.

    The item ends as CANCELLED, which is not an error.
    """


class ParcelDamaged(PigeonError):
    """A stored parcel is missing, or a file of it is not what the manifest says."""


class LeaseLost(PigeonError):
    """Another worker has taken the item over; this one must not publish anything."""


class DeliveryError(PigeonError):
    """A send failed; the subclass says whether trying again can help.

    Args:
        message: what happened and what to do about it, fit for an operator's eyes.
        retry_after: how long the partner asked us to wait, if it did.
    """

    status = 130
    kind = "transient"
    #: True when the whole destination, not one item, is what failed.
    stops_destination = False

    def __init__(self, message: str, *, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class TransientError(DeliveryError):
    """Something that may have passed by itself at the next attempt."""


class Unreachable(TransientError):
    """The partner could not be reached at all, so no item at it has a chance now."""


class AuthenticationError(DeliveryError):
    """The partner refused who we are, or we refused who it is."""

    kind = "auth"
    stops_destination = True


class DestinationMisconfigured(DeliveryError):
    """The destination cannot work as it is configured, or as the partner's server is."""

    kind = "configuration"
    stops_destination = True


class PermanentError(DeliveryError):
    """The partner refused this item for good."""

    kind = "permanent"


class AmbiguousError(DeliveryError):
    """The answer was lost: the partner may or may not have what was sent."""

    kind = "ambiguous"
