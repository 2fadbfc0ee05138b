"""What is wrong with a request is said, with its cure."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from tests.api.asker import Asker, address
from tests.api.making import item
from tests.flows.site import Site

LISTS = ("items", "attempts", "logs")
#: Path → a wrong parameter, its value, and words of the answer.
WRONG = [
    *((path, "page_size", value, words) for path in LISTS for value, words in {
        "0": "greater than or equal to 1", "201": "less than or equal to 200",
        "many": "valid integer", "": "valid integer", "9" * 2000: "too large",
    }.items()),
    *((path, "cursor", value, "no cursor") for path in LISTS for value in
      ("", "x", "1.1", "1.1.1.1", "-1.1.1", "1.1.1'", "9" * 18 + ".1.1", "1.1.1\n")),
    *((path, "queue", value, "Choices: default.") for path in LISTS for value in
      ("other", "", "default'--")),
    *((path, name, value, "no point in time") for path, name in (
        ("items", "since"), ("items", "until"), ("attempts", "started__gte"),
        ("attempts", "started__lte"), ("logs", "created"), ("logs", "created__gte"),
        ("logs", "created__lte"),
    ) for value in ("yesterday", "", "2026-02-30T00:00:00Z", "1", "\x00")),
    *((path, "ordering", "size", "Choices: ") for path in ("attempts", "logs")),
    ("attempts", "ordering", "stared", "Did you mean 'started'?"),
    ("items", "status", "pushd", "Choices: "),
    ("items", "status", "PUSHD", "Did you mean 'PUSHED'?"),
    ("items", "status", "50", "Choices: "),
    ("items", "object", "42", "such as news.Story:42"),
    ("items", "object", "newsroom.Storey:42", "Did you mean 'newsroom.Story'?"),
    ("items", "destination", "x" * 201, "no more than 200 characters"),
    ("items", "destination", "a\x00b", "Null characters"),
    ("items", "text", "", "may not be blank"),
    ("attempts", "outcome", "lost", "Choices: cancelled, failed"),
    ("attempts", "item", "first", "valid integer"),
    ("attempts", "item", "0", "greater than or equal to 1"),
    ("attempts", "item", str(2**63), "less than or equal to"),
    ("logs", "status", "succeeded", "Choices: FAILED, SUCCEEDED."),
    ("logs", "byte_size", "-1", "greater than or equal to 0"),
    ("logs", "byte_size__gte", "1KB", "valid integer"),
    ("logs", "byte_size__lte", "1' OR '1'='1", "valid integer"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "name", "value", "words"), WRONG)
def test_wrong_parameters(path: str, name: str, value: str, words: str, viewer: Asker) -> None:
    told = viewer.get(path, expected=400, **{name: value})
    assert list(told["parameters"]) == [name]
    assert words in told["parameters"][name]
    assert told["parameters"][name] in told["detail"]


EVERY_PATH = (*LISTS, "destinations", "rules", "summary", "schema")


@pytest.mark.parametrize("path", EVERY_PATH)
def test_unknown_parameters(path: str, viewer: Asker) -> None:
    told = viewer.get(path, expected=400, **{"no-such": "1"})
    assert told["parameters"]["no-such"].startswith("This is unknown here. ")


def test_misspelt_parameters(viewer: Asker) -> None:
    told = viewer.get("logs", expected=400, byte_size__gt=1)["detail"]
    assert "Did you mean 'byte_size__gte'?" in told


def test_repeated_parameters(viewer: Asker) -> None:
    told = viewer.get("items", expected=400, rule=["one", "other"])
    assert told["parameters"] == {"rule": "This was given 2 times. Give it once."}


def test_a_list_may_be_repeated(viewer: Asker) -> None:
    assert viewer.get("items", status=["NEW", "RETRY"])["results"] == []


BODIES: list[tuple[str, Any, str]] = [
    ("items/retry", {}, "Nothing was chosen"),
    ("items/retry", {"rerender": True}, "Nothing was chosen"),
    ("items/retry", {"ids": []}, "ids: "),
    ("items/retry", {"ids": ["1"]}, "valid integer"),
    ("items/retry", {"ids": [True]}, "valid integer"),
    ("items/retry", {"ids": [2**63]}, "less than or equal to"),
    ("items/retry", {"ids": 1}, "list of items"),
    ("items/retry", {"destination": 1}, "valid string"),
    ("items/retry", {"destination": "\ud800"}, "Send the text as UTF-8"),
    ("items/retry", {"\ud800": 1}, "unknown here"),
    ("items/retry", {"object": "\ud800.x:1"}, "Send the text as UTF-8"),
    ("items/retry", {"status": ["\ud800"]}, "Choices: "),
    ("items/retry", {"destination": None}, "may not be null"),
    ("items/retry", {"destinations": "x"}, "Did you mean 'destination'?"),
    ("items/retry", {"status": ["FAILED"]}, "Choices: "),
    ("items/retry", {"status": "NEW"}, "list of items"),
    ("items/retry", {"since": 5}, "no point in time"),
    ("items/retry", {"since": "2026"}, "no point in time"),
    ("items/retry", {"rule": "x", "dry_run": "yes"}, "boolean"),
    ("items/retry", {"rule": "x", "force": 1}, "boolean"),
    ("items/retry", {"rule": "x", "queue": "other"}, "Choices: default."),
    ("items/retry", [], "Expected a dictionary"),
    ("pause", {}, "required"),
    ("pause", {"destinations": []}, "destinations: "),
    ("pause", {"destinations": ["belowed"]}, "Known names: beloved"),
    ("pause", {"destinations": ["beloved"], "reason": 1}, "valid string"),
    ("resume", {"destinations": ["beloved"], "reason": "x"}, "unknown here"),
    ("resume", {"destinations": "beloved"}, "list of items"),
]


@pytest.mark.parametrize(("path", "body", "words"), BODIES)
def test_wrong_bodies(path: str, body: Any, words: str, operator: Asker, site: Site) -> None:
    assert words in operator.post(path, body, expected=400)["detail"]


@pytest.mark.parametrize("body", [b"{", b"\xff", b'{"rule": NaN}', b"[" * 100_000])
def test_what_is_no_json(body: bytes, operator: Asker) -> None:
    operator.client.cookies["csrftoken"] = "a" * 32
    answer = operator.client.post(
        address("items/retry"), body, content_type="application/json",
        headers={"X-CSRFToken": "a" * 32},
    )  # fmt: skip
    assert answer.status_code == 400
    assert "JSON" in answer.json()["detail"]


def test_other_bodies(operator: Asker) -> None:
    operator.client.cookies["csrftoken"] = "a" * 32
    answer = operator.client.post(
        address("items/retry"), {"rule": "x"}, headers={"X-CSRFToken": "a" * 32}
    )
    assert answer.status_code == 415
    assert "multipart/form-data" in answer.json()["detail"]


def test_other_answers(viewer: Asker) -> None:
    answer = viewer.client.get(address("items"), headers={"Accept": "text/html"})
    assert answer.status_code == 406


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options", "trace"])
@pytest.mark.parametrize("path", ["items", "logs", "items/1", "logs/1-1"])
def test_other_methods(method: str, path: str, operator: Asker) -> None:
    answer = getattr(operator.client, method)(address(path), headers={"X-CSRFToken": "a" * 32})
    assert answer.status_code in (403, 405)
    answer = operator.client.post(address("logs"))
    assert answer.status_code in (403, 405)


EVIL = (
    "' OR 1=1 --", '"; DROP TABLE pigeon_itemtopush; --', "%", "_", "<script>", "\\", "é\u202e",
)  # fmt: skip


@pytest.mark.parametrize("value", EVIL)
@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("items", "text"), ("items", "destination"), ("items", "rule"),
        ("attempts", "destination"), ("attempts", "rule"), ("logs", "destination"),
        ("logs", "filename"), ("logs", "extension"), ("logs", "protocol"),
    ],
)  # fmt: skip
def test_no_value_is_taken_for_a_pattern_or_for_sql(
    path: str, name: str, value: str, viewer: Asker
) -> None:
    item(title="A story")
    assert viewer.get(path, **{name: value})["results"] == []
    assert viewer.get("items")["results"] != []


@pytest.mark.parametrize(
    "path",
    ["items/x", f"items/{10**30}", "items/-1", "attempts/1.0", "logs/1", "logs/1-", "logs/x-1"],
)
def test_what_is_no_id(path: str, viewer: Asker) -> None:
    assert "is no id" in viewer.get(path, expected=400)["parameters"]["id"]


def test_what_does_not_exist(operator: Asker, site: Site) -> None:
    for path in ("items/7", "attempts/7", "logs/7-1", "itmes", "items/7/x/y"):
        assert "There is no" in operator.get(path, expected=404)["detail"]
    assert "Did you mean 'items'?" in operator.get("itmes", expected=404)["detail"]
    for path in ("items/7/retry", "items/7/cancel"):
        assert "There is no item 7" in operator.post(path, expected=404)["detail"]
    told = operator.get("destinations", expected=404, name="belowed")["detail"]
    assert told == "There is no destination 'belowed'. Did you mean 'beloved'? Known: beloved."
    assert quote("beloved") in told
