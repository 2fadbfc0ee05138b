"""Names of destinations and rules as one segment of an address."""

from urllib.parse import unquote


class NameConverter:
    """A name that may hold slashes, as those of destinations that are bare URLs do.

    Slashes are written ``%2F`` once more than the address itself is quoted, since web servers
    merge the two of ``sftp://`` into one, and take ``..`` for a step back.
    """

    regex = "[^/]+"

    def to_python(self, value: str) -> str:
        """The name that ``value`` stands for."""
        return unquote(value)

    def to_url(self, value: str) -> str:
        """``value`` without slashes; the address quotes what else must be.

        Raises:
            ValueError: the name is empty, so it has no page.
        """
        if not value:
            raise ValueError("What has no name has no page of its own.")
        return value.replace("%", "%25").replace("/", "%2F")
