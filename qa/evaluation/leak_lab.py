"""What was answered about questions, added up for the leak lab. Reads only.

Only answers to the words that stand count, and of those from captions only answers from the caption that the question
was judged against. Runs and imports count alike.

Postgres adds up all that was ever answered in the project and Python leaves out what does not count: asked to do both,
the planner expects a handful of answers where there are hundreds of thousands, and takes many times as long.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Coalesce

from annotation.intervals import Share
from annotation.models import Project
from annotation.states import ClipStatus, State
from qa.evaluation.leak_measures import FLAGGING, NOTHING, Measure, Tally, Told
from qa.evaluation.questions import questions_of
from qa.evaluation.shortcuts import Habits, Published, habits_of, shortcut_share
from qa.models import Answer, EvaluationRun, LeakSettings, QAItem, Release, Setting
from qa.releases.content import keyed_options

Words = dict[int, int | None]
"""Revision of a question -> that of the caption that it was judged against: what answers must be about."""

_FLAGGING_SETTINGS = {setting for measure in FLAGGING for setting in measure.settings} - {Setting.STANDARD.value}
_COUNTS = {
    "total": Count("pk"),
    "right": Count("pk", filter=Q(is_right=True)),
    "unparsed": Count("pk", filter=Q(letter="")),
}
_SAME = ("asked__revision", "asked__run__model", "frames")


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


def answers_in(project: Project) -> QuerySet[Answer]:
    """To whatever words."""
    return Answer.objects.filter(asked__run__project=project)


def words_now(items: QuerySet[QAItem]) -> Words:
    """Of questions that stand. 1 query."""
    return {pk: caption for pk, caption in items.values_list("approved_revision", "caption_revision") if pk is not None}


def counts(words: Words, *, revision: int, setting: str, caption: int | None) -> bool:
    """Whether an answer to this revision counts. caption: what was read; an import that did not say it counts."""
    if revision not in words:
        return False
    return setting != Setting.HUMAN_CAPTIONS or caption is None or caption == words[revision]


@dataclass
class Evidence:
    """What the flagging measures read of one question. runs: setting -> uids of the runs that were read."""

    tallies: list[Tally] = field(default_factory=list)
    moved: Share = NOTHING
    runs: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    @property
    def told(self) -> Told:
        return Told(tuple(self.tallies), self.moved)

    def runs_of(self, measure: Measure) -> list[str]:
        return sorted(self.runs[measure.settings[0]])


def evidence_by_revision(answers: QuerySet[Answer], words: Words) -> dict[int, Evidence]:
    """For the flagging measures, models together. 4 queries, however many answers."""
    found: dict[int, Evidence] = defaultdict(Evidence)
    runs = EvaluationRun.objects.filter(setting__in=_FLAGGING_SETTINGS, pk__in=answers.values("asked__run"))
    uids = {pk: str(uid) for pk, uid in runs.values_list("pk", "uid")}
    rows = (
        answers.filter(asked__run__in=list(uids))
        .order_by()
        .values_list("asked__revision", "asked__run__setting", "asked__caption_revision")
        .annotate(**_COUNTS, runs=ArrayAgg("asked__run_id"))
    )
    for revision, setting, caption, total, right, unparsed, asked_in in rows:
        if counts(words, revision=revision, setting=setting, caption=caption):
            found[revision].tallies.append(Tally(setting, "", total, right, unparsed))
            found[revision].runs[setting] |= {uids[run] for run in asked_in}
    for revision, share in moved_by_revision(answers, words).items():
        found[revision].moved = share
    return found


def told_now(project: Project) -> dict[int, Told]:
    """Revision -> all measures' ground, of the questions that stand. 5 queries."""
    return _told(answers_in(project), words_now(standing_items(project)), dict(published_now(project)))


def told_of(item: QAItem, habits: Habits) -> Told:
    """All measures' ground of one question that stands. 3 queries."""
    revision = item.approved_revision
    assert revision is not None  # noqa: S101 - it stands
    answers = answers_in(item.clip.project).filter(asked__item=item.pk)
    words: Words = {revision.pk: item.caption_revision_id}
    salt = item.clip.project.release_salt
    text = published(revision.content, category=item.category, question_id=item.question_id, salt=salt)
    return Told(
        tuple(tallies_by_revision(answers, words).get(revision.pk, ())),
        moved_by_revision(answers, words).get(revision.pk, NOTHING),
        shortcut_share(text, habits),
    )


def told_of_release(release: Release) -> dict[int, Told]:
    """Revision -> all measures' ground, of the questions of a release, whichever run asked them. 3 queries beside those
    of its questions.
    """
    words: Words = {}
    texts: dict[int, Published] = {}
    for one in questions_of(release.project, release):
        words[one.revision] = one.caption
        options = tuple(option["text"] for option in one.options)
        texts[one.revision] = Published(one.category, one.text, options, one.key_index)
    return _told(answers_in(release.project), words, texts)


def _told(answers: QuerySet[Answer], words: Words, texts: dict[int, Published]) -> dict[int, Told]:
    tallies = tallies_by_revision(answers, words)
    moved, habits = moved_by_revision(answers, words), habits_of(texts.values())
    return {
        revision: Told(
            tuple(tallies.get(revision, ())), moved.get(revision, NOTHING), shortcut_share(text, habits), text.category
        )
        for revision, text in texts.items()
    }


def tallies_by_revision(answers: QuerySet[Answer], words: Words) -> dict[int, list[Tally]]:
    """Setting by setting and model by model. 1 query."""
    found: dict[int, list[Tally]] = defaultdict(list)
    grouped = ("asked__revision", "asked__run__setting", "asked__caption_revision", "asked__run__model")
    for revision, setting, caption, *tally in answers.order_by().values_list(*grouped).annotate(**_COUNTS):
        if counts(words, revision=revision, setting=setting, caption=caption):
            found[revision].append(Tally(setting, *tally))
    return found


def moved_by_revision(answers: QuerySet[Answer], words: Words) -> dict[int, Share]:
    """Shuffled answers that choose another option than the model's newest one without shuffling. 2 queries, or 1 where
    nothing was shuffled.
    """
    told = answers.exclude(choice="").annotate(frames=Coalesce("asked__run__frames", 0))
    shuffled = list(
        told.filter(asked__run__setting=Setting.SHUFFLED)
        .order_by()
        .values_list(*_SAME, "choice")
        .annotate(times=Count("pk"))
    )
    if not shuffled:
        return {}
    unshuffled = told.filter(asked__run__setting=Setting.STANDARD)
    # The last of each is kept: of the newest run its first try.
    ordered = unshuffled.order_by("asked__run_id", "-asked__try_number").values_list(*_SAME, "choice")
    before = {tuple(same): choice for *same, choice in ordered}
    hits: dict[int, int] = defaultdict(int)
    compared: dict[int, int] = defaultdict(int)
    for *same, choice, times in shuffled:
        if same[0] in words and tuple(same) in before:
            compared[same[0]] += times
            hits[same[0]] += times if choice != before[tuple(same)] else 0
    return {revision: Share(hits[revision], total) for revision, total in compared.items()}


def published_now(project: Project) -> Iterator[tuple[int, Published]]:
    """Revision and text of each question that stands. 1 query."""
    facts = ("question_id", "category", "approved_revision", "approved_revision__content")
    rows = standing_items(project).order_by("pk").values_list(*facts)
    for question_id, category, revision, content in rows.iterator(chunk_size=2000):
        yield revision, published(content, category=category, question_id=question_id, salt=project.release_salt)


def published(content: dict[str, Any], *, category: str, question_id: str, salt: str) -> Published:
    shown = keyed_options(content, question_id=question_id, salt=salt)
    return Published(category, content["question"], tuple(shown["options"]), shown["answer_index"])
