"""For tests written with ``unittest``: the assertions as methods, and nothing leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.test import TestCase

from pigeon.senders import dummy
from pigeon.testing import assertions, pushing

if TYPE_CHECKING:
    from django.test import SimpleTestCase as _Base
else:
    _Base = object


class PigeonTestMixin(_Base):
    """Put it before a test case of Django's::

        class StoryTests(PigeonTestMixin, TestCase):
            def test_an_online_story_goes_out(self):
                story = Story.objects.create(is_online=True)
                self.push()
                self.assertPushed(story, rule="belovedpartner")
                self.assertIn("news_story_1.xml", self.outbox[0].files)

    Attributes:
        captures_pushes: every destination delivers into :attr:`outbox`; say ``False`` in a test
            that starts a partner of its own.
        outbox: what was delivered to memory, emptied before each test.
    """

    captures_pushes = True
    outbox: list[dummy.Sent] = dummy.outbox

    def setUp(self) -> None:
        """Empty the outbox and keep parcels in a temporary folder."""
        super().setUp()
        self.outbox.clear()
        scope = pushing.captured() if self.captures_pushes else pushing.private_output()
        self.enterContext(scope)

    push = staticmethod(pushing.push)
    assertPushed = staticmethod(assertions.assertPushed)
    assertNotPushed = staticmethod(assertions.assertNotPushed)
    assertQueued = staticmethod(assertions.assertQueued)
    assertNotQueued = staticmethod(assertions.assertNotQueued)


class PigeonTestCase(PigeonTestMixin, TestCase):
    """Django's ``TestCase`` with all of :class:`PigeonTestMixin`."""
