"""Somebody who asks the API and reads the answers."""

from __future__ import annotations

from typing import Any

from django.test import Client

ROOT = "/push-api/"


class Asker:
    """A client of the API; ``post`` sends the CSRF token of the session, as browsers do."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def get(self, path: str, expected: int = 200, **parameters: Any) -> Any:
        return self._read(self.client.get(address(path), parameters), expected)

    def post(self, path: str, body: Any = None, expected: int = 200) -> Any:
        token = "a" * 32
        self.client.cookies["csrftoken"] = token
        answer = self.client.post(
            address(path), {} if body is None else body, content_type="application/json",
            headers={"X-CSRFToken": token},
        )  # fmt: skip
        return self._read(answer, expected)

    def pages(self, path: str, **parameters: Any) -> list[list[Any]]:
        """The results of all pages, following each page's own address."""
        found, answer = [], self.get(path, **parameters)
        found.append(answer["results"])
        while answer["next"]:
            assert len(found) < 1000, "the pages do not end"
            answer = self.get(answer["next"])
            found.append(answer["results"])
        return found

    def all(self, path: str, **parameters: Any) -> list[Any]:
        return [result for page in self.pages(path, **parameters) for result in page]

    @staticmethod
    def _read(answer: Any, expected: int) -> Any:
        assert answer.status_code == expected, answer.content
        assert answer["Content-Type"] == "application/json"
        return answer.json()


def address(path: str) -> str:
    return path if "://" in path else ROOT + path
