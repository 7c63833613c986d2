"""The questions that a run puts: those of a release as they were frozen, or what is approved now."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.db.models import F, QuerySet

from annotation.models import Caption, CaptionRevision, Project
from annotation.states import ClipStatus, State
from qa.models import QAItem, QARevision, Release
from qa.releases.content import published_order
from qa.releases.frozen import Content, FrozenRelease

CHUNK = 500

Option = dict[str, str]


@dataclass(frozen=True)
class Question:
    """One question in the words and the order of options in which it is published. Primary keys where not said else.

    caption: the approved caption's revision. people: how many that names.
    """

    item: int
    question_id: str
    clip: int
    clip_id: str
    category: str
    revision: int
    caption: int | None
    people: int
    text: str
    options: list[Option]
    key_index: int


def questions_of(project: Project, release: Release | None) -> Iterator[Question]:
    """All of a release that can be played; without one, all that is approved and not stale. By clip and category.

    Of a release also those held out: their keys are ours. 3 queries for each 500 clips of a release.
    """
    return _of_release(release) if release is not None else _approved(project)


def count_of(project: Project, release: Release | None) -> int:
    """How many `questions_of` gives; of a release as many as it froze, withdrawn clips among them. 1 query."""
    return int(release.counts["questions"]) if release is not None else _standing(_clips_of(project)).count()


def _of_release(release: Release) -> Iterator[Question]:
    source = FrozenRelease(release)
    contents = source.whole()
    while some := list(islice(contents, CHUNK)):
        yield from _of_contents(release, some)


def _of_contents(release: Release, contents: list[Content]) -> Iterator[Question]:
    """The frozen words name their revisions by number: those hold the ids of the options."""
    clips = {one["clip_id"]: one for one in contents}
    items = {
        item.question_id: item
        for item in QAItem.objects.filter(clip__project=release.project_id, clip__clip_id__in=list(clips))
    }
    wanted = {(items[one["id"]].pk, one["provenance"]["revisions"]) for content in contents for one in content["qa"]}
    revisions = {
        (one.item_id, one.number): one
        for one in QARevision.objects.filter(item__in=[pk for pk, _ in wanted])
        if (one.item_id, one.number) in wanted
    }
    captions = _captions(release.project_id, contents)
    for content in contents:
        for frozen in content["qa"]:
            item = items[frozen["id"]]
            revision = revisions[item.pk, frozen["provenance"]["revisions"]]
            yield _question(
                item,
                content["clip_id"],
                revision=revision,
                caption=captions.get(content["clip_id"]),
                people=len(content["people"]),
                salt=release.salt,
            )


def _captions(project_id: int, contents: Iterable[Content]) -> dict[str, int]:
    """clip_id -> the frozen caption's revision."""
    numbers = {content["clip_id"]: content["provenance"]["revisions"] for content in contents}
    rows = CaptionRevision.objects.filter(
        caption__clip__project=project_id, caption__clip__clip_id__in=list(numbers)
    ).values_list("caption__clip__clip_id", "number", "pk")
    return {clip_id: pk for clip_id, number, pk in rows if numbers[clip_id] == number}


def _approved(project: Project) -> Iterator[Question]:
    """By chunks of clips: a cursor over all would be planned for its first rows, and take far longer for the rest."""
    clips = iter(list(_clips_of(project).order_by("clip__clip_id")))
    while some := list(islice(clips, CHUNK)):
        rows = (
            _standing(some)
            .select_related("clip", "approved_revision", "caption_revision")
            .order_by("clip__clip_id", "question_id")
        )
        for item in rows:
            assert item.caption_revision is not None  # noqa: S101 - joined above
            yield _question(
                item,
                item.clip.clip_id,
                revision=item.approved_revision,
                caption=item.caption_revision_id,
                people=len(item.caption_revision.people),
                salt=project.release_salt,
            )


def _clips_of(project: Project) -> QuerySet[Caption, int]:
    """Primary keys of the clips whose caption is approved."""
    captions = Caption.objects.filter(clip__project=project, clip__state=ClipStatus.ACTIVE, state=State.APPROVED)
    return captions.values_list("clip_id", flat=True)


def _standing(clips: Iterable[int]) -> QuerySet[QAItem]:
    """Their questions that are approved and not stale."""
    return QAItem.objects.filter(
        clip__in=clips, state=State.APPROVED, caption_revision=F("clip__caption__approved_revision")
    )


def _question(item: QAItem, clip_id: str, *, revision: Any, caption: int | None, people: int, salt: str) -> Question:
    content = revision.content
    options = published_order(content["options"], question_id=item.question_id, salt=salt)
    return Question(
        item=item.pk,
        question_id=item.question_id,
        clip=item.clip_id,
        clip_id=clip_id,
        category=item.category,
        revision=revision.pk,
        caption=caption,
        people=people,
        text=content["question"],
        options=options,
        key_index=[option["id"] for option in options].index(content["key"]),
    )
