"""What was answered about questions, added up for the leak lab. Reads only.

Only answers to the words that stand count, and of those from captions only answers from the caption that the question
was judged against. Runs and imports count alike.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from annotation.intervals import Share
from annotation.models import Project
from annotation.states import ClipStatus, State
from qa.evaluation.leak_measures import FLAGGING, NOTHING, Measure, Tally, Told
from qa.evaluation.questions import Question, questions_of
from qa.evaluation.shortcuts import Habits, Published, habits_of, shortcut_share
from qa.models import Answer, LeakSettings, QAItem, Release, Setting
from qa.releases.content import keyed_options

_FLAGGING_SETTINGS = {setting for measure in FLAGGING for setting in measure.settings} - {Setting.STANDARD.value}

_COUNTS = {
    "total": Count("pk"),
    "right": Count("pk", filter=Q(is_right=True)),
    "unparsed": Count("pk", filter=Q(letter="")),
}
_FRAMES = Coalesce("asked__run__frames", 0)


def settings_of(project: Project) -> LeakSettings:
    """The project's, or those that it begins with (not stored)."""
    return LeakSettings.objects.filter(project=project).first() or LeakSettings(project=project)


def standing_items(project: Project) -> QuerySet[QAItem]:
    """The approved questions that a release would take."""
    return QAItem.objects.filter(
        clip__project=project,
        clip__state=ClipStatus.ACTIVE,
        clip__caption__state=State.APPROVED,
        state=State.APPROVED,
    )


def answers_now(project: Project) -> QuerySet[Answer]:
    """To the questions that stand, in the words that are approved."""
    return Answer.objects.filter(
        ~Q(asked__run__setting=Setting.HUMAN_CAPTIONS)
        | Q(asked__caption_revision=None)  # an import that did not say which it read
        | Q(asked__caption_revision=F("asked__item__caption_revision")),
        asked__run__project=project,
        asked__item__in=standing_items(project),
        asked__revision=F("asked__item__approved_revision"),
    )


def answers_about(project: Project, questions: Iterable[Question]) -> QuerySet[Answer]:
    """To the questions of a release, in the words that it froze, whichever run asked them."""
    captions, revisions = [], []
    for one in questions:
        revisions.append(one.revision)
        captions.append(one.caption)
    is_read = Q(asked__run__setting=Setting.HUMAN_CAPTIONS)
    frozen = Q(asked__caption_revision=None) | Q(asked__caption_revision__in=captions)
    return Answer.objects.filter(~is_read | frozen, asked__run__project=project, asked__revision__in=revisions)


@dataclass
class Evidence:
    """What the flagging measures read of one question. runs: setting -> uids of the runs that were read."""

    tallies: list[Tally] = field(default_factory=list)
    moved: Share = NOTHING
    runs: dict[str, list[str]] = field(default_factory=dict)

    @property
    def told(self) -> Told:
        return Told(tuple(self.tallies), self.moved)

    def runs_of(self, measure: Measure) -> list[str]:
        return self.runs.get(measure.settings[0], [])


def evidence_by_revision(answers: QuerySet[Answer]) -> dict[int, Evidence]:
    """For the flagging measures, models together. 2 queries, however many answers."""
    found: dict[int, Evidence] = defaultdict(Evidence)
    rows = (
        answers.filter(asked__run__setting__in=_FLAGGING_SETTINGS)
        .order_by()
        .values_list("asked__revision", "asked__run__setting")
        .annotate(**_COUNTS, runs=ArrayAgg("asked__run__uid", distinct=True))
    )
    for revision, setting, total, right, unparsed, runs in rows.iterator():
        found[revision].tallies.append(Tally(setting, "", total, right, unparsed))
        found[revision].runs[setting] = [str(uid) for uid in runs]
    for revision, share in moved_by_revision(answers).items():
        found[revision].moved = share
    return found


def told_now(project: Project) -> dict[int, Told]:
    """Revision -> all measures' ground, of the questions that stand. 3 queries."""
    return _told(answers_now(project), dict(published_now(project)))


def told_of(item: QAItem, habits: Habits) -> Told:
    """All measures' ground of one question that stands. 2 queries."""
    answers = answers_now(item.clip.project).filter(asked__item=item.pk)
    revision = item.approved_revision
    assert revision is not None  # noqa: S101 - it stands
    text = published(
        revision.content,
        category=item.category,
        question_id=item.question_id,
        salt=item.clip.project.release_salt,
    )
    return Told(
        tuple(tallies_by_revision(answers).get(revision.pk, ())),
        moved_by_revision(answers).get(revision.pk, NOTHING),
        shortcut_share(text, habits),
    )


def told_of_release(release: Release) -> dict[int, Told]:
    """Revision -> all measures' ground, of the questions of a release. 2 queries beside those of its questions."""
    questions = list(questions_of(release.project, release))
    published = {
        one.revision: Published(one.category, one.text, tuple(option["text"] for option in one.options), one.key_index)
        for one in questions
    }
    return _told(answers_about(release.project, questions), published)


def _told(answers: QuerySet[Answer], published: dict[int, Published]) -> dict[int, Told]:
    tallies = tallies_by_revision(answers)
    moved, habits = moved_by_revision(answers), habits_of(published.values())
    return {
        revision: Told(tuple(tallies.get(revision, ())), moved.get(revision, NOTHING), shortcut_share(text, habits))
        for revision, text in published.items()
    }


def tallies_by_revision(answers: QuerySet[Answer]) -> dict[int, list[Tally]]:
    """Setting by setting and model by model. 1 query."""
    tallies: dict[int, list[Tally]] = defaultdict(list)
    grouped = ("asked__revision", "asked__run__setting", "asked__run__model")
    for revision, *tally in answers.order_by().values_list(*grouped).annotate(**_COUNTS).iterator():
        tallies[revision].append(Tally(*tally))
    return tallies


def moved_by_revision(answers: QuerySet[Answer]) -> dict[int, Share]:
    """Shuffled answers that choose another option than the model's newest one without shuffling. 1 query."""
    unshuffled = (
        Answer.objects.annotate(frames=_FRAMES)
        .filter(
            asked__revision=OuterRef("asked__revision"),
            asked__run__setting=Setting.STANDARD,
            asked__run__project=OuterRef("asked__run__project"),
            asked__run__model=OuterRef("asked__run__model"),
            frames=OuterRef("frames"),
        )
        .exclude(choice="")
        .order_by("-asked__run_id", "asked__try_number")
        .values("choice")[:1]
    )
    rows = (
        answers.filter(asked__run__setting=Setting.SHUFFLED)
        .exclude(choice="")
        .annotate(frames=_FRAMES)
        .annotate(before=Subquery(unshuffled))
        .filter(before__isnull=False)
        .order_by()
        .values_list("asked__revision")
        .annotate(moved=Count("pk", filter=~Q(choice=F("before"))), compared=Count("pk"))
    )
    return {revision: Share(moved, compared) for revision, moved, compared in rows.iterator()}


def published_now(project: Project) -> Iterator[tuple[int, Published]]:
    """Revision and text of each question that stands. 1 query."""
    facts = ("question_id", "category", "approved_revision", "approved_revision__content")
    rows = standing_items(project).order_by("pk").values_list(*facts)
    for question_id, category, revision, content in rows.iterator(chunk_size=2000):
        yield revision, published(content, category=category, question_id=question_id, salt=project.release_salt)


def published(content: dict[str, Any], *, category: str, question_id: str, salt: str) -> Published:
    shown = keyed_options(content, question_id=question_id, salt=salt)
    return Published(category, content["question"], tuple(shown["options"]), shown["answer_index"])
