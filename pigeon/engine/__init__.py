"""The engine: one lane per destination, all on one asyncio loop."""

from pigeon.engine.options import Options
from pigeon.engine.run import apush, push
from pigeon.engine.summary import Counts, Summary

__all__ = ["Counts", "Options", "Summary", "apush", "push"]
