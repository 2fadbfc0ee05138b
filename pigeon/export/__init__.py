"""Items become parcels here: rendered, validated, packed, and put in their place.

:func:`export` serves the engine, :func:`preview` and :func:`clean` those who ask by hand. Nobody
outside this room needs anything else of it.
"""

from pigeon.export.batch import Exported, export
from pigeon.export.cleaning import CleanReport, clean
from pigeon.export.gathering import objects_of
from pigeon.export.preview import preview

__all__ = ["CleanReport", "Exported", "clean", "export", "objects_of", "preview"]
