"""A story: what a reader does who follows a page from its first block to its last."""

from __future__ import annotations

import ast
import os
import re
import shlex
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.capabilities import PROJECT, postgresql_folder
from tests.docs.pages import Block, Page
from tests.servers.process import answers
from tests.testing.plugin import plugin_options

#: Commands that a reader needs and a test does not: the environment and the folder are there.
NEEDLESS = ("source .venv/bin/activate", "mkdir ../first && cd ../first")
#: The folder of the site and of its environment on pages about servers.
SITE, ENVIRONMENT = "/srv/mysite", "/srv/mysite/venv/bin/"
PATIENCE = 120

_IN_SITE = """
import os, sys
sys.path.insert(0, os.getcwd())
os.environ["DJANGO_SETTINGS_MODULE"] = "mysite.settings"
import django
django.setup()
"""
_RULE = f"""{_IN_SITE}
from pigeon.checks import rules
from pigeon.registry import registry
with registry.isolated():
    exec(compile(sys.stdin.read(), "block", "exec"), {{}})
    assert registry.rules(), "the block registers no rule"
    found = [str(each) for each in rules.check()]
    assert not found, found
"""
_SHELL = f"""{_IN_SITE}
exec(compile(sys.stdin.read(), "block", "exec"), {{"__name__": "__console__"}})
"""


class Story:
    """The folder of one project, and the servers that run while its page is read.

    Args:
        folder: where the project is, or will be.
        replacements: regular expression → what takes its place in all texts of the page.
        background: commands that pages before this one have started.
    """

    def __init__(
        self, folder: Path, replacements: Mapping[str, str], background: list[str]
    ) -> None:
        self.folder = folder
        self.background = list(background)
        self._replacements = replacements
        self._running: list[subprocess.Popen[bytes]] = []
        self._actions: dict[str, Callable[[Block], None]] = {
            "write": self._write,
            "append": self._append,
            "prepend": self._prepend,
            "extend": self._extend,
            "console": self._console,
            "background": self._start,
            "fails": self._console,
            "shell": lambda block: self._python(_SHELL, block),
            "cron": self._cron,
            "unit": self._unit,
        }

    def follow(self, page: Page) -> None:
        """Do all that the page says; what was started is stopped in any case."""
        try:
            for command in self.background:
                self._launch(command)
            for block in page.blocks:
                assert block.action, f"{block.place}: what is to be done with this block?"
                if block.action not in ("skip", "rule"):
                    self._actions[block.action](block)
            for block in page.blocks:
                # Rules may name what the page builds only later.
                if block.action == "rule":
                    self._python(_RULE, block)
        finally:
            self._stop()

    def _write(self, block: Block) -> None:
        path = self.folder / block.argument
        path.parent.mkdir(parents=True, exist_ok=True)
        self._keep(block, self._adapted(block.text))

    def _append(self, block: Block) -> None:
        text = self._present(block)
        self._keep(block, f"{text}\n\n{self._adapted(block.text)}")

    def _prepend(self, block: Block) -> None:
        self._keep(block, f"{self._adapted(block.text)}\n{self._present(block)}")

    def _extend(self, block: Block) -> None:
        """Let the block be the end of a class."""
        text = self._present(block)
        found = [each for each in ast.walk(ast.parse(text)) if isinstance(each, ast.ClassDef)]
        [end] = [each.end_lineno for each in found if each.name == block.target]
        lines = text.splitlines()
        lines[end:end] = ["", textwrap.indent(self._adapted(block.text), "    ")]
        self._keep(block, "\n".join(lines))

    def _present(self, block: Block) -> str:
        path = self.folder / block.argument
        assert path.exists(), f"{block.place}: there is no {block.argument}"
        return path.read_text(encoding="utf-8").rstrip("\n")

    def _keep(self, block: Block, text: str) -> None:
        (self.folder / block.argument).write_text(f"{text}\n", encoding="utf-8")

    def _console(self, block: Block) -> None:
        steps = commands(self._adapted(block.text))
        assert steps, f"{block.place}: no line begins with '$ '"
        for number, (command, expected) in enumerate(steps, 1):
            if command in NEEDLESS:
                continue
            done = self._run(["bash", "-c", command])
            must_fail = block.action == "fails" and number == len(steps)
            told = f"{block.place}: $ {command}\n{done.stdout}\nstatus {done.returncode}"
            assert (done.returncode != 0) == must_fail, told
            assert not expected or matches(expected, done.stdout), f"{told}\nnot:\n{expected}"

    def _start(self, block: Block) -> None:
        for command, _ in commands(self._adapted(block.text)):
            self.background.append(command)
            self._launch(command)

    def _launch(self, command: str) -> None:
        """Start it in a group of its own, and wait until it is there."""
        log = self.folder / f"background-{len(self._running)}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                ["bash", "-c", f"exec {command}"], cwd=self.folder, env=self._environment(),
                stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        self._running.append(process)
        deadline = time.monotonic() + PATIENCE
        while not log.stat().st_size and process.poll() is None:
            assert time.monotonic() < deadline, f"{command} says nothing"
            time.sleep(0.05)
        for port in map(int, re.findall(r"-port (\d+)", command)):
            while not answers(port) and process.poll() is None:
                assert time.monotonic() < deadline, f"{command} does not answer"
                time.sleep(0.05)
        assert process.poll() is None, log.read_text(encoding="utf-8")

    def _stop(self) -> None:
        for process in self._running:
            process.send_signal(signal.SIGTERM)
        for process in self._running:
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._running.clear()

    def _cron(self, block: Block) -> None:
        for line in block.text.splitlines():
            if line.strip() and not line.startswith("#"):
                self._succeed(block, line.split(maxsplit=5)[5])

    def _unit(self, block: Block) -> None:
        [command] = re.findall(r"^ExecStart=(.+)$", block.text, re.M)
        # In the foreground only the command gets the signal, and only once.
        self._succeed(block, f"timeout --foreground --preserve-status 20 {command}")

    def _succeed(self, block: Block, command: str) -> None:
        here = self._adapted(command).replace(ENVIRONMENT, "")
        done = self._run(["bash", "-c", here.replace(SITE, shlex.quote(str(self.folder)))])
        told = f"{block.place}: {command}\n{done.stdout}\nstatus {done.returncode}"
        assert done.returncode == 0, told

    def _python(self, program: str, block: Block) -> None:
        done = self._run([sys.executable, "-c", program], self._adapted(block.text))
        assert done.returncode == 0, f"{block.place}\n{done.stdout}"

    def _run(self, command: list[str], given: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=self.folder, env=self._environment(), input=given, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=PATIENCE, check=False,
        )  # fmt: skip

    def _adapted(self, text: str) -> str:
        for pattern, replacement in self._replacements.items():
            text = re.sub(pattern, replacement, text)
        return text

    def _environment(self) -> dict[str, str]:
        """That of a reader: nothing of the test run, and a home of its own."""
        home = self.folder.parent / "home"
        home.mkdir(exist_ok=True)
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PIGEON_", "PYTEST_", "DJANGO_", "COVERAGE_"))
        }
        folders = [str(Path(sys.executable).parent), kept.get("PATH", ""), postgresql_folder()]
        path = os.pathsep.join(filter(None, folders))
        # Where the project is not installed, pytest does not find its plug-in by itself.
        kept["PYTEST_ADDOPTS"] = " ".join(plugin_options())
        return kept | {
            "PATH": path, "HOME": str(home), "PYTHONPATH": str(PROJECT), "LC_ALL": "C.UTF-8",
            "COLUMNS": "100", "PYTHONUTF8": "1",
        }  # fmt: skip


def commands(text: str) -> list[tuple[str, str]]:
    """Each command of a console block, with the output that is expected of it."""
    found: list[tuple[str, list[str]]] = []
    for line in text.splitlines():
        if found and found[-1][0].endswith("\\") and not line.startswith("$ "):
            found[-1] = (found[-1][0][:-1].rstrip() + " " + line.strip(), [])
        elif line.startswith("$ "):
            found.append((line[2:], []))
        else:
            found[-1][1].append(line)
    return [(command, "\n".join(lines)) for command, lines in found]


def matches(expected: str, output: str) -> bool:
    """Whether ``output`` is what the page shows; ``...`` stands for anything."""
    parts = [re.escape(" ".join(part.split())) for part in expected.split("...")]
    return bool(re.fullmatch(r"\s?.*\s?".join(parts), " ".join(output.split())))
