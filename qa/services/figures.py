"""How the work of people stands: agreement of a project's blind answers, and everybody's own figures. Reads only.

Blindness: of questions, only those that are decided count – approved or dropped, with all that was said of them before.
A question that somebody may still have to answer is in no figure, so that no figure moves with its answers, its key or
its verdicts. No figure says which option anybody chose. What was handed in is counted as soon as it is.

Every statement of these figures stands in this file: what must not count is left out in `_judged` and `_COUNTED`.
"""

from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Count, QuerySet

from annotation.intervals import Share
from annotation.models import CaptionReview, Event, LeaseWork, Membership, Project, User, Verdict
from annotation.states import ClipStatus, State
from qa.agreement import Agreement, Answered, agreement, agreement_by_category, value_of
from qa.categories import Category
from qa.models import QAItem, QAReview

DECIDED = (State.APPROVED, State.DROPPED)
_JUDGEMENTS = (Verdict.APPROVE, Verdict.FIX, Verdict.RETURN)

_COUNTED = f"""
    JOIN qa_qaitem AS item ON item.id = answer.item_id AND item.state IN ({", ".join(f"'{one}'" for one in DECIDED)})
    JOIN annotation_clip AS clip ON clip.id = item.clip_id AND clip.project_id = %(project)s
        AND clip.state <> '{ClipStatus.WITHDRAWN}'
"""
"""The blind answers that count."""
_ANSWERED = f"""
    SELECT category, had_opened_caption, shown, key, choices, count(*) FROM (
        SELECT item.category, answer.had_opened_caption, revision.content ->> 'key' AS key,
            ARRAY(SELECT option ->> 'id' FROM jsonb_array_elements(revision.content -> 'options')
                WITH ORDINALITY AS options (option, place) ORDER BY place) AS shown,
            array_agg(answer.choice ORDER BY answer.choice) AS choices
        FROM qa_blindanswer AS answer {_COUNTED}
        JOIN qa_qarevision AS revision ON revision.id = answer.revision_id
        GROUP BY item.category, answer.had_opened_caption, revision.id
    ) AS answered GROUP BY category, had_opened_caption, shown, key, choices
"""  # noqa: S608 - all of it is written above
_RIGHT = f"""
    SELECT answer.user_id, answer.had_opened_caption,
        count(*) FILTER (WHERE answer.choice = revision.content ->> 'key'), count(*)
    FROM qa_blindanswer AS answer {_COUNTED}
    JOIN qa_qarevision AS revision ON revision.id = answer.revision_id
    WHERE %(person)s::bigint IS NULL OR answer.user_id = %(person)s
    GROUP BY answer.user_id, answer.had_opened_caption
"""  # noqa: S608 - all of it is written above
_PAIRS = f"""
    SELECT answer.user_id, count(*) FILTER (WHERE other.choice = answer.choice), count(*)
    FROM qa_blindanswer AS answer {_COUNTED}
    JOIN qa_blindanswer AS other ON other.revision_id = answer.revision_id AND other.user_id <> answer.user_id
    WHERE NOT answer.had_opened_caption AND NOT other.had_opened_caption
        AND (%(person)s::bigint IS NULL OR answer.user_id = %(person)s)
    GROUP BY answer.user_id
"""  # noqa: S608 - all of it is written above
_CAPTIONS = f"""
    SELECT submitter_id, count(*), percentile_cont(0.5) WITHIN GROUP (ORDER BY active_ms),
        percentile_cont(0.5) WITHIN GROUP (ORDER BY watched_percent)
    FROM (
        SELECT submission.submitter_id, max(submission.watched_percent) AS watched_percent,
            (SELECT sum(lease.active_ms) FROM annotation_captionlease AS lease
                WHERE lease.caption_id = submission.caption_id AND lease.holder_id = submission.submitter_id
                    AND lease.work = '{LeaseWork.EDIT}') AS active_ms
        FROM annotation_captionsubmission AS submission
        JOIN annotation_caption AS caption ON caption.id = submission.caption_id
        WHERE caption.project_id = %(project)s
            AND (%(person)s::bigint IS NULL OR submission.submitter_id = %(person)s)
        GROUP BY submission.submitter_id, submission.caption_id
    ) AS handed_in GROUP BY submitter_id
"""  # noqa: S608 - all of it is written above


@dataclass(frozen=True)
class Group:
    """by_category: a category's name -> its figures, all five, in table order. pooled: over all of their questions."""

    by_category: dict[str, Agreement]
    pooled: Agreement


@dataclass(frozen=True)
class ProjectAgreement:
    """blind: answers of people who had not opened the clip's caption. opened: of those who had; never paired with
    blind ones.
    """

    blind: Group
    opened: Group


@dataclass(frozen=True)
class Verdicts:
    """What reviewers said of somebody's work, every verdict counting once: a caption that came back and was then
    approved has two.
    """

    as_written: Share
    fixed: Share
    returned: Share

    @property
    def judged(self) -> int:
        return self.as_written.of


@dataclass(frozen=True)
class PersonFigures:
    """One member's work in one project.

    captions, questions: how many they handed in, each once. active_ms: the median over these captions of their time at
        work on one, all pieces together; watched_percent: likewise, of the most that was played; None without captions.
    blind, opened: right answers of all, apart as in ProjectAgreement. pairs: same choice as another person on the same
        question, of all such pairs of blind answers; they are not independent, so that their interval says nothing.
    """

    member: Membership
    captions: int
    questions: int
    caption_verdicts: Verdicts
    question_verdicts: Verdicts
    active_ms: float | None
    watched_percent: float | None
    blind: Share
    opened: Share
    pairs: Share


def agreement_of(project: Project) -> ProjectAgreement:
    """1 query."""
    found: dict[bool, list[Answered]] = {False: [], True: []}
    for category, opened, shown, key, choices, times in _rows(_ANSWERED, project):
        values = tuple(value_of(choice, shown) for choice in choices)
        found[opened] += [Answered(category, values, value_of(key or "", shown))] * times
    blind, opened = (
        Group(agreement_by_category(questions, Category.values), agreement(questions)) for questions in found.values()
    )
    return ProjectAgreement(blind, opened)


def figures_of(project: Project, person: User) -> PersonFigures:
    """7 queries. Raises Membership.DoesNotExist for somebody who never was in the project."""
    members = Membership.objects.filter(project=project, user=person)
    return _figures(project, [members.select_related("user").get()], person=person)[0]


def figures_of_everybody(project: Project) -> list[PersonFigures]:
    """Of all who are or were in the project, by name: there are no rankings. 7 queries, however many there are."""
    members = list(Membership.objects.filter(project=project).select_related("user"))
    members.sort(key=lambda member: (member.user.shown_name.casefold(), member.user.username))
    return _figures(project, members, person=None)


def _figures(project: Project, members: list[Membership], *, person: User | None) -> list[PersonFigures]:
    captions = {row[0]: row[1:] for row in _rows(_CAPTIONS, project, person=person)}
    pairs = {user: Share(same, of) for user, same, of in _rows(_PAIRS, project, person=person)}
    questions = _questions_handed_in(project, person)
    right = {(user, opened): Share(n, of) for user, opened, n, of in _rows(_RIGHT, project, person=person)}
    of_captions = _verdicts(CaptionReview.objects.filter(caption__project=project), person)
    decided = QAReview.objects.filter(item__clip__project=project, item__state__in=DECIDED)
    of_questions = _verdicts(decided, person)
    found = []
    for member in members:
        user = member.user_id
        handed_in, active_ms, watched_percent = captions.get(user, (0, None, None))
        found.append(
            PersonFigures(
                member=member,
                captions=handed_in,
                questions=questions.get(user, 0),
                caption_verdicts=_shares(of_captions.get(user, {})),
                question_verdicts=_shares(of_questions.get(user, {})),
                active_ms=active_ms,
                watched_percent=watched_percent,
                blind=right.get((user, False), Share(0, 0)),
                opened=right.get((user, True), Share(0, 0)),
                pairs=pairs.get(user, Share(0, 0)),
            )
        )
    return found


def _questions_handed_in(project: Project, person: User | None) -> dict[int, int]:
    """A person's id -> how many different questions they handed in."""
    events = Event.objects.filter(project=project, object_type=QAItem.OBJECT_TYPE, verb="submit", actor__isnull=False)
    counted = _only(events, "actor", person).order_by().values_list("actor")
    return dict(counted.annotate(n=Count("object_id", distinct=True)))


def _verdicts(reviews: QuerySet[Any], person: User | None) -> dict[int, dict[str, int]]:
    """An author's id -> verdict -> how often."""
    counted = _only(_judged(reviews), "judged_author", person).order_by().values_list("judged_author", "verdict")
    found: dict[int, dict[str, int]] = {}
    for author, verdict, n in counted.annotate(n=Count("pk")):
        found.setdefault(author, {})[verdict] = n
    return found


def _judged(reviews: QuerySet[Any]) -> QuerySet[Any]:
    """Those reviews that count as a judgement of somebody's work."""
    return reviews.filter(verdict__in=_JUDGEMENTS, undone_by=None)


def _shares(counts: dict[str, int]) -> Verdicts:
    of = sum(counts.values())
    return Verdicts(*(Share(counts.get(verdict, 0), of) for verdict in _JUDGEMENTS))


def _only(rows: QuerySet[Any], who: str, person: User | None) -> QuerySet[Any]:
    return rows if person is None else rows.filter(**{who: person})


def _rows(statement: str, project: Project, *, person: User | None = None) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"project": project.pk, "person": person.pk if person else None})
        return list(cursor.fetchall())
