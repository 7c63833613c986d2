"""What nobody may judge, for administrators: captions, questions and disputes for which no member is left.

Whoever wrote a part of it may not judge it, nor who has judged it already; a dispute is settled by somebody who did
neither. Only the first units that wait are looked at, so that the answer costs the same however many wait.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import F, Q
from django.db.models.functions import Coalesce

from annotation.access import RANK, RIGHTS
from annotation.models import (
    Caption,
    CaptionReview,
    CaptionRevision,
    Clip,
    LeaseWork,
    Membership,
    Project,
    Role,
    Verdict,
)
from annotation.services.caption_units import CAPTIONS
from annotation.services.units import UnitKind
from annotation.states import State

MOST_LOOKED_AT = 2000
MOST_SHOWN = 100
MOST_NAMED = 4


@dataclass(frozen=True)
class Stuck:
    """what: Caption, Questions, Disputed caption or Disputed question. page: the name of its page."""

    what: str
    clip_id: str
    page: str
    reason: str
    question_id: str = ""

    @property
    def address(self) -> str:
        """What its page is called by, beside the project."""
        return self.question_id or self.clip_id


@dataclass
class Hands:
    """Ids of the people who wrote a part of it since its last approval, and who judged it as it is now."""

    wrote: set[int] = field(default_factory=set)
    judged: set[int] = field(default_factory=set)


@dataclass(frozen=True)
class People:
    """Active members with a right: id -> name. role: what they are called."""

    names: Mapping[int, str]
    role: str

    def free(self, hands: Hands) -> bool:
        return bool(set(self.names) - hands.wrote - hands.judged)

    def reason(self, hands: Hands, *, asked: int = 1) -> str:
        """Why none of them may judge it. asked: how many verdicts are asked for."""
        if not self.names:
            return f"This project has no {self.role}."
        said = []
        if wrote := self._named(hands.wrote):
            said.append(f"{wrote} wrote part of it")
        if judged := self._named(hands.judged - hands.wrote):
            count = f"; {asked} are asked for" if asked > 1 else ""
            said.append(f"{judged} judged it already{count}")
        return f"{'; '.join(said)}; there is no other {self.role}."

    def _named(self, ids: set[int]) -> str:
        names = sorted(self.names[pk] for pk in ids & set(self.names))
        shown = names[:MOST_NAMED]
        if len(names) > MOST_NAMED:
            shown = [*names[: MOST_NAMED - 1], f"{len(names) - MOST_NAMED + 1} others"]
        return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)


def register_stuck(find: Callable[[Project], list[Stuck]]) -> None:
    """Called in AppConfig.ready."""
    _finders.append(find)


def nobody_may_judge(project: Project) -> list[Stuck]:
    """At most MOST_SHOWN, captions before questions."""
    return [stuck for find in _finders for stuck in find(project)][:MOST_SHOWN]


def stuck_captions(project: Project) -> list[Stuck]:
    """In review, then disputed. 9 queries at most."""
    units = units_without_reviewer(CAPTIONS, project, may_judge=CAPTIONS.may_judge)
    rows: list[Stuck] = []
    if units:
        reviewers, hands = people_with("review", project), hands_on(units, CaptionRevision, CaptionReview, "caption")
        asked = project.reviews_per_caption
        rows = [
            Stuck("Caption", one.clip.clip_id, "caption_review", reviewers.reason(hands[one.pk], asked=asked))
            for one in units
        ]
    disputed = Caption.objects.filter(clip__in=Clip.objects.standing(), project=project, state=State.DISPUTED)
    some = list(disputed.select_related("clip").order_by("id")[:MOST_LOOKED_AT])
    if some:
        judges, hands = people_with("adjudicate", project), hands_on(some, CaptionRevision, CaptionReview, "caption")
        rows += [
            Stuck("Disputed caption", one.clip.clip_id, "caption_adjudication", judges.reason(hands[one.pk]))
            for one in some
            if not judges.free(hands[one.pk])
        ]
    return rows


def units_without_reviewer(kind: UnitKind, project: Project, *, may_judge: Callable[[str], str]) -> list[Any]:
    """Units in review that no active member who may review may judge, with their clips. 2 queries.

    may_judge: as SQL, whether a person, given as an expression, may judge what is in review now.
    """
    statement = f"""
        SELECT unit.* FROM (
            SELECT * FROM {kind.table} WHERE project_id = %(project)s AND {kind.workable[LeaseWork.REVIEW]}
            ORDER BY priority DESC, id LIMIT {MOST_LOOKED_AT}
        ) AS unit WHERE NOT EXISTS (
            SELECT 1 FROM annotation_membership AS other JOIN annotation_user AS person ON person.id = other.user_id
            WHERE other.project_id = %(project)s AND other.is_active AND person.is_active
                AND other.role IN ({_roles_with("review")}) AND {may_judge("other.user_id")}
        ) LIMIT {MOST_SHOWN}"""  # noqa: S608 - all of it is written by us
    return list(kind.model.objects.raw(statement, {"project": project.pk}).prefetch_related("clip"))


def people_with(right: str, project: Project) -> People:
    """1 query."""
    roles = [role for role in Role if RANK[role] >= RANK[RIGHTS[right]]]
    members = Membership.objects.filter(project=project, is_active=True, user__is_active=True, role__in=roles)
    names = {member.user_id: member.user.shown_name for member in members.select_related("user")}
    return People(names, RIGHTS[right].label.lower())


def hands_on(subjects: Iterable[Any], revisions: Any, reviews: Any, link: str) -> dict[int, Hands]:
    """Of captions or of questions, by their ids. link: how a revision and a review name them. 2 queries."""
    found: dict[int, Hands] = defaultdict(Hands)
    of_these = {f"{link}__in": list(subjects)}
    since = Q(number__gt=Coalesce(f"{link}__approved_revision__number", 0)) | Q(pk=F(f"{link}__head"))
    for pk, author in revisions.objects.filter(since, **of_these).values_list(link, "author").distinct():
        found[pk].wrote.add(author)
    standing = reviews.objects.filter(**of_these, judged_revision=F(f"{link}__head"), undone_by=None)
    since = Q(**{f"{link}__submitted_at": None}) | Q(created_at__gt=F(f"{link}__submitted_at"))
    standing = standing.filter(since, is_adjudication=False)
    for pk, reviewer in standing.exclude(verdict=Verdict.UNDO).values_list(link, "reviewer"):
        found[pk].judged.add(reviewer)
    return found


def _roles_with(right: str) -> str:
    return ", ".join(f"'{role}'" for role in Role if RANK[role] >= RANK[RIGHTS[right]])


_finders: list[Callable[[Project], list[Stuck]]] = [stuck_captions]
