"""Mistakes in rules: what an administrator reads about them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import models

import pigeon
from pigeon.checks import check_all
from pigeon.registry import registry
from pigeon.validators.json import JSONSchemaValidator
from pigeon.validators.xml import XSDValidator
from tests.apps.newsroom.models import Story
from tests.checks.conftest import Found


class Plain(pigeon.DefaultConfiguration):
    """A rule that is well, but for what a test changes of it."""

    models = [Story]
    push_urls = ["dummy://"]

    def get_output_makers(self, instance: models.Model) -> list[Any]:
        return [pigeon.SerializedOutputMaker(self, instance)]


def rule(**attributes: Any) -> None:
    """Register a rule called ``partner``; an unknown model is noticed at start-up only."""
    started = registry._starting
    registry._starting = True
    try:
        pigeon.register(type("Partner", (Plain,), attributes))
    finally:
        registry._starting = started


def test_a_site_that_is_well_has_no_messages() -> None:
    rule()
    assert check_all(None) == []


def test_the_checks_run_with_djangos_own() -> None:
    rule(on_invalid="ignore")
    with pytest.raises(SystemCheckError, match=r"pigeon\.E008"):
        call_command("check", tags=["pigeon"])


def test_two_rules_with_one_name(found: Found, settings: Any) -> None:
    settings.PIGEON_CLASSES = ["tests.checks.test_rules.Twin"]
    rule()
    registry.autodiscover()
    message = found("E001")
    assert message.obj == "tests.checks.test_rules.Twin"
    assert message.msg == (
        "tests.checks.test_rules.Twin wants the name 'partner', which "
        "tests.checks.test_rules.Partner has. Give one of them another class name or a 'name' "
        "of its own."
    )
    assert message.hint == "Rename one of the two rules."


class Twin(Plain):
    name = "partner"


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("tests.checks.test_rules.Nobody", "cannot be imported"),
        ("tests.apps.newsroom.models.Story", "is not a rule: subclass"),
    ],
)
def test_a_class_that_is_no_rule(found: Found, settings: Any, path: str, reason: str) -> None:
    settings.PIGEON_CLASSES = [path]
    registry.autodiscover()
    message = found("E002")
    assert message.obj == path
    assert reason in message.msg
    assert "PIGEON_CLASSES" in str(message.hint)


@pytest.mark.parametrize(
    ("entry", "hint"),
    [
        ("newsroom.Storry", "Did you mean 'newsroom.Story'? Name a model class or write"),
        ("Story", "Name a model class or write 'app_label.ModelName'"),
        ("pigeon.ItemToPush", "Pigeon's own, cannot be pushed"),
        (3, "Name a model class"),
    ],
)
def test_an_unknown_model(found: Found, entry: object, hint: str) -> None:
    rule(models=[entry])
    message = found("E003")
    assert message.msg == (
        f"Rule 'partner' names {entry!r}, which is no model that can be pushed."
    )
    assert hint in str(message.hint)


def test_models_that_are_no_list(found: Found) -> None:
    rule(models="newsroom.Story")
    assert found("E003").msg == (
        "models of rule 'partner' is 'newsroom.Story', which is not a list."
    )


@pytest.fixture
def odd_models() -> Any:
    """Models whose keys do not fit; gone from the app afterwards."""
    from django.apps import apps

    before = dict(apps.all_models["newsroom"])

    class LongKey(models.Model):  # noqa: DJ008
        key = models.CharField(primary_key=True, max_length=256)

        class Meta:
            app_label = "newsroom"

    class LongChild(LongKey):  # noqa: DJ008
        class Meta:
            app_label = "newsroom"

    class EndlessKey(models.Model):  # noqa: DJ008
        key = models.TextField(primary_key=True)

        class Meta:
            app_label = "newsroom"

    class TwoKeys(models.Model):  # noqa: DJ008
        pk = models.CompositePrimaryKey("one", "two")
        one = models.IntegerField()
        two = models.IntegerField()

        class Meta:
            app_label = "newsroom"

    yield {each.__name__: each for each in (LongKey, LongChild, EndlessKey, TwoKeys)}
    apps.all_models["newsroom"].clear()
    apps.all_models["newsroom"].update(before)
    apps.clear_cache()


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("LongKey", "may have 256 characters"),
        ("LongChild", "may have 256 characters"),
        ("EndlessKey", "is text of any length"),
        ("TwoKeys", "is made of several columns"),
    ],
)
def test_a_key_that_does_not_fit(
    found: Found, odd_models: dict[str, type[models.Model]], name: str, reason: str
) -> None:
    rule(models=[odd_models[name]])
    message = found("E004")
    assert message.msg == (
        f"The primary key of newsroom.{name}, which rule 'partner' names, {reason}. The queue "
        "keeps keys of one column and at most 255 characters."
    )
    assert message.hint == (
        f"Push another model that refers to newsroom.{name}, or change its key."
    )


def test_a_rule_about_nothing(found: Found) -> None:
    rule(models=[])
    message = found("E005")
    assert message.msg == "Rule 'partner' has no models, so nothing is ever pushed by it."
    assert message.hint == "Name them, as in models = ['news.Story']."


def test_a_rule_about_everything_by_accident(found: Found) -> None:
    rule(models=[], filter_by_instance_type=lambda self, instance: True)
    message = found("W002")
    assert message.msg == (
        "Rule 'partner' has no models but its own filter_by_instance_type, so it is asked at "
        "each save of every model of the site."
    )
    assert "models = '*'" in str(message.hint)


def test_a_rule_about_everything_on_purpose() -> None:
    rule(models="*")
    assert check_all(None) == []


def templated(**attributes: Any) -> None:
    usual = pigeon.DefaultConfiguration.get_output_makers
    rule(get_output_makers=usual, **attributes)


def make_template(site: Path, name: str, text: str) -> None:
    path = site / "templates/export/partner" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_a_missing_template(found: Found, site: Path) -> None:
    templated()
    message = found("E006")
    assert message.msg == (
        "Rule 'partner' cannot render newsroom.Story: No template was found for this object. "
        "Create export/partner/newsroom_story.xml in the folder 'templates' of one of your apps, "
        "or in a folder of DIRS in TEMPLATES. Looked in: " + message.msg.partition("in: ")[2]
    )
    assert str(site / "templates") in message.msg
    make_template(site, "newsroom_story.xml", "{{ object.title }}")
    assert check_all(None) == []


def test_a_broken_template(found: Found, site: Path) -> None:
    make_template(site, "newsroom_story.xml", "<a>\n{% if %}")
    templated()
    message = found("E006")
    assert "'export/partner/newsroom_story.xml' cannot be rendered" in message.msg
    assert "line 2" in message.msg


def test_an_unknown_template_engine(found: Found, site: Path) -> None:
    make_template(site, "newsroom_story.xml", "")
    templated(template_engine="jinja3")
    assert "'jinja3' is no NAME of an entry of TEMPLATES" in found("E006").msg


def test_a_missing_template_of_a_tombstone(found: Found, site: Path) -> None:
    rule(push_deletions="tombstone")
    assert "export/partner/newsroom_story_deleted.xml" in found("E006").msg
    make_template(site, "newsroom_story_deleted.xml", "")
    assert check_all(None) == []


def test_templates_named_after_content_cannot_be_looked_for() -> None:
    templated(get_template_names=lambda self, instance: [f"{instance.title[0]}.xml"])
    assert check_all(None) == []


def test_a_mass_push_of_nothing(found: Found) -> None:
    cls = type("Daily", (pigeon.MassPusherConfiguration,), {"push_urls": ["dummy://"]})
    pigeon.register(cls)
    message = found("E007")
    assert message.msg == "Rule 'daily' makes mass pushes but does not say of what."
    assert "get_items_to_push(*args)" in str(message.hint)


def test_a_mass_push_needs_no_models() -> None:
    members = {"push_urls": ["dummy://"], "get_items_to_push": lambda self: []}
    pigeon.register(type("Daily", (pigeon.MassPusherConfiguration,), members))
    assert check_all(None) == []


@pytest.mark.parametrize(
    ("name", "value", "hint"),
    [
        ("on_invalid", "ignore", "It must be 'refuse' or 'skip'."),
        ("push_deletions", True, "It must be False, 'remove' or 'tombstone'."),
        ("push_withdrawals", "yes", "It must be True or False."),
        ("packer", "zip", "It must be a packer class or a packer, such as pigeon.ZIPPacker."),
        ("validators", ["xml"], "It must be a list of validators: objects with validate()"),
        ("extension", ".xml", "It must be a string without a dot at its beginning"),
        ("tracked_fields", "title", "It must be None or a list of names of fields."),
        ("priority", 40_000, "It must be a whole number from -32768 to 32767."),
    ],
)
def test_an_impossible_attribute(found: Found, name: str, value: object, hint: str) -> None:
    rule(**{name: value})
    message = found("E008")
    assert message.msg == f"{name} of rule 'partner' is {value!r}."
    assert hint in str(message.hint)
    assert message.obj == "rule 'partner'"


@pytest.mark.parametrize("validator", [XSDValidator, JSONSchemaValidator])
def test_a_schema_that_is_not_there(found: Found, validator: Any, tmp_path: Path) -> None:
    path = tmp_path / "story.schema"
    rule(validators=[validator(path)])
    message = found("E008")
    assert message.msg == (
        f"validators of rule 'partner' name the schema {path}, which is not there."
    )
    assert f"Correct the path that {validator.__name__} is given" in str(message.hint)
    path.touch()
    assert check_all(None) == []


def test_a_schema_that_is_no_file(site: Path) -> None:
    rule(validators=[JSONSchemaValidator({"type": "object"})])
    assert check_all(None) == []


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("filter_by_stat", "filter_by_state"),
        ("push_deletion", "push_deletions"),
        ("model", "models"),
        ("get_file_name", "get_filename"),
        ("get_item_to_push", "get_items_to_push"),
    ],
)
def test_a_name_that_is_nearly_one_of_ours(found: Found, name: str, meant: str) -> None:
    rule(**{name: lambda self, instance: False})
    message = found("W007")
    assert message.msg == f"Rule 'partner' defines {name!r}, which Pigeon does not ask for."
    assert f"Did you mean {meant!r}?" in str(message.hint)


def test_helpers_of_a_rules_own() -> None:
    rule(filter_by_site=lambda self: True, _filter_by_stat=lambda self: True, subject="news")
    assert check_all(None) == []


def test_possible_attributes() -> None:
    packer = pigeon.TARPacker(compression=None)
    rule(packer=packer, validators=(lambda data: True,), push_deletions="remove", priority=-5)
    assert check_all(None) == []


def test_an_unknown_field(found: Found) -> None:
    rule(tracked_fields=["title", "tittle", "photos"])
    message = found("E009")
    assert message.msg == (
        "Rule 'partner' tracks the field 'tittle', which none of its models has."
    )
    assert str(message.hint).startswith("Did you mean 'title'? Known fields: author, body, ")
