"""Rows as the records of a history's line. Everything is fetched before; nothing here asks the database.

Of an erased clip no words leave: a record that has some, or whose row no longer gives its digest, loses them.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from annotation.canonical import microseconds
from annotation.digests import draft_digest, event_digest, review_digest, revision_digest, submission_digest
from annotation.models import Caption, Clip, Draft, Event, Prompt
from qa.history.objects import comment_digest
from qa.history.records import CAPTION, CLIP, PROMPT, QUESTION, TEXTS
from qa.models import QAItem

Record = dict[str, Any]
Events = Mapping[tuple[str, str], list[Event]]
"""(object type, object id) -> its events, oldest first."""


@dataclass(frozen=True)
class Around:
    """names: user id -> pseudonym. drafts: of the clip, by primary key."""

    names: Mapping[int, str]
    events: Events
    drafts: Mapping[int, str]
    is_erased: bool

    def name(self, user_id: int | None) -> str | None:
        return None if user_id is None else self.names[user_id]

    def draft(self, draft_id: int | None) -> str | None:
        return None if draft_id is None else self.drafts[draft_id]

    def record(self, what: str, record: Record, computed: Callable[..., str] | None = None, **more: Any) -> Record:
        """The record as it may leave."""
        if not self.is_erased:
            return record
        # Of events only reasons go that speak of the clip's words: what still gives its digest was not touched.
        says = what != "event" and any(record[key] for key in TEXTS[what])
        said = {key: value for key, value in record.items() if key != "digest"}
        if not says and computed is not None and computed(**said, **more) == record["digest"]:
            return record
        return {key: value for key, value in record.items() if key not in TEXTS[what]} | {"erased": True}


def around(clip: Clip, *, names: Mapping[int, str], events: Events) -> Around:
    drafts = {draft.pk: draft.digest for draft in clip.drafts.all()}
    return Around(names, events, drafts, is_erased=bool(getattr(clip, "erased_at", None)))


def prompt_line(prompt: Prompt) -> Record:
    return {
        "kind": PROMPT,
        "name": prompt.name,
        "version": prompt.version,
        "title": prompt.title,
        "text": prompt.text,
    }


def clip_line(clip: Clip, about: Around) -> Record:
    drafts = list(clip.drafts.all())
    jobs = {draft.job_id: draft.job for draft in drafts if draft.job is not None}
    return {
        "kind": CLIP,
        "object": clip.object_id,
        "clip_id": clip.clip_id,
        "state": clip.state,
        "created_at": microseconds(clip.created_at),
        "facts": _facts(clip, about),
        "jobs": [_job(job) for _, job in sorted(jobs.items())],
        "drafts": [_draft(draft, clip, about) for draft in drafts],
        "events": _events(CLIP, clip.object_id, about),
    }


def caption_line(caption: Caption, clip: Clip, about: Around) -> Record:
    return {"kind": CAPTION, **_work(CAPTION, caption, clip, about)}


def question_line(item: QAItem, clip: Clip, about: Around, *, caption_revisions: Mapping[int, str]) -> Record:
    """caption_revisions: the digests of the caption's, by primary key."""
    against = item.caption_revision_id
    digests = {revision.pk: revision.digest for revision in item.revisions.all()}
    return {
        "kind": QUESTION,
        "category": item.category,
        "number": item.number,
        "question_id": item.question_id,
        "caption_revision": None if against is None else caption_revisions[against],
        "answers": [
            {
                "user": about.name(answer.user_id),
                "revision": digests[answer.revision_id],
                "choice": answer.choice,
                "had_opened_caption": answer.had_opened_caption,
                "created_at": microseconds(answer.created_at),
                "digest": answer.digest,
            }
            for answer in item.blind_answers.all()
        ],
        **_work(QUESTION, item, clip, about),
    }


def _work(kind: str, subject: Any, clip: Clip, about: Around) -> Record:
    revisions = list(subject.revisions.all())
    numbers = {revision.pk: revision.number for revision in revisions}
    digests = {revision.pk: revision.digest for revision in revisions}
    uid = subject.object_id
    return {
        "object": uid,
        "clip_id": clip.clip_id,
        "state": subject.state,
        "draft": about.draft(subject.draft_id),
        "head_number": subject.head_number,
        "head_digest": subject.head_digest,
        "approved": numbers.get(subject.approved_revision_id),
        "submitted_at": _moment(subject.submitted_at),
        "created_at": microseconds(subject.created_at),
        "revisions": [_revision(one, digests, about, uid) for one in revisions],
        "submissions": [_submission(one, digests, about, uid) for one in subject.submissions.all()],
        "reviews": _reviews(subject.reviews.all(), digests, about, uid),
        "comments": _comments(subject.comments.all(), about, uid),
        "events": _events(kind, uid, about),
    }


def _facts(clip: Clip, about: Around) -> Record:
    facts = {
        "sha256": clip.sha256,
        "original_sha256": clip.original_sha256,
        "duration_ms": clip.duration_ms,
        "width": clip.width,
        "height": clip.height,
        "fps": f"{clip.fps:.3f}",
        "frames": clip.frames,
        "has_audio": clip.has_audio,
        "source": clip.source,
        "source_id": clip.source_id,
        "source_url": clip.source_url,
        "source_start_ms": clip.source_start_ms,
        "source_end_ms": clip.source_end_ms,
        "license": clip.license,
        "may_redistribute": clip.may_redistribute,
        "description": clip.description,
        "subtitles": clip.subtitles,
        "metadata": _exact(clip.metadata),
        "is_control": clip.is_control,
    }
    if not about.is_erased:
        return facts
    return {key: value for key, value in facts.items() if key not in TEXTS["facts"]} | {"erased": True}


def _job(job: Any) -> Record:
    return {
        "uid": str(job.uid),
        "kind": job.kind,
        "model": job.model,
        "prompt": job.prompt.name,
        "prompt_version": job.prompt.version,
        "input_digest": job.input_digest,
        "sample": job.sample,
    }


def _draft(draft: Draft, clip: Clip, about: Around) -> Record:
    record = {
        "uid": str(draft.uid),
        "kind": draft.kind,
        "model": draft.model,
        "prompt_version": draft.prompt_version,
        "job": str(draft.job.uid) if draft.job is not None else None,
        "place": draft.place,
        "payload": draft.payload,
        "provenance": draft.provenance,
        "created_at": microseconds(draft.created_at),
        "digest": draft.digest,
    }
    return about.record("draft", record, draft_digest, clip=clip.object_id)


def _revision(revision: Any, digests: Mapping[int, str], about: Around, uid: str) -> Record:
    record = {
        "number": revision.number,
        "parent": digests[revision.parent_id] if revision.parent_id else None,
        "author": about.name(revision.author_id),
        "kind": revision.kind,
        "payload": revision.payload,
        "draft": about.draft(revision.draft_id),
        "created_at": microseconds(revision.created_at),
        "digest": revision.digest,
    }
    return about.record("revision", record, revision_digest, object_id=uid)


def _submission(submission: Any, digests: Mapping[int, str], about: Around, uid: str) -> Record:
    record = {
        "submitter": about.name(submission.submitter_id),
        "revision": digests[submission.revision_id],
        "flags": submission.flags,
        "checks_version": submission.checks_version,
        "watched_percent": submission.watched_percent,
        "active_ms": submission.active_ms,
        "created_at": microseconds(submission.created_at),
        "digest": submission.digest,
    }
    return about.record("submission", record, submission_digest, object_id=uid)


def _reviews(reviews: Iterable[Any], digests: Mapping[int, str], about: Around, uid: str) -> list[Record]:
    given = {review.pk: review.digest for review in reviews}
    return [
        about.record(
            "review",
            {
                "reviewer": about.name(review.reviewer_id),
                "judged": digests[review.judged_revision_id],
                "final": digests[review.final_revision_id] if review.final_revision_id else None,
                "verdict": review.verdict,
                "reason": review.reason,
                "reason_code": review.reason_code,
                "is_adjudication": review.is_adjudication,
                "undoes": given[review.undoes_id] if review.undoes_id else None,
                "created_at": microseconds(review.created_at),
                "digest": review.digest,
            },
            review_digest,
            object_id=uid,
        )
        for review in reviews
    ]


def _comments(comments: Iterable[Any], about: Around, uid: str) -> list[Record]:
    places = {comment.pk: place for place, comment in enumerate(comments, start=1)}
    records = []
    for comment in comments:
        record = about.record(
            "comment",
            {
                "parent": places[comment.parent_id] if comment.parent_id else None,
                "author": about.name(comment.author_id),
                "at_ms": comment.at_ms,
                "sentence": comment.sentence,
                "text": comment.text,
                "created_at": microseconds(comment.created_at),
                "done_at": _moment(comment.done_at),
                "done_by": about.name(comment.done_by_id),
            },
        )
        records.append({**record, "digest": comment_digest(record, object_id=uid)})
    return records


def _events(kind: str, uid: str, about: Around) -> list[Record]:
    return [
        about.record(
            "event",
            {
                "verb": event.verb,
                "from_state": event.from_state,
                "to_state": event.to_state,
                "actor": about.name(event.actor_id),
                "revision": event.revision_digest,
                "reason": event.reason,
                "created_at": microseconds(event.created_at),
                "digest": event.digest,
            },
            event_digest,
            object_type=kind,
            object_id=uid,
        )
        for event in about.events.get((kind, uid), ())
    ]


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else microseconds(moment)


def _exact(value: Any) -> Any:
    """Postgres gives a large float back as a whole number of any length; canonical JSON knows 64 bits."""
    if isinstance(value, dict):
        return {key: _exact(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_exact(one) for one in value]
    if isinstance(value, int) and not isinstance(value, bool) and not -(2**63) <= value < 2**63:
        return float(value)
    return value
