"""Stories whose exports are known to the byte."""

from __future__ import annotations

from datetime import UTC, datetime

from django.core.files.base import ContentFile

from example_project.news.models import Author, Photo, Story
from example_project.news.pictures import PLACEHOLDER

JPEG = PLACEHOLDER.read_bytes()
LONG = "Der Fluß führt Hochwasser. " * 20


def save_story(pk: int, **fields: object) -> Story:
    said = {
        "uri": f"urn:test:story:{pk}",
        "headline": f"Nr. {pk}",
        "body": LONG,
        "workflow_state": Story.State.ONLINE,
        "published_at": datetime(2026, 3, pk, 8, 30, tzinfo=UTC),
        **fields,
    }
    return Story.objects.create(pk=pk, **said)


def save_photo(pk: int, caption: str = "") -> Photo:
    photo = Photo(pk=pk, uri=f"urn:test:photo:{pk}", caption=caption, credit="A. Ödön")
    photo.image.save("anything.jpg", ContentFile(JPEG))
    return photo


def save_two_online_and_one_draft() -> tuple[Story, Story, Story]:
    first = save_story(
        1,
        headline="Fish & chips < £9 “here”",
        byline="By Åsa Ødegård",
        section="Местные",
        summary="One\ttwo > three",
        language="en-GB",
        body=f"{LONG}\r\n\r\n\n  Ψάρι 🐟 & 魚  \n\n",
    )
    first.authors.add(Author.objects.create(name="Åsa Ødegård"))
    first.photos.add(save_photo(1, 'A "big" fish'))
    return first, save_story(2), save_story(3, workflow_state=Story.State.DRAFT)


FIRST_XML = f"""\
<?xml version="1.0" encoding="UTF-8"?>
<story uri="urn:test:story:1" xml:lang="en-GB">
  <headline>Fish &amp; chips &lt; £9 “here”</headline>
  <byline>By Åsa Ødegård</byline>
  <author>Åsa Ødegård</author>
  <published>2026-03-01T08:30:00+00:00</published>
  <section>Местные</section>
  <summary>One\ttwo &gt; three</summary>
  <body>
    <p>{LONG.strip()}</p>
    <p>Ψάρι 🐟 &amp; 魚</p>
  </body>
  <photo href="photos/1.jpg" credit="A. Ödön">A &#34;big&#34; fish</photo>
</story>
""".encode()

SECOND_XML = f"""\
<?xml version="1.0" encoding="UTF-8"?>
<story uri="urn:test:story:2" xml:lang="en">
  <headline>Nr. 2</headline>
  <published>2026-03-02T08:30:00+00:00</published>
  <body>
    <p>{LONG.strip()}</p>
  </body>
</story>
""".encode()
