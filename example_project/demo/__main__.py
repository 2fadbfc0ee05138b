"""``python -m example_project.demo [--keep] [--directory FOLDER]``."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path

from example_project.demo import acts, report
from example_project.demo.stage import ROOT, Stage, StageError


def main() -> int:
    """Run the demo; 0 if every file arrived as it was meant to."""
    options = _parser().parse_args()
    for number in (signal.SIGINT, signal.SIGTERM):  # also where a shell ignores Ctrl-C for us
        signal.signal(number, signal.default_int_handler)
    report.title("A newsroom and its partners")
    try:
        with Stage(options.directory) as stage:
            result = acts.play(stage)
            report.end(result)
            if options.keep:
                acts.stay(stage)
    except (StageError, acts.Failed) as error:
        report.failure(str(error))
        return 1
    except KeyboardInterrupt:
        report.failure("interrupted.")
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m example_project.demo", description=__doc__)
    parser.add_argument(
        "--keep",
        action="store_true",
        default=os.environ.get("KEEP", "") not in ("", "0", "no"),
        help="leave the site and the partners running until Ctrl-C",
    )
    parser.add_argument(
        "--directory",
        type=Path,
        default=ROOT / "var" / "demo",
        help="a folder for all of it, emptied at the start (var/demo)",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
