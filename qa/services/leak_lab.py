"""The leak lab: questions are measured, suspicious ones flagged, and people decide what becomes of them.

A flag stands for a question's approved words and one measure. Measuring again refreshes what is open and takes back
what fell below its threshold. What a person decided stays as they saw it: a question that was kept is never flagged
again by that measure in these words, however many answers come. One that was returned and is approved again in the very
same words is: nobody has said that it may stay so.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db.models import F, OuterRef, Q, QuerySet, Subquery

from annotation.access import require, require_foreign_work
from annotation.errors import BadInput, MoveNotAllowed, NotVisible, Sealed, StaleRevision
from annotation.models import Caption, CaptionOpening, Clip, Project, User
from annotation.outbox import enqueue
from annotation.services.seals import sealed_clips
from annotation.text import checked_text
from annotation.transactions import in_transaction
from annotation.workflow import database_now
from qa.evaluation.leak_lab import (
    Evidence,
    answers_in,
    evidence_by_revision,
    published_now,
    standing_items,
    words_now,
)
from qa.evaluation.leak_measures import FLAGGING, MEASURES, Suspicion, suspicions
from qa.evaluation.shortcuts import Habits, habits_of
from qa.models import CountedStatistics, LeakFlag, LeakSettings, QAItem, RunFigures
from qa.models.runs import MOST_TRIES
from qa.services.evaluation import require_price
from qa.services.items import reopen
from qa.services.leak_figures import COUNT
from qa.services.statistics import lock_counted

LONGEST_REASON = 500
NUMBERS = {
    "least_answers": (1, 1000),
    **{one.threshold: (1, 100) for one in FLAGGING},
    "probe_tries": (1, MOST_TRIES),
}
"""A number of the settings -> from and to. A threshold of 0 would flag everything."""
HABITS = "leak_habits"
"""Name of the statistics that hold where a project's keys stand and what they say."""
QUIET = timedelta(minutes=2)
"""Answers come by the thousand: nobody decides on flags while they do."""
_CHUNK = 1000


@dataclass
class Measured:
    """What measuring came to. questions: those that stand; answered: those with answers that a flag can rest on.

    flagged: measure -> question ids that are at its threshold or above, decided ones too. made, removed: flags.
    """

    questions: int = 0
    answered: int = 0
    flagged: dict[str, list[str]] = field(default_factory=lambda: {one.id: [] for one in FLAGGING})
    open: int = 0
    made: int = 0
    removed: int = 0


@in_transaction
def measure(project: Project, *, actor: User | None = None) -> Measured:
    """Flag the questions that stand and are suspicious by the answers of now. Safe to run again and again.

    actor: None is the installation. Raises RightMissing.
    """
    if actor is not None:
        require(actor, "configure", project=project)
    # Lock first: two that measure at once must not flag the same twice.
    settings = _locked_settings(project)
    evidence = evidence_by_revision(answers_in(project), words_now(standing_items(project)))
    items = {
        revision: (pk, question_id)
        for pk, question_id, revision in standing_items(project)
        .order_by("question_id")
        .values_list("pk", "question_id", "approved_revision")
    }
    result = Measured(questions=len(items), answered=len(evidence))
    found: dict[tuple[int, str], dict[str, Any]] = {}
    for revision, (_, question_id) in items.items():
        if revision in evidence:
            for one in suspicions(evidence[revision].told, settings):
                found[revision, one.measure.id] = _stored(one, evidence[revision])
                result.flagged[one.measure.id].append(question_id)
    _store(project, found, {revision: pk for revision, (pk, _) in items.items()}, result)
    result.open = open_flags(project).count()
    _keep_habits(project)
    enqueue(COUNT, args=[project.pk])
    return result


def _stored(one: Suspicion, evidence: Evidence) -> dict[str, Any]:
    return {**one.as_json(), "runs": evidence.runs_of(one.measure)}


def _store(
    project: Project, found: dict[tuple[int, str], dict[str, Any]], items: dict[int, int], result: Measured
) -> None:
    """found: (revision, measure) -> evidence. items: revision -> item, of the questions that stand."""
    flags = LeakFlag.objects.filter(item__clip__project=project)
    # In the order of their ids, as `decide` takes one before it takes its question.
    known = {(one.revision_id, one.measure): one for one in flags.order_by("pk").select_for_update(of=("self",))}
    standing = set(items.values())
    gone = [
        flag.pk
        for place, flag in known.items()
        # Of a question that does not stand just now the flag waits with it.
        if flag.decision == LeakFlag.Decision.OPEN and place not in found and flag.item_id in standing
    ]
    LeakFlag.objects.filter(pk__in=gone).delete()
    changed = [_opened(known[place], said) for place, said in found.items() if _changes(known.get(place), said)]
    fields = ["evidence", "decision", "reason", "decided_by", "decided_at"]
    LeakFlag.objects.bulk_update(changed, fields, batch_size=_CHUNK)
    new = [
        LeakFlag(item_id=items[revision], revision_id=revision, measure=name, evidence=said)
        for (revision, name), said in found.items()
        if (revision, name) not in known
    ]
    LeakFlag.objects.bulk_create(new, batch_size=_CHUNK)
    result.made, result.removed = len(new), len(gone)


def _changes(flag: LeakFlag | None, said: dict[str, Any]) -> bool:
    if flag is None or flag.decision == LeakFlag.Decision.KEPT:
        return False
    return flag.decision == LeakFlag.Decision.RETURNED or flag.evidence != said


def _opened(flag: LeakFlag, said: dict[str, Any]) -> LeakFlag:
    flag.evidence = said
    flag.decision, flag.reason = LeakFlag.Decision.OPEN, ""
    flag.decided_by = flag.decided_at = None
    return flag


def _locked_settings(project: Project) -> LeakSettings:
    LeakSettings.objects.get_or_create(project=project)
    return LeakSettings.objects.select_for_update().get(project=project)


def _keep_habits(project: Project) -> None:
    # Lock first: habits hold words, which a withdrawal deletes.
    lock_counted(project)
    CountedStatistics.objects.update_or_create(
        project=project,
        release=None,
        name=HABITS,
        defaults={
            "value": habits_of(one for _, one in published_now(project)).as_json(),
            "counted_at": database_now(),
        },
    )


def sweep_leaks() -> None:
    """Measure projects whose runs got answers since, once no more have come for a while. Safe to run twice."""
    counted = RunFigures.objects.filter(run__project=OuterRef("pk")).order_by("-counted_at").values("counted_at")[:1]
    measured = CountedStatistics.objects.filter(project=OuterRef("pk"), release=None, name=HABITS).values("counted_at")
    projects = Project.objects.annotate(newest=Subquery(counted), measured=Subquery(measured[:1]))
    is_due = Q(measured=None) | Q(measured__lt=F("newest"))
    for project in projects.filter(is_due, newest__lt=database_now() - QUIET).order_by("pk"):
        measure(project)


def last_measured(project: Project) -> CountedStatistics | None:
    """When the project was measured last; its value is for `habits_then`. 1 query."""
    return CountedStatistics.objects.filter(project=project, release=None, name=HABITS).first()


def habits_then(project: Project) -> Habits:
    """Where keys stood and what they said when the project was measured last; none before. 1 query."""
    kept = last_measured(project)
    return Habits.from_json(kept.value) if kept else Habits()


def open_flags(project: Project) -> QuerySet[LeakFlag]:
    """Those that wait for a decision, of questions that stand in the words that were measured."""
    return LeakFlag.objects.filter(
        item__in=standing_items(project), revision=F("item__approved_revision"), decision=LeakFlag.Decision.OPEN
    )


def flag_of(item: QAItem, flag_id: int) -> LeakFlag:
    """Raises NotVisible."""
    flag = LeakFlag.objects.filter(item=item, pk=flag_id).first()
    if flag is None:
        raise NotVisible
    return flag


@in_transaction
def decide(*, flag: LeakFlag, user: User, decision: object, reason: object, seen_answers: int | None = None) -> None:
    """Keep the question as it is, or return it to its author by taking its approval back; with a reason.

    seen_answers: on how many answers the evidence rested that the user saw.
    Raises RightMissing, OwnWork, BadInput, Sealed; MoveNotAllowed if somebody has decided or the question does not
    stand any more; StaleRevision if the evidence grew; NotVisible if the flag was taken back.
    """
    project = flag.item.clip.project
    require(user, "reopen" if decision == LeakFlag.Decision.RETURNED else "review", project=project)
    if decision not in (LeakFlag.Decision.KEPT, LeakFlag.Decision.RETURNED):
        raise BadInput({"decision": "must be kept or returned"})
    checked = checked_text(reason, field="reason", most=LONGEST_REASON, blank=False)
    # Lock first: two may decide in the same second.
    locked = LeakFlag.objects.select_for_update(of=("self",)).select_related("item__clip__project", "revision")
    found = locked.filter(pk=flag.pk).first()
    if found is None:
        raise NotVisible
    _require_decidable(found, user, seen_answers)
    if decision == LeakFlag.Decision.RETURNED:
        words = f"{MEASURES[found.measure].name}: {checked}"
        reopen(item=found.item, user=user, reason=words, seen_number=found.revision.number)
    found.decision, found.reason = str(decision), checked
    found.decided_by, found.decided_at = user, database_now()
    found.save(update_fields=["decision", "reason", "decided_by", "decided_at"])


def _require_decidable(flag: LeakFlag, user: User, seen_answers: int | None) -> None:
    require_told(flag.item.clip, user)
    require_foreign_work(user, [flag.revision])
    if flag.decision != LeakFlag.Decision.OPEN:
        raise MoveNotAllowed("Somebody has decided this meanwhile.", decision=flag.decision)
    if not open_flags(flag.item.clip.project).filter(pk=flag.pk).exists():
        raise MoveNotAllowed(f"{flag.item.question_id} does not stand in these words any more.")
    if seen_answers is not None and seen_answers != flag.evidence["answers"]:
        raise StaleRevision(f"{flag.item.question_id} was measured again: look at what it rests on now.")


@in_transaction
def change_settings(
    *, project: Project, user: User, gates: bool, probes: str = "", probe_model: str = "", **numbers: int
) -> LeakSettings:
    """Flags follow when the project is measured next, probes with the next draft. numbers: all of `NUMBERS`.

    Raises RightMissing; BadInput also for a model without a price, and for fewer tries of a probe than a measure needs.
    """
    require(user, "configure", project=project)
    found = _locked_settings(project)
    problems = {name: "is missing" for name in NUMBERS if name not in numbers}
    problems |= {name: "is unknown" for name in numbers if name not in NUMBERS}
    for name, (least, most) in NUMBERS.items():
        if name in numbers and not least <= numbers[name] <= most:
            problems[name] = f"must be {least} to {most}"
    problems = problems or _problems_of_probes(probes, probe_model, numbers)
    if problems:
        raise BadInput(problems)
    for name, value in numbers.items():
        setattr(found, name, value)
    found.gates, found.probes, found.probe_model = gates, probes, probe_model
    found.save(update_fields=[*NUMBERS, "gates", "probes", "probe_model"])
    return found


def _problems_of_probes(probes: str, model: str, numbers: dict[str, int]) -> dict[str, str]:
    """Raises BadInput for a model without a price."""
    if probes not in LeakSettings.Probes.values:
        return {"probes": f"must be one of {', '.join(LeakSettings.Probes.values[1:])}, or empty"}
    if probes and numbers["probe_tries"] < numbers["least_answers"]:
        return {"probe_tries": "must be at least as many as the answers that a measure needs"}
    if model:
        require_price("probe_model", model)
    return {}


def require_told(clip: Clip, user: User) -> None:
    """Raises Sealed while a question of the clip waits for this person's blind answer."""
    if sealed_clips([clip], user):
        raise Sealed(f"Questions of {clip.clip_id} wait for your blind answer: until then nothing of it is told here.")


def note_shown(captions: list[Caption], user: User) -> None:
    """Remember that this person read words of these captions, as `note_opening` does for one. 1 query."""
    CaptionOpening.objects.bulk_create(
        [CaptionOpening(caption=caption, user=user) for caption in captions], ignore_conflicts=True
    )
