"""Auditing training data: an administrator draws a sample of its captions, reviewers mark each as right or wrong."""

import hashlib
import heapq

from django.db.models import Exists, Max, OuterRef, QuerySet

from annotation.access import require, require_foreign_work
from annotation.errors import BadInput, MoveNotAllowed, NotVisible
from annotation.models import CaptionRevision, Clip, Project, User
from annotation.models.work import RevisionBase
from annotation.services.draft_flags import ready_drafts
from annotation.services.seals import require_unsealed, sealed_clips
from annotation.snapshots import one_snapshot
from annotation.states import ClipStatus
from annotation.transactions import in_transaction
from annotation.workflow import database_now, pseudonym_of
from qa.models import Audit, AuditItem, AuditMark
from qa.models.audits import MOST_ASKED, VERDICTS
from qa.releases.audits import unmarked
from qa.releases.train import Training

MOST_SEED = 2**31 - 1
_LOOKED_AT = 50
_STRIDE = 37
"""Between the places where two people begin."""


def draw_audit(*, project: Project, seed: int, asked: int, actor: User | None, processes: int = 1) -> Audit:
    """Draw from all that training data frozen now would hold. Raises RightMissing, BadInput; MoveNotAllowed
    while a worker still has to check many drafts.

    actor: None is the installation. processes: for drafts that were not checked yet.
    """
    if actor is not None:
        require(actor, "release", project=project)
    problems = {"seed": f"must be 0 to {MOST_SEED}"} if not 0 <= seed <= MOST_SEED else {}
    if not 1 <= asked <= MOST_ASKED:
        problems["asked"] = f"must be 1 to {MOST_ASKED}"
    if problems:
        raise BadInput(problems)
    if not ready_drafts(project, processes=processes):
        raise MoveNotAllowed("Many drafts were not checked yet. A worker does it now: try again in a few minutes.")
    with one_snapshot():
        # Lock first: two that draw at once must not take the same number.
        Project.objects.select_for_update().get(pk=project.pk)
        candidates = list(Training(project).words())
        if not candidates:
            raise BadInput({"asked": "there is nothing to draw from: no caption may go into training data yet"})
        latest = Audit.objects.filter(project=project).aggregate(latest=Max("number"))["latest"] or 0
        audit = Audit.objects.create(
            project=project,
            number=latest + 1,
            seed=seed,
            asked=asked,
            candidates=len(candidates),
            created_by=actor,
            created_at=database_now(),
        )
        drawn = heapq.nsmallest(asked, candidates, key=lambda one: _place(seed, one[1]))
        AuditItem.objects.bulk_create(
            AuditItem(audit=audit, place=place, clip_id=clip, revision_id=revision, draft_id=draft)
            for place, (clip, _, revision, draft) in enumerate(drawn, start=1)
        )
        return audit


def _place(seed: int, clip_id: str) -> str:
    """By sha256 of seed + clip_id: the same on every machine, unrelated to what the caption says."""
    return hashlib.sha256(f"{seed}{clip_id}".encode()).hexdigest()


@in_transaction
def mark(*, item: AuditItem, reviewer: User, verdict: object, seen_mark: int) -> AuditMark:
    """Say that the words of the sample are right, or what is wrong with them.

    seen_mark: row id of the newest mark that the reviewer has seen, 0 for none.
    Raises RightMissing, OwnWork, BadInput, Sealed; MoveNotAllowed if somebody marked it meanwhile, or if the clip was
    taken out of use.
    """
    require(reviewer, "review", project=item.audit.project)
    if not isinstance(verdict, str) or verdict not in dict(VERDICTS):
        raise BadInput({"verdict": "is none of the verdicts"})
    # Lock first: two may mark the same caption in the same second.
    item = _for_marking(AuditItem.objects.select_for_update(of=("self",), no_key=True)).get(pk=item.pk)
    require_foreign_work(reviewer, authors_of(item))
    require_unsealed(item.clip.caption, reviewer)
    if item.clip.state != ClipStatus.ACTIVE:
        raise MoveNotAllowed("This clip was taken out of use: the audit goes on without it.", state=item.clip.state)
    newest = item.marks.order_by("-pk").first()
    if (newest.pk if newest else 0) != seen_mark:
        raise MoveNotAllowed("Somebody marked this caption meanwhile.", mark=newest.pk if newest else 0)
    made = AuditMark(item=item, reviewer=reviewer, verdict=verdict, created_at=database_now())
    made.digest = made.computed_digest(pseudonym=pseudonym_of(reviewer, project=item.audit.project))
    made.save(force_insert=True)
    return made


def authors_of(item: AuditItem) -> list[RevisionBase]:
    """The revisions that the words to judge came of; none for a draft. 1 query."""
    if item.revision is None:
        return []
    upto = CaptionRevision.objects.filter(caption=item.revision.caption_id, number__lte=item.revision.number)
    return list(upto)


def item_of(audit: Audit, clip_id: str) -> AuditItem:
    """A caption of the sample. Raises NotVisible, also for a clip that was withdrawn."""
    item = _for_marking(audit.items.all()).filter(clip__clip_id=clip_id, clip__in=Clip.objects.standing()).first()
    if item is None:
        raise NotVisible
    return item


def _for_marking(items: QuerySet[AuditItem]) -> QuerySet[AuditItem]:
    return items.select_related("audit__project", "clip__project", "clip__caption", "revision", "draft")


def next_item(audit: Audit, reviewer: User, *, after: int | None = None) -> AuditItem | None:
    """The next that waits for a judgement and that this person may give: not of own words, not of a clip whose
    questions they have to answer blind. 2 queries, and those that tell the latter.

    after: a place; without one people begin at different places, so that two seldom judge the same.
    """
    own = CaptionRevision.objects.filter(
        caption=OuterRef("revision__caption"), number__lte=OuterRef("revision__number"), author=reviewer
    )
    waiting = unmarked(audit.items.all()).filter(~Exists(own)).select_related("clip")
    begin = reviewer.pk * _STRIDE % audit.asked if after is None else after
    ahead = [*waiting.filter(place__gt=begin)[:_LOOKED_AT], *waiting.filter(place__lte=begin)[:_LOOKED_AT]]
    sealed = sealed_clips([item.clip for item in ahead], reviewer)
    return next((item for item in ahead if item.clip_id not in sealed), None)


def last_mark_of(audit: Audit, reviewer: User) -> AuditMark | None:
    """So that they can take a slip back. 1 query."""
    marks = AuditMark.objects.filter(item__audit=audit, reviewer=reviewer, item__clip__in=Clip.objects.standing())
    return marks.select_related("item__clip").order_by("-pk").first()


def audit_for(user: User, *, slug: str, number: int) -> Audit:
    """Raises NotVisible for another project's audit and for none."""
    audit = Audit.objects.visible_to(user).select_related("project").filter(project__slug=slug, number=number).first()
    if audit is None:
        raise NotVisible
    return audit
