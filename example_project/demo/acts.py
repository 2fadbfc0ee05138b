"""What happens in the demo, act by act; each ends with a look at the partners."""

from __future__ import annotations

import os
from pathlib import Path

from example_project.demo import report
from example_project.demo.report import Result
from example_project.demo.stage import PLACES, ROOT, Stage


class Failed(Exception):
    """Something is not as it must be; the sentences say what."""


def play(stage: Stage) -> Result:
    """The whole demo; what its last line says.

    Raises:
        Failed: a file is not what it should be, or should not be there.
        StageError: a command failed.
    """
    _introduce(stage)
    _write(stage)
    _push(stage)
    files = _compare(stage)
    _push_again(stage)
    files = _edit(stage) or files
    return _result(files)


def stay(stage: Stage) -> None:
    """Leave everything running until Ctrl-C."""
    from example_project.demo.encore import encore

    encore(stage)


def _introduce(stage: Stage) -> None:
    report.step(f"A fresh site in {_short(stage.directory)}, on SQLite")
    stage.manage("migrate", "--verbosity", "0")
    report.step("Two partners listen, each with folders for several destinations")
    rows = [(name, scheme, stage.partners[scheme].url + folder)
            for name, (scheme, folder) in PLACES.items()]  # fmt: skip
    report.table(["destination", "partner", "address"], rows)


def _write(stage: Stage) -> None:
    from django.conf import settings

    from example_project.news import loading
    from example_project.news.models import Story
    from pigeon.models import ItemToPush

    report.step("Editors save stories: our own, and those of agencies if they are here")
    folders = [loading.BUNDLED, Path(settings.NEWSROOM_IPTC_DIRECTORY) / "stories"]
    for folder in filter(Path.is_dir, folders):
        stories = [loading.load(path) for path in loading.files_of([folder])]
        report.say(f"{len(stories)} stories from {_short(folder)}")
    online = Story.objects.filter(workflow_state=Story.State.ONLINE).count()
    report.say(
        f"{online} are online; "
        f"their saves queued {ItemToPush.objects.new().count()} items, the newest of which go out"
    )
    if not Path(settings.NEWSROOM_IPTC_DIRECTORY).is_dir():
        report.say("The IPTC's schemas are not here: NITF and ninjs are checked for form only.")


def _push(stage: Stage) -> None:
    from example_project.demo import proof

    for rule in proof.in_mass():
        report.step(f"manage.py pigeon_mass_push {rule}")
        _show(stage.manage("pigeon_mass_push", rule))
    report.step("manage.py pigeon_push")
    _show(stage.manage("pigeon_push"))
    _check_queue()


def _compare(stage: Stage) -> int:
    from example_project.demo import proof

    report.step("Every file at the partners is compared, byte for byte")
    expected = proof.rendered([*proof.one_by_one(), *proof.in_mass()])
    present = stage.at_partners()
    _refuse(proof.differences(present, expected, proof.manifests()))
    rows = [(name, len(files), sum(map(len, files.values())))
            for name, files in expected.items()]  # fmt: skip
    report.table(["destination", "files", "bytes"], rows)
    total = sum(count for _, count, _ in rows)
    report.good(f"{total} files are what their rules render and their manifests say")
    report.good("nothing else is there: no temporary name, no draft")
    return total


def _push_again(stage: Stage) -> None:
    from example_project.demo import proof
    from pigeon.models import ItemToPush

    report.step("manage.py pigeon_push, once more: nothing has changed")
    before, pushed = proof.stamps(stage.at_partners()), ItemToPush.objects.pushed().count()
    stage.manage("pigeon_push")
    again = ItemToPush.objects.pushed().count() - pushed
    touched = _touched(before, proof.stamps(stage.at_partners()))
    _refuse([f"{name}: {path} was written again" for name, path in sorted(touched)])
    _refuse([f"{again} items were pushed again"] if again else [])
    report.good("nothing was sent, no file was touched")


def _edit(stage: Stage) -> int:
    from example_project.demo import proof
    from example_project.news.models import Story
    from pigeon.models import ItemToPush

    story = Story.objects.filter(photos__isnull=False).order_by("pk")[0]
    report.step("An editor changes a headline, and pigeon_push runs")
    before, kept = proof.stamps(stage.at_partners()), proof.rendered(proof.in_mass())
    pushed = ItemToPush.objects.pushed().count()
    story.headline = f"{story.headline} (updated ✏️)"
    story.save()
    stage.manage("pigeon_push")
    _check_queue()
    mine = proof.of_story(story, proof.one_by_one())
    allowed = {(name, path) for name, files in mine.items() for path in files}
    touched = _touched(before, proof.stamps(stage.at_partners()))
    _refuse([f"{name}: {path} was touched, too" for name, path in sorted(touched - allowed)])
    count = ItemToPush.objects.pushed().count() - pushed
    _refuse([f"{count} items were pushed, not {len(mine)}"] if count != len(mine) else [])
    expected = {**proof.rendered(proof.one_by_one()), **kept}
    _refuse(proof.differences(stage.at_partners(), expected, proof.manifests()))
    report.good(f"its new version is at {len(mine)} destinations, and all else is as it was")
    return sum(map(len, expected.values()))


def _result(files: int) -> Result:
    from pigeon.models import ItemToPush

    pushed = ItemToPush.objects.pushed()
    destinations = pushed.order_by().values("destination").distinct().count()
    return Result(pushed.count(), destinations, files)


def _check_queue() -> None:
    from pigeon.models import ItemToPush

    left = [*ItemToPush.objects.unfinished(), *ItemToPush.objects.failed()]
    _refuse([f"{item}: {item.get_status_display()}: {item.message}" for item in left])


def _touched(
    before: dict[tuple[str, str], tuple[int, int]], after: dict[tuple[str, str], tuple[int, int]]
) -> set[tuple[str, str]]:
    return {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}


def _refuse(reasons: list[str]) -> None:
    if reasons:
        raise Failed("\n  ".join(["something is not as it should be:", *reasons]))


def _show(output: str) -> None:
    for line in output.splitlines():
        report.say(line)


def _short(path: Path) -> str:
    return os.path.relpath(path) if path.is_relative_to(ROOT.parent) else str(path)
