"""How the work of a project goes on: time for each clip, what is approved week by week, and how long the rest takes."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import connection

from annotation.models import Caption, Clip, LeaseWork, Project
from annotation.states import ClipStatus, State
from qa.models import QAItem

MOST_WEEKS = 52
PACE_WEEKS = 4
_MOST_YEARS = 20
"""Beyond that a forecast says no date."""

_MINUTES = f"""
    SELECT minutes, count(*) FROM (
        SELECT clip.id, (coalesce(sum(work.active_ms), 0) / 60000)::int AS minutes
        FROM annotation_clip AS clip
        JOIN annotation_caption AS caption ON caption.clip_id = clip.id AND caption.state IN ('{State.APPROVED}')
        JOIN (
            SELECT caption.clip_id, lease.active_ms FROM annotation_captionlease AS lease
                JOIN annotation_caption AS caption ON caption.id = lease.caption_id
                WHERE lease.work = '{LeaseWork.EDIT}' AND caption.project_id = %(project)s
            UNION ALL
            SELECT qa_set.clip_id, lease.active_ms FROM qa_qalease AS lease
                JOIN qa_qaset AS qa_set ON qa_set.id = lease.qa_set_id
                WHERE lease.work = '{LeaseWork.EDIT}' AND qa_set.project_id = %(project)s
        ) AS work ON work.clip_id = clip.id
        WHERE clip.project_id = %(project)s AND clip.state IN ('{ClipStatus.ACTIVE}')
        GROUP BY clip.id HAVING sum(work.active_ms) > 0
    ) AS spent GROUP BY minutes ORDER BY minutes
"""  # noqa: S608 - all of it is written above
_WEEKS = """
    SELECT date_trunc('week', approved_at AT TIME ZONE 'UTC')::date AS week, count(*) FROM (
        SELECT max(event.created_at) AS approved_at FROM annotation_event AS event
        JOIN {table} AS object ON object.uid::text = event.object_id AND object.state IN ('approved')
        JOIN annotation_clip AS clip ON clip.id = object.clip_id AND clip.state IN ('active')
        WHERE event.project_id = %(project)s AND event.object_type = %(kind)s
            AND event.to_state IN ('approved') AND event.from_state <> 'approved'
        GROUP BY event.object_id
    ) AS approved GROUP BY week
"""
_MISSING_QUESTIONS = f"""
    SELECT coalesce(sum(greatest(target.wanted - coalesce(there.n, 0), 0)), 0)
    FROM annotation_clip AS clip
    CROSS JOIN (SELECT key AS category, value::int AS wanted
        FROM annotation_project, jsonb_each_text(question_targets) WHERE id = %(project)s) AS target
    LEFT JOIN (SELECT clip_id, category, count(*) AS n FROM qa_qaitem
        WHERE state IN ('{State.APPROVED}') GROUP BY clip_id, category) AS there
        ON there.clip_id = clip.id AND there.category = target.category
    WHERE clip.project_id = %(project)s AND clip.state IN ('{ClipStatus.ACTIVE}')
"""  # noqa: S608 - all of it is written above


@dataclass(frozen=True)
class Week:
    monday: date
    captions: int
    questions: int


def minutes_of_work(project: Project) -> dict[int, int]:
    """Whole minutes -> clips with an approved caption on which people were at work for so long. 1 query."""
    return dict(_rows(_MINUTES, project))


def weeks(project: Project, *, today: date) -> list[Week]:
    """From the first in which anything was approved that still is, MOST_WEEKS at most, to this one. 2 queries."""
    captions, questions = (
        dict(_rows(_WEEKS.format(table=model._meta.db_table), project, kind=model.OBJECT_TYPE))
        for model in (Caption, QAItem)
    )
    this = today - timedelta(days=today.weekday())
    first = min([*captions, *questions], default=this)
    begin = max(first, this - timedelta(weeks=MOST_WEEKS - 1))
    mondays = [begin + timedelta(weeks=n) for n in range((this - begin).days // 7 + 1)]
    return [Week(monday, captions.get(monday, 0), questions.get(monday, 0)) for monday in mondays]


def forecast(project: Project, found: list[Week], *, today: date) -> str:
    """In words: at the pace of the last whole weeks, when captions and questions that are missing are done. 2 queries.

    found: as `weeks` gives them. Questions are missing where a clip has fewer than the project's targets.
    """
    missing_captions = (
        Clip.objects.filter(project=project, state=ClipStatus.ACTIVE).exclude(caption__state=State.APPROVED).count()
    )
    missing_questions = int(_rows(_MISSING_QUESTIONS, project)[0][0])
    whole = found[:-1][-PACE_WEEKS:]
    said = [
        _said("Captions", missing_captions, sum(week.captions for week in whole), today),
        _said("Questions", missing_questions, sum(week.questions for week in whole), today),
    ]
    return " ".join(one for one in said if one)


def _said(what: str, missing: int, done: int, today: date) -> str:
    if not missing:
        return ""
    said = f"{what} missing: {missing:,}."
    if not done:
        return f"{said} Nothing was approved in the last four whole weeks to forecast from."
    said = f"{said} At {done / PACE_WEEKS:,.2f} a week, the mean of the last four whole weeks, that takes"
    days = -(-missing * PACE_WEEKS * 7 // done)
    if days > _MOST_YEARS * 365:
        return f"{said} more than {_MOST_YEARS} years."
    until = today + timedelta(days=days)
    return f"{said} until {until.day} {until:%B %Y}."


def _rows(statement: str, project: Project, **more: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"project": project.pk, **more})
        return list(cursor.fetchall())
