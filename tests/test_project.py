"""What people install is whole, and its migrations say what its models say."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.capabilities import PROJECT

BUILT_FROM = ["pyproject.toml", "setup.py", "README.rst", "LICENSE"]


def run(*command: str | Path, **variables: str) -> str:
    done = subprocess.run(
        command, cwd=PROJECT, env={**os.environ, **variables}, text=True, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names in the wheel, built from a clean copy of what it is made of."""
    folder = tmp_path_factory.mktemp("build")
    for name in BUILT_FROM:
        shutil.copy(PROJECT / name, folder)
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(PROJECT / "pigeon", folder / "pigeon", ignore=ignored)
    run(sys.executable, "-m", "build", "--wheel", "--outdir", folder / "dist", folder)
    [path] = (folder / "dist").glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        return set(archive.namelist())


def test_the_wheel_has_every_file_of_the_package(wheel: set[str]) -> None:
    files = {
        str(path.relative_to(PROJECT))
        for path in (PROJECT / "pigeon").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert files <= wheel
    assert "pigeon/py.typed" in wheel
    assert "pigeon/migrations/0001_initial.py" in wheel
    assert "pigeon/management/commands/pigeon_push.py" in wheel


def test_the_wheel_has_nothing_else(wheel: set[str]) -> None:
    assert {name.split("/")[0].partition("-")[0] for name in wheel} == {
        "pigeon",
        "django_pigeon",
    }
    assert any(name.endswith("licenses/LICENSE") for name in wheel)


@pytest.mark.parametrize("auto_field", ["AutoField", "BigAutoField"])
def test_no_migration_is_missing(auto_field: str) -> None:
    out = run(
        *(sys.executable, "-m", "django", "makemigrations", "--check", "--dry-run"),
        DJANGO_SETTINGS_MODULE="tests.settings",
        PIGEON_TEST_AUTO_FIELD=f"django.db.models.{auto_field}",
    )
    assert "No changes detected" in out


@pytest.mark.parametrize("asked", ["", "fastest"])
def test_the_python_that_is_found_works(asked: str) -> None:
    [path] = run(PROJECT / ".ci" / "python", asked).splitlines()
    says = "import sys, venv, ensurepip; print(sys.version_info >= (3, 11))"
    assert run(path, "-c", says) == "True\n"
