"""Which of Django's permissions lets people do what, on the dashboard and everywhere else."""

from __future__ import annotations

#: To see anything at all.
SEE = "pigeon.view_itemtopush"
#: To send again, cancel, reset, and set priorities.
STEER = "pigeon.change_itemtopush"
#: To pause and resume destinations.
PAUSE = "pigeon.change_destinationstate"
#: To see what is in parcels.
OPEN = "pigeon.view_parcel"
