"""What a release of training data takes: approved captions, and drafted ones of which nothing says that they are wrong.

It is never mixed with a benchmark: no clip comes in whose source, bytes or pictures any benchmark release has.
"""

from collections.abc import Iterator

from django.db.models import QuerySet

from annotation.models import Caption, Clip, Project
from annotation.services.draft_flags import check_drafts
from annotation.states import ClipStatus, State
from qa.models import ReleaseKind
from qa.releases.audits import marked_wrong
from qa.releases.overlaps import near_released, of_released_sources
from qa.releases.reading import CaptionFacts, training_captions
from qa.releases.splits import TRAIN, Splitting


class TrainingSplit(Splitting):
    """Nothing of training data is held out."""

    def split_of(self, *, clip_id: str, source_id: str) -> str:
        return TRAIN


class Training:
    """The candidates of a project at one moment: make it and read it in one snapshot.

    excluded: how many clips stay out, each under the first reason that holds: `benchmark_source`, `near_duplicate`,
        `in_doubt` (somebody said that the clip cannot be used), `open_flags` (of the caption checks, on a draft),
        `marked_wrong` (in an audit, in the words that it still has).
    """

    def __init__(self, project: Project) -> None:
        check_drafts(project)  # those that came since they were all checked
        self.project = project
        self.captions = Caption.objects.filter(
            project=project, clip__state=ClipStatus.ACTIVE, state__in=[State.APPROVED, State.DRAFTED]
        ).exclude(state=State.DRAFTED, draft=None)
        self._out: set[int] = set()
        clips = self.clips()
        self.excluded = {
            "benchmark_source": self._leave_out(of_released_sources(clips, kind=ReleaseKind.BENCHMARK)),
            "near_duplicate": self._leave_out(near_released(clips, kind=ReleaseKind.BENCHMARK)),
            "in_doubt": self._leave_out(_clips(self.captions.filter(is_held=True))),
            "open_flags": self._leave_out(_clips(self._drafted_with_flags())),
            "marked_wrong": self._leave_out(marked_wrong(project) & _clips(self.captions)),
        }

    def clips(self) -> QuerySet[Clip]:
        """All that could come in, before anything is left out."""
        return Clip.objects.filter(pk__in=self.captions.values("clip"))

    def facts(self) -> Iterator[CaptionFacts]:
        return training_captions(self.captions, without=self._out)

    def words(self) -> Iterator[tuple[int, str, int | None, int | None]]:
        """What `facts` gives, in short and in no order: clip's row id, clip_id, approved revision or else draft."""
        rows = self.captions.values_list("clip_id", "clip__clip_id", "approved_revision_id", "draft_id")
        for pk, clip_id, revision, draft in rows.iterator(chunk_size=2000):
            if pk not in self._out:
                yield pk, clip_id, revision, None if revision else draft

    def holds(self, clip: int) -> bool:
        """Whether a clip that could come in does."""
        return clip not in self._out

    def _leave_out(self, clips: set[int]) -> int:
        before = len(self._out)
        self._out |= clips
        return len(self._out) - before

    def _drafted_with_flags(self) -> QuerySet[Caption]:
        drafted = self.captions.filter(state=State.DRAFTED)
        return drafted.exclude(draft__flags__rules=[])


def _clips(captions: QuerySet[Caption]) -> set[int]:
    return set(captions.values_list("clip_id", flat=True))
