"""A frozen release as layouts read it: clip by clip from a server-side cursor, so that no export is held in memory."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import orjson
from django.db.models import TextField
from django.db.models.functions import Cast

from qa.models import Release, ReleaseItem
from qa.releases.splits import Split

CHUNK = 500
ERASED = {"erased": True}
"""What stands in the place of a clip whose words were erased, of its questions and drafts; their digests stay."""
WITHDRAWN = "withdrawn"
Content = dict[str, Any]
"""A clip as `qa.releases.content.clip_content` made it."""
Tell = Callable[[int], None]
"""Called with the number of clips read so far, now and then."""

_SEALED_OF_CLIP: Content = {"caption": None, "caption_marked": None, "timeline": [], "people": []}
_SEALED_OF_QUESTION: Content = {"answer": None, "answer_index": None, "answer_text": None, "evidence": []}


def tell_nobody(_: int) -> None:
    pass


@dataclass(frozen=True)
class Withdrawn:
    """A clip that was taken back after it was released. digest: of its frozen content."""

    clip_id: str
    is_erased: bool
    digest: str


class FrozenRelease:
    """What there is to write of a release."""

    def __init__(self, release: Release, *, tell: Tell = tell_nobody) -> None:
        self.release = release
        self._tell = tell
        rows = ReleaseItem.objects.filter(release=release, clip__state=WITHDRAWN).order_by("pk")
        self.withdrawn = {
            clip_id: Withdrawn(clip_id, content == ERASED, digest)
            for clip_id, content, digest in rows.values_list("clip_id_text", "content", "digest")
        }

    def clips(self) -> Iterator[Content]:
        """Every clip whose words are there, in clip_id order; those held out without captions, keys and evidence."""
        for content in self._contents():
            yield sealed(content) if content["split"] == Split.HELD_OUT else content

    def playable(self) -> Iterator[Content]:
        """As `clips`, without those that were withdrawn: nobody can be measured on them."""
        return (content for content in self.clips() if content["clip_id"] not in self.withdrawn)

    def whole(self) -> Iterator[Content]:
        """As `playable`, and nothing is kept back: for measuring models here."""
        return (content for content in self._contents() if content["clip_id"] not in self.withdrawn)

    def held_out(self) -> Iterator[Content]:
        """The held-out clips with all that `clips` keeps back."""
        return (content for content in self._contents() if content["split"] == Split.HELD_OUT)

    def _contents(self) -> Iterator[Content]:
        items = ReleaseItem.objects.filter(release=self.release).order_by("pk")
        texts = items.values_list(Cast("content", TextField()), flat=True).iterator(chunk_size=CHUNK)
        for number, text in enumerate(texts, start=1):
            content: Content = orjson.loads(text)
            if content != ERASED:
                yield content
            if number % CHUNK == 0:
                self._tell(number)


def sealed(content: Content) -> Content:
    """Without what tells the answers: a caption answers its questions, and so do notes beside it."""
    kept = {name: value for name, value in content.items() if name != "comments"}
    questions = [
        {name: value for name, value in one.items() if name not in ("comments", "overrides")} | _SEALED_OF_QUESTION
        for one in content["qa"]
    ]
    return kept | _SEALED_OF_CLIP | {"qa": questions}
