"""What tracking costs: loads and saves of a model with twelve fields, as ratios to a plain one.

Run it as ``python -m benchmarks.tracking``. If django-model-utils is installed, its
``FieldTracker`` is measured beside ours. Everything is done in turns within one run, and each
figure is the least processor time of its turns, so that the ratios mean something on a busy
machine.
"""

from __future__ import annotations

import gc
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import django
from django.conf import settings

ROWS, SAVES, TURNS = 2000, 300, 15


def configure(folder: str) -> None:
    settings.configure(
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": str(Path(folder) / "db.sqlite3"),
                "OPTIONS": {
                    "transaction_mode": "IMMEDIATE",
                    "init_command": "PRAGMA journal_mode=WAL",
                },
            }
        },
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
    )
    django.setup()


def make_models() -> dict[str, type]:
    """Three models with the same twelve fields: plain, ours, and FieldTracker's."""
    from django.db import models

    from pigeon import tracking

    def make(name: str, **extra: object) -> type:
        fields: dict[str, object] = {"__module__": __name__, **extra}
        for number in range(5):
            fields[f"text{number}"] = models.CharField(max_length=100, default="some text")
            fields[f"number{number}"] = models.IntegerField(default=number)
        fields["metadata"] = models.JSONField(default=lambda: {"tags": ["a", "b"], "n": 1})
        fields["Meta"] = type("Meta", (), {"app_label": "benchmarks"})
        return type(name, (models.Model,), fields)

    made = {"plain": make("Plain"), "ours": make("Ours")}
    tracking.attach(made["ours"])
    try:
        from model_utils import FieldTracker
    except ImportError:
        print("django-model-utils is not installed; FieldTracker is left out", file=sys.stderr)
    else:
        made["FieldTracker"] = make("Tracked", tracker=FieldTracker())
    return made


def load(model: type) -> Callable[[], None]:
    return lambda: (list(model.objects.all()), None)[1]  # type: ignore[attr-defined]


def save(model: type) -> Callable[[], None]:
    instance = model.objects.first()  # type: ignore[attr-defined]

    def work() -> None:
        for number in range(SAVES):
            instance.number0 = number
            instance.save()

    return work


def save_in_atomic(model: type) -> Callable[[], None]:
    from django.db import transaction

    work = save(model)

    def within() -> None:
        with transaction.atomic():
            work()

    return within


def save_each_in_atomic(model: type) -> Callable[[], None]:
    from django.db import transaction

    instance = model.objects.first()  # type: ignore[attr-defined]

    def work() -> None:
        for number in range(SAVES):
            instance.number0 = number
            with transaction.atomic():
                instance.save()

    return work


def best(jobs: dict[str, Callable[[], None]]) -> dict[str, float]:
    """The least processor time of each job in seconds, in turns."""
    times: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(TURNS):
        for name, job in jobs.items():
            gc.collect()
            start = time.process_time()
            job()
            times[name].append(time.process_time() - start)
    return {name: min(values) for name, values in times.items()}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        configure(folder)
        made = make_models()
        from django.db import connection

        with connection.schema_editor() as editor:
            for model in made.values():
                editor.create_model(model)
        for model in made.values():
            model.objects.bulk_create(model() for _ in range(ROWS))  # type: ignore[attr-defined]
        kinds = [
            ("load a row", load, ROWS),
            ("save under autocommit", save, SAVES),
            ("save in an atomic of its own", save_each_in_atomic, SAVES),
            ("save in one long atomic", save_in_atomic, SAVES),
        ]
        for title, job, count in kinds:
            times = best({name: job(model) for name, model in made.items()})
            print(title)
            for name, seconds in times.items():
                ratio = seconds / times["plain"]
                print(f"  {name:<13}{seconds / count * 1e6:8.1f} µs{ratio:8.3f}")
        connection.close()


if __name__ == "__main__":
    main()
