"""A queue that has been in use for two months: what the pages of operators are measured on.

PostgreSQL makes the rows itself. Twenty partners get what five rules select, some of them much
more than others; most of it arrived, some failed, and at the end some waits.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import connection, models

PARTNERS, DAYS = 20, 60
ATTEMPTS = 5
#: One of so many stories is what an item is about.
STORIES = 200_000
#: An error that pages show.
ERROR = "452 Insufficient storage space in system; nothing was published."
RECEIPT = (
    """'[{"path": "story_' || i.object_id || '.xml", "remote_path": "/in/story_' || i.object_id"""
    """ || '.xml", "size": 8192, "sha256": "' || repeat('0', 64) || '", "published": "rename", """
    """"verified": "size"}]'"""
)
TRANSCRIPT = """'[[0.0, "Connected."], [0.2, "Wrote story.xml.part."], [0.3, "Renamed it."]]'"""


def fill(rows: int) -> None:
    """Make ``rows`` items, five attempts for each, and what else there would be."""
    from pigeon.models import ItemToPush, Parcel, Publication, PushAttempt, Tally

    with connection.cursor() as cursor:
        cursor.execute("SELECT setseed(0.5)")
    _insert(Parcel, PARCELS, f"generate_series(1, {max(1, rows // 20)}) AS n")
    _insert(ItemToPush, ITEMS, _choices(rows))
    _insert(PushAttempt, TRIES, f"{ItemToPush._meta.db_table} AS i, generate_series(1, 5) AS k")
    pushed = f"{ItemToPush._meta.db_table} AS i WHERE i.status = 50 AND i.id % 3 = 0"
    _insert(Publication, PUBLICATIONS, pushed, "ON CONFLICT DO NOTHING")
    for seconds, number in ((60, 1440), (3600, 62 * 24), (86400, DAYS), (0, 1)):
        _insert(Tally, TALLIES, _stretches(seconds, number))
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")  # as autovacuum would have, long before


def _choices(rows: int) -> str:
    """One row per item: its number, and dice for what is drawn by lot."""
    dice = ", ".join(f"random() AS {name}" for name in ("a", "b", "c"))
    return f"(SELECT n, {rows} AS rows, {dice} FROM generate_series(1, {rows}) AS n) AS lots"


def _stretches(seconds: int, number: int) -> str:
    last = f"to_timestamp(floor(extract(epoch FROM now()) / {seconds or 1}) * {seconds})"
    if not seconds:
        last = "to_timestamp(0)"
    return (
        f"(SELECT {seconds} AS seconds, {last} - m * interval '{seconds} seconds' AS since, p, r "
        f"FROM generate_series(0, {number - 1}) AS m, generate_series(0, {PARTNERS - 1}) AS p, "
        "generate_series(1, 5) AS r) AS stretches"
    )


def _insert(
    model: type[models.Model], values: Mapping[str, str], source: str, more: str = ""
) -> None:
    """Insert one row for each row of ``source``; what ``values`` leave out gets its default."""
    columns, chosen = [], []
    for field in model._meta.local_concrete_fields:
        if field.primary_key:
            continue
        columns.append(connection.ops.quote_name(str(field.column)))
        chosen.append(values.get(field.attname) or _default(field))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {model._meta.db_table} ({', '.join(columns)}) "
            f"SELECT {', '.join(chosen)} FROM {source} {more}"
        )


def _default(field: models.Field[Any, Any]) -> str:
    value = field.get_db_prep_save(field.get_default(), connection)
    if isinstance(value, bool | int | float):
        return str(value)
    if value is None:
        return "NULL"
    return "'[]'" if isinstance(field, models.JSONField) else f"'{value}'"


_PARTNER = f"'partner-' || floor({PARTNERS} * power(a, 3))"
_CREATED = f"now() - (rows - n) * interval '{DAYS} days' / rows"
#: The last ones wait; of the others some failed.
_STATUS = (
    "CASE WHEN n > rows * 0.98 THEN (CASE WHEN b < 0.7 THEN 10 WHEN b < 0.99 THEN 30 ELSE 20 END)"
    " WHEN b < 0.01 THEN 130 WHEN b < 0.012 THEN 180 WHEN b < 0.03 THEN 60"
    " WHEN b < 0.04 THEN 70 ELSE 50 END"
)
_STORY = f"(1 + floor({STORIES} * c))::text"
PARCELS = {
    "rule_name": "'stories'",
    "event_id": "gen_random_uuid()",
    "model_label": "'newsroom.Story'",
    "object_id": "n::text",
    "directory": "'parcel-' || n",
    "manifest": "'{\"files\": []}'",
    "rendered_at": "now()",
}
ITEMS = {
    "rule_name": "'rule-' || (1 + n % 5)",
    "destination": _PARTNER,
    "model_label": "'newsroom.Story'",
    "object_id": _STORY,
    "order_key": f"substr(md5({_PARTNER} || n % 5), 1, 12) || 'm' || {_STORY}",
    "title": f"'Story ' || {_STORY} || ' about the ' || md5(n::text)",
    "event_id": "gen_random_uuid()",
    "changed_fields": '\'["title", "body"]\'',
    "actor": "'Ada'",
    "status": _STATUS,
    "push_attempts": "5",
    "creation_date": _CREATED,
    "last_push_attempts_date": f"{_CREATED} + interval '2 hours'",
    "next_attempt_date": f"CASE {_STATUS} WHEN 30 THEN now() + b * interval '6 hours' END",
    "lease_until": f"CASE {_STATUS} WHEN 20 THEN now() + interval '1 hour' END",
    "pushed_date": f"CASE {_STATUS} WHEN 50 THEN {_CREATED} + interval '2 hours' END",
    "message": f"CASE {_STATUS} WHEN 130 THEN '{ERROR}' ELSE '' END",
}
TRIES = {
    "item_id": "i.id",
    "destination": "i.destination",
    "rule_name": "i.rule_name",
    "started": "i.creation_date + (k - 1) * interval '30 minutes'",
    "duration": "0.4",
    "worker": "'worker-1'",
    "outcome": "CASE WHEN k = 5 AND i.status = 50 THEN 'pushed' WHEN k = 5 AND i.status > 100 "
    "THEN 'failed' ELSE 'retry' END",
    "error_class": "CASE WHEN k = 5 AND i.status = 50 THEN '' ELSE 'TransientError' END",
    "message": f"CASE WHEN k = 5 AND i.status = 50 THEN '' ELSE '{ERROR}' END",
    "bytes_sent": "8192",
    "receipts": f"(CASE WHEN k = 5 AND i.status = 50 THEN {RECEIPT} ELSE '[]' END)::jsonb",
    "transcript": f"{TRANSCRIPT}::jsonb",
}
PUBLICATIONS = {
    "destination": "i.destination",
    "path": "'story_' || i.object_id || '.xml'",
    "remote_path": "'/in/story_' || i.object_id || '.xml'",
    "file_name": "'story_' || i.object_id || '.xml'",
    "path_digest": "encode(sha256(convert_to('story_' || i.object_id || '.xml', 'UTF8')), 'hex')",
    "rule_name": "i.rule_name",
    "model_label": "i.model_label",
    "object_id": "i.object_id",
    "order_key": "i.order_key",
    "item_id": "i.id",
    "size": "8192",
    "sha256": "repeat('0', 64)",
    "rendered_at": "i.creation_date",
    "published_date": "i.pushed_date",
}
TALLIES = {
    "destination": "'partner-' || p",
    "rule_name": "'rule-' || r",
    "period": "seconds",
    "since": "since",
    "pushed": "greatest(1, seconds / 60)",
    "retried": "seconds / 600",
    "bytes_sent": "8192 * greatest(1, seconds / 60)",
    "seconds": "0.4 * greatest(1, seconds / 60)",
    "took_500ms": "greatest(1, seconds / 60)",
}
