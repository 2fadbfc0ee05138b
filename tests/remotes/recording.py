"""What a gatherer writes to, for tests that count its writes."""

from __future__ import annotations


class Line:
    """Remembers what would have been sent."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.channel = self
        self.closed = False

    def write(self, data: bytes) -> None:
        self.sent.append(data)

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def get_extra_info(self, name: str) -> str:
        return name
