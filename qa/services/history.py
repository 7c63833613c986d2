"""Proving a history: every digest recomputed, every chain followed, every state replayed from its events.

What it shows: a row that was changed, a revision that was cut off, an event that is missing or invented, an approval
without a review, a release that is not what its digest says. What it cannot show: somebody who rewrites everything,
digests included; that is what digests published with a release are for.

A row of an erased clip holds if it is as it was written, or if exactly its words are empty; those are counted. Its
digest stands as it was, and what follows in the chain rests on that.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from annotation.canonical import canonical_json
from annotation.caption_content import CaptionContent
from annotation.models import (
    Caption,
    CaptionReview,
    CaptionRevision,
    CaptionSubmission,
    Clip,
    Draft,
    Event,
    Membership,
    Project,
    Scene,
    SourceVideo,
    Verdict,
)
from annotation.models.screening import ScreenedModel
from annotation.models.work import RevisionBase, WorkObject
from annotation.states import NEW, State
from qa.models import AuditMark, BlindAnswer, QAItem, QAReview, QARevision, QASubmission, Release, ReleaseItem
from qa.releases.freeze import items_line
from qa.releases.frozen import ERASED

CHUNK = 500


class HistoryBroken(Exception):
    """The first row that does not hold: its table, its id, and what is wrong with it."""

    def __init__(self, row: Any, problem: str) -> None:
        table = row._meta.db_table
        super().__init__(f"{table} {row.pk} ({row}): {problem}")


@dataclass
class Verified:
    """How many rows of each kind hold. erased: public ids of erased clips, and of all that is theirs."""

    counts: Counter[str] = field(default_factory=Counter)
    erased: frozenset[str] = frozenset()

    def require_written(self, row: Any, *, expected: str, of: str, is_empty: bool) -> None:
        """Raises HistoryBroken unless the row gives its digest, or is empty and of something erased.

        of: the public id of its object.
        """
        if row.digest == expected:
            return
        _require(of in self.erased and is_empty, row, "its content does not give its digest")
        self.counts["erased"] += 1


def verify_project(project: Project) -> Verified:
    """Raises HistoryBroken for the first row that does not hold."""
    names: dict[int, str] = dict(Membership.objects.filter(project=project).values_list("user_id", "pseudonym"))
    verified = Verified(erased=_erased_in(project))
    _verify_drafts(project, verified)
    _verify_events(project, names, verified)
    _verify_clips(project, verified)
    captions = Caption.objects.filter(clip__project=project).select_related("clip", "approved_revision")
    for caption in captions.order_by("pk").iterator(chunk_size=CHUNK):
        chain = CaptionRevision.objects.filter(caption=caption).select_related("parent", "draft")
        _verify_chain(caption, list(chain.order_by("number")), names, verified)
        reviews = CaptionReview.objects.filter(caption=caption)
        _verify_reviews(caption, reviews.select_related("judged_revision", "final_revision"), names, verified)
        _verify_submissions(caption, CaptionSubmission.objects.filter(caption=caption), names, verified)
        _verify_states(caption, project, verified)
    items = QAItem.objects.filter(clip__project=project).select_related("clip", "approved_revision")
    for item in items.order_by("pk").iterator(chunk_size=CHUNK):
        revisions = QARevision.objects.filter(item=item).select_related("parent", "draft")
        _verify_chain(item, list(revisions.order_by("number")), names, verified)
        judged = QAReview.objects.filter(item=item)
        _verify_reviews(item, judged.select_related("judged_revision", "final_revision"), names, verified)
        _verify_submissions(item, QASubmission.objects.filter(item=item), names, verified)
        _verify_states(item, project, verified)
    _verify_blind_answers(project, names, verified)
    _verify_audits(project, names, verified)
    _verify_releases(project, verified)
    return verified


def _erased_in(project: Project) -> frozenset[str]:
    clips = Clip.objects.filter(project=project, erased_at__isnull=False)
    withdrawn_videos = SourceVideo.objects.filter(scenes__clip__in=clips, withdrawn_at__isnull=False)
    owners = (
        clips,
        Caption.objects.filter(clip__in=clips),
        QAItem.objects.filter(clip__in=clips),
        Scene.objects.filter(clip__in=clips),
        Scene.objects.filter(video__in=withdrawn_videos),
        withdrawn_videos,
    )
    return frozenset(str(uid) for rows in owners for uid in rows.values_list("uid", flat=True).distinct())


def _require(holds: bool, row: Any, problem: str) -> None:
    if not holds:
        raise HistoryBroken(row, problem)


def _verify_drafts(project: Project, verified: Verified) -> None:
    drafts = Draft.objects.filter(clip__project=project).select_related("clip", "job").order_by("pk")
    for draft in drafts.iterator(chunk_size=CHUNK):
        verified.require_written(
            draft,
            expected=draft.computed_digest(),
            of=draft.clip.object_id,
            is_empty=draft.payload == ERASED == draft.provenance,
        )
        verified.counts["drafts"] += 1


def _verify_audits(project: Project, names: dict[int, str], verified: Verified) -> None:
    marks = AuditMark.objects.filter(item__audit__project=project).select_related(
        "item__audit", "item__clip", "item__revision", "item__draft"
    )
    for mark in marks.order_by("pk").iterator(chunk_size=CHUNK):
        expected = mark.computed_digest(pseudonym=names.get(mark.reviewer_id, ""))
        _require(mark.digest == expected, mark, "its content does not give its digest")
        verified.counts["audit marks"] += 1


def _verify_events(project: Project, names: dict[int, str], verified: Verified) -> None:
    for event in Event.objects.filter(project=project).order_by("pk").iterator(chunk_size=CHUNK):
        pseudonym = names.get(event.actor_id) if event.actor_id else None
        expected = event.computed_digest(pseudonym=pseudonym)
        verified.require_written(event, expected=expected, of=event.object_id, is_empty=event.reason == "")
        verified.counts["events"] += 1


def _verify_clips(project: Project, verified: Verified) -> None:
    for clip in Clip.objects.filter(project=project).order_by("pk").iterator(chunk_size=CHUNK):
        _verify_states(clip, project, verified)
        _require_said(clip)
        verified.counts["clips"] += 1
    for video in SourceVideo.objects.filter(project=project).order_by("pk").iterator(chunk_size=CHUNK):
        _verify_states(video, project, verified)
        verified.counts["raw videos"] += 1
    scenes = Scene.objects.filter(project=project).select_related("video")
    for scene in scenes.order_by("pk").iterator(chunk_size=CHUNK):
        _verify_states(scene, project, verified)
        verified.counts["scenes"] += 1


def _require_said(clip: Clip) -> None:
    """Whoever empties a clip's words has to say so in its events."""
    if clip.erased_at is not None:
        said = Event.objects.filter(
            project=clip.project_id, object_type=Clip.OBJECT_TYPE, object_id=clip.object_id, verb="erase"
        )
        _require(said.exists(), clip, "it is marked as erased, but no event says so")


def _verify_chain(subject: WorkObject, chain: list[Any], names: dict[int, str], verified: Verified) -> None:
    parent: RevisionBase | None = None
    for number, revision in enumerate(chain, start=1):
        _require(revision.number == number, revision, f"revision {number} is missing before it")
        _require(revision.parent == parent, revision, "its parent is not the revision before it")
        expected = revision.computed_digest(object_id=subject.object_id, pseudonym=names.get(revision.author_id, ""))
        verified.require_written(revision, expected=expected, of=subject.object_id, is_empty=_is_empty(revision))
        parent = revision
        verified.counts["revisions"] += 1
    _require(
        subject.head_number == len(chain), subject, f"its head is revision {subject.head_number}, {len(chain)} exist"
    )
    digest = parent.digest if parent else ""
    _require(subject.head_digest == digest, subject, "its head's digest is not that of its last revision")


def _verify_reviews(subject: Any, reviews: Any, names: dict[int, str], verified: Verified) -> None:
    approved: set[int] = set()
    taken_back = set(reviews.exclude(undoes=None).values_list("undoes_id", flat=True))
    for review in reviews.select_related("undoes").order_by("pk"):
        _require_review(subject, review, names, verified)
        if review.final_revision_id and review.pk not in taken_back:
            approved.add(review.final_revision_id)
        verified.counts["reviews"] += 1
    if subject.state == State.APPROVED:
        _require(
            subject.approved_revision_id in approved, subject, "it is approved, but no review approved its revision"
        )


def _verify_submissions(subject: WorkObject, submissions: Any, names: dict[int, str], verified: Verified) -> None:
    for submission in submissions.select_related("revision"):
        expected = submission.computed_digest(
            object_id=subject.object_id,
            pseudonym=names.get(submission.submitter_id, ""),
            revision=submission.revision.digest,
        )
        verified.require_written(submission, expected=expected, of=subject.object_id, is_empty=submission.flags == [])
        verified.counts["submissions"] += 1


def _is_empty(revision: RevisionBase) -> bool:
    return revision.payload in (ERASED, CaptionContent().payload)


def _require_review(subject: Any, review: Any, names: dict[int, str], verified: Verified) -> None:
    final = review.final_revision
    expected = review.computed_digest(
        object_id=subject.object_id,
        pseudonym=names.get(review.reviewer_id, ""),
        judged=review.judged_revision.digest,
        final=final.digest if final else None,
    )
    verified.require_written(review, expected=expected, of=subject.object_id, is_empty=review.reason == "")
    _require(review.reviewer_id != review.judged_revision.author_id, review, "the reviewer judged their own words")
    undone = review.undoes
    is_whole = (undone is not None) == (review.verdict == Verdict.UNDO)
    _require(is_whole, review, "it takes back no verdict, or is one itself")
    if undone is not None:
        _require(undone.judged_revision_id == review.judged_revision_id, review, "it takes back another one's verdict")
        _require(undone.reviewer_id == review.reviewer_id, review, "it takes back somebody else's verdict")


def _verify_states(subject: WorkObject | Clip | ScreenedModel, project: Project, verified: Verified) -> None:
    """Replay the events; they must be moves, must connect, and must lead to where the object stands."""
    state: str = NEW
    for event in _events_of(subject, project):
        _require(event.from_state == state, event, f"it leaves “{event.from_state}”, but the object was “{state}”")
        targets = subject.MOVES.get((event.from_state, event.verb), ())
        _require(event.to_state in targets, event, f"“{event.verb}” does not lead there from “{event.from_state}”")
        state = event.to_state
    _require(subject.state == state, subject, f"its state is “{subject.state}”, its events lead to “{state}”")
    verified.counts["objects"] += 1


def _events_of(subject: WorkObject | Clip | ScreenedModel, project: Project) -> Iterator[Event]:
    events = Event.objects.filter(project=project, object_type=subject.OBJECT_TYPE, object_id=subject.object_id)
    return events.order_by("pk").iterator(chunk_size=CHUNK)


def _verify_blind_answers(project: Project, names: dict[int, str], verified: Verified) -> None:
    answers = BlindAnswer.objects.filter(item__clip__project=project).select_related("item", "revision")
    for answer in answers.order_by("pk").iterator(chunk_size=CHUNK):
        expected = answer.computed_digest(pseudonym=names.get(answer.user_id, ""))
        _require(answer.digest == expected, answer, "its content does not give its digest")
        verified.counts["blind answers"] += 1


def _verify_releases(project: Project, verified: Verified) -> None:
    for release in Release.objects.filter(project=project).order_by("pk"):
        digest, over_items = hashlib.sha256(), hashlib.sha256()
        is_whole = True
        items = ReleaseItem.objects.filter(release=release).select_related("clip").order_by("pk")
        for item in items.iterator(chunk_size=CHUNK):
            line = canonical_json(item.content)
            verified.require_written(
                item,
                expected=hashlib.sha256(line).hexdigest(),
                of=item.clip.object_id,
                is_empty=item.content == ERASED,
            )
            is_whole &= item.content != ERASED
            digest.update(line + b"\n")
            over_items.update(items_line(item.clip_id_text, item.digest))
        _require(release.items_digest == over_items.hexdigest(), release, "its clips do not give its items' digest")
        if is_whole:
            _require(release.digest == digest.hexdigest(), release, "its clips do not give its digest")
        verified.counts["releases"] += 1
