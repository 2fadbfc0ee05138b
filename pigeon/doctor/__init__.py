"""What is the matter with a destination? Everything is tried out, and nothing is left there.

::

    report = pigeon.doctor.examine(pigeon.destinations.named("beloved"))
    report.sound, report.as_json()

Nothing is read from or written to the database.
"""

from pigeon.doctor.choice import chosen
from pigeon.doctor.examination import examine, examine_all
from pigeon.doctor.report import Report
from pigeon.doctor.visit import visit_all

__all__ = ["Report", "chosen", "examine", "examine_all", "visit_all"]
