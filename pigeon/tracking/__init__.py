"""Tracking: attached models know which of their fields changed since the last commit.

:func:`attach` patches a class, third-party ones too; :class:`DirtyFieldsMixin` says the same by
inheritance. The instances then have ``modified_attrs``, a set of field names:

* never saved: all concrete fields; loaded and not changed: none;
* outside a save: the fields whose value is not the one of the last commit (a file or an
  expression that is yet to be written, and a value changed in place, count);
* while a save's handlers run: what this save and earlier ones of the same transaction wrote
  that differs from the last commit. What ``update_fields`` leaves out is not named;
* after the commit: none; after a failed save or a rollback: as before it, so nothing is lost.

Under Django's ``TestCase`` nothing is ever committed; there the test's own level counts as
committed, so that tests see what production sees.

Where the last commit is not known, all is reported rather than nothing: of instances made by
``bulk_create()``, by fixtures, or before their class was attached; of values that Django's
``FETCH_PEERS`` fetches later. What ``update()`` and raw SQL change is not seen. Savepoints that
are rolled back by hand (``transaction.savepoint_rollback``) do not undo what is reported, as
they do not undo Django's ``on_commit``.
"""

from pigeon.tracking.changes import m2m_changed, modified_fields, one_answer
from pigeon.tracking.patching import DirtyFieldsMixin, attach, detach

__all__ = ["DirtyFieldsMixin", "attach", "detach", "m2m_changed", "modified_fields", "one_answer"]
