"""Proving a history: every digest recomputed, every chain followed, every state replayed from its events.

What it shows: a row that was changed, a revision that was cut off, an event that is missing or invented, an approval
without a review, a release that is not what its digest says. What it cannot show: somebody who rewrites everything,
digests included; that is what digests published with a release are for.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from annotation.canonical import canonical_json
from annotation.models import Caption, CaptionReview, CaptionRevision, Clip, Draft, Event, Membership, Project, Verdict
from annotation.models.work import RevisionBase, WorkObject
from annotation.states import NEW, State
from qa.models import BlindAnswer, QAItem, QAReview, QARevision, Release, ReleaseItem

CHUNK = 500


class HistoryBroken(Exception):
    """The first row that does not hold: its table, its id, and what is wrong with it."""

    def __init__(self, row: Any, problem: str) -> None:
        table = row._meta.db_table
        super().__init__(f"{table} {row.pk} ({row}): {problem}")


@dataclass
class Verified:
    """How many rows of each kind hold."""

    counts: Counter[str] = field(default_factory=Counter)


def verify_project(project: Project) -> Verified:
    """Raises HistoryBroken for the first row that does not hold."""
    names: dict[int, str] = dict(Membership.objects.filter(project=project).values_list("user_id", "pseudonym"))
    verified = Verified()
    _verify_drafts(project, verified)
    _verify_events(project, names, verified)
    _verify_clips(project, verified)
    captions = Caption.objects.filter(clip__project=project).select_related("clip", "approved_revision")
    for caption in captions.order_by("pk").iterator(chunk_size=CHUNK):
        chain = CaptionRevision.objects.filter(caption=caption).select_related("parent", "draft")
        _verify_chain(caption, list(chain.order_by("number")), names, verified)
        reviews = CaptionReview.objects.filter(caption=caption)
        _verify_reviews(caption, reviews.select_related("judged_revision", "final_revision"), names, verified)
        _verify_states(caption, project, verified)
    items = QAItem.objects.filter(clip__project=project).select_related("clip", "approved_revision")
    for item in items.order_by("pk").iterator(chunk_size=CHUNK):
        revisions = QARevision.objects.filter(item=item).select_related("parent", "draft")
        _verify_chain(item, list(revisions.order_by("number")), names, verified)
        judged = QAReview.objects.filter(item=item)
        _verify_reviews(item, judged.select_related("judged_revision", "final_revision"), names, verified)
        _verify_states(item, project, verified)
    _verify_blind_answers(project, names, verified)
    _verify_releases(project, verified)
    return verified


def _require(holds: bool, row: Any, problem: str) -> None:
    if not holds:
        raise HistoryBroken(row, problem)


def _verify_drafts(project: Project, verified: Verified) -> None:
    drafts = Draft.objects.filter(clip__project=project).select_related("clip", "job").order_by("pk")
    for draft in drafts.iterator(chunk_size=CHUNK):
        _require(draft.digest == draft.computed_digest(), draft, "its content does not give its digest")
        verified.counts["drafts"] += 1


def _verify_events(project: Project, names: dict[int, str], verified: Verified) -> None:
    for event in Event.objects.filter(project=project).order_by("pk").iterator(chunk_size=CHUNK):
        pseudonym = names.get(event.actor_id) if event.actor_id else None
        _require(
            event.digest == event.computed_digest(pseudonym=pseudonym), event, "its content does not give its digest"
        )
        verified.counts["events"] += 1


def _verify_clips(project: Project, verified: Verified) -> None:
    for clip in Clip.objects.filter(project=project).order_by("pk").iterator(chunk_size=CHUNK):
        _verify_states(clip, project, verified)
        verified.counts["clips"] += 1


def _verify_chain(subject: WorkObject, chain: list[Any], names: dict[int, str], verified: Verified) -> None:
    parent: RevisionBase | None = None
    for number, revision in enumerate(chain, start=1):
        _require(revision.number == number, revision, f"revision {number} is missing before it")
        _require(revision.parent == parent, revision, "its parent is not the revision before it")
        expected = revision.computed_digest(object_id=subject.object_id, pseudonym=names.get(revision.author_id, ""))
        _require(revision.digest == expected, revision, "its content does not give its digest")
        parent = revision
        verified.counts["revisions"] += 1
    _require(
        subject.head_number == len(chain), subject, f"its head is revision {subject.head_number}, {len(chain)} exist"
    )
    digest = parent.digest if parent else ""
    _require(subject.head_digest == digest, subject, "its head's digest is not that of its last revision")


def _verify_reviews(subject: Any, reviews: Any, names: dict[int, str], verified: Verified) -> None:
    approved: set[int] = set()
    for review in reviews.order_by("pk"):
        _require_review(subject, review, names)
        if review.verdict != Verdict.RETURN:
            approved.add(review.final_revision_id)
        verified.counts["reviews"] += 1
    if subject.state == State.APPROVED:
        _require(
            subject.approved_revision_id in approved, subject, "it is approved, but no review approved its revision"
        )


def _require_review(subject: Any, review: Any, names: dict[int, str]) -> None:
    final = review.final_revision
    expected = review.computed_digest(
        object_id=subject.object_id,
        pseudonym=names.get(review.reviewer_id, ""),
        judged=review.judged_revision.digest,
        final=final.digest if final else None,
    )
    _require(review.digest == expected, review, "its content does not give its digest")
    _require(review.reviewer_id != review.judged_revision.author_id, review, "the reviewer judged their own words")


def _verify_states(subject: WorkObject | Clip, project: Project, verified: Verified) -> None:
    """Replay the events; they must be moves, must connect, and must lead to where the object stands."""
    state: str = NEW
    for event in _events_of(subject, project):
        _require(event.from_state == state, event, f"it leaves “{event.from_state}”, but the object was “{state}”")
        targets = subject.MOVES.get((event.from_state, event.verb), ())
        _require(event.to_state in targets, event, f"“{event.verb}” does not lead there from “{event.from_state}”")
        state = event.to_state
    _require(subject.state == state, subject, f"its state is “{subject.state}”, its events lead to “{state}”")
    verified.counts["objects"] += 1


def _events_of(subject: WorkObject | Clip, project: Project) -> Iterator[Event]:
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
        digest = hashlib.sha256()
        for item in ReleaseItem.objects.filter(release=release).order_by("pk").iterator(chunk_size=CHUNK):
            digest.update(canonical_json(item.content) + b"\n")
        _require(release.digest == digest.hexdigest(), release, "its clips do not give its digest")
        verified.counts["releases"] += 1
