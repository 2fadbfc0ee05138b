"""Items become parcels here: rendered, validated, packed, and put in their place.

:func:`export` and :func:`completed` serve the engine, :func:`preview` and :func:`clean` those who
ask by hand. Nobody outside this room needs anything else of it.
"""

from pigeon.export.batch import Exported, export
from pigeon.export.cleaning import CleanReport, clean
from pigeon.export.digests import completed
from pigeon.export.gathering import objects_of
from pigeon.export.preview import preview

__all__ = ["CleanReport", "Exported", "clean", "completed", "export", "objects_of", "preview"]
