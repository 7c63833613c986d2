"""What a release freezes of a clip: its facts, its caption, its questions, and where each came from.

Times are integer milliseconds, so that the canonical JSON of the content, and with it the digest, has no noise. The
keys are documented in docs/export-format.md. Pure functions.
"""

import hashlib
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from rapidfuzz.distance import Levenshtein

from annotation.caption_format import timeline, without_marks
from annotation.models import Verdict
from qa.categories import ORDER
from qa.content import content_from_draft, words_of
from qa.releases.reading import CaptionFacts, Note, QuestionFacts, Subject
from qa.releases.splits import Splitting

LETTERS = "ABCD"
VERDICTS = [Verdict.APPROVE.value, Verdict.FIX.value, Verdict.RETURN.value]

Pseudonyms = dict[int, str]
"""User id -> pseudonym in the project."""


def clip_content(facts: CaptionFacts, *, pseudonyms: Pseudonyms, salt: str, splitting: Splitting) -> dict[str, Any]:
    """The frozen facts of one clip."""
    clip = facts.clip
    ordered = sorted(facts.questions, key=lambda one: (ORDER[one.category], one.number))
    marked = facts.text
    return {
        "clip_id": clip.clip_id,
        "sha256": clip.sha256,
        "duration_ms": clip.duration_ms,
        "width": clip.width,
        "height": clip.height,
        "fps": _shortest(clip.fps),
        "has_audio": clip.has_audio,
        "source_id": clip.source_id,
        "source": clip.source,
        "source_url": clip.source_url,
        "source_start_ms": clip.source_start_ms,
        "source_end_ms": clip.source_end_ms,
        "license": clip.license,
        "may_redistribute": clip.may_redistribute,
        "split": splitting.split_of(clip_id=clip.clip_id, source_id=clip.source_id),
        **({"status": facts.status} if facts.status else {}),
        "caption": without_marks(marked),
        "caption_marked": marked,
        "timeline": [{"start_ms": part.start_ms, "text": part.text} for part in timeline(marked)],
        "people": facts.people,
        "qa": [question_content(one, pseudonyms=pseudonyms, salt=salt) for one in ordered],
        "provenance": _provenance(facts.work, pseudonyms, _words_changed_in_caption(facts)),
        **_comments(facts.work.notes, pseudonyms),
    }


def question_content(facts: QuestionFacts, *, pseudonyms: Pseudonyms, salt: str) -> dict[str, Any]:
    answers = facts.answers
    return {
        "id": facts.question_id,
        "category": facts.category,
        "question": facts.content["question"],
        **keyed_options(facts.content, question_id=facts.question_id, salt=salt),
        "evidence": facts.content["evidence"],
        "blind_answers": {"all": len(answers), "right": answers.count(facts.content["key"])},
        "provenance": _provenance(facts.work, pseudonyms, _words_changed_in_question(facts)),
        **({"overrides": facts.overrides} if facts.overrides else {}),
        **_comments(facts.work.notes, pseudonyms),
    }


def keyed_options(content: dict[str, Any], *, question_id: str, salt: str) -> dict[str, Any]:
    """The options as they are published, and where the key stands among them."""
    options = published_order(content["options"], question_id=question_id, salt=salt)
    index = [option["id"] for option in options].index(content["key"])
    return {
        "options": [option["text"] for option in options],
        "answer": LETTERS[index],
        "answer_index": index,
        "answer_text": options[index]["text"],
    }


def published_order(options: list[dict[str, str]], *, question_id: str, salt: str) -> list[dict[str, str]]:
    """The options by sha256 of question id + salt + option id: the same on every machine, unrelated to the key."""

    def place(option: dict[str, str]) -> bytes:
        return hashlib.sha256(f"{question_id}{salt}{option['id']}".encode()).digest()

    return sorted(options, key=place)


def word_edit_distance(before: str, after: str) -> int:
    """Levenshtein over words split at white space."""
    return Levenshtein.distance(before.split(), after.split())


def _shortest(fps: Decimal) -> str:
    """25 and 29.97, never 25.000."""
    return str(int(fps) if fps == fps.to_integral_value() else fps.normalize())


def _words_changed_in_caption(facts: CaptionFacts) -> int | None:
    draft = facts.work.draft
    return word_edit_distance(without_marks(draft.payload["caption"]), without_marks(facts.text)) if draft else None


def _words_changed_in_question(facts: QuestionFacts) -> int | None:
    draft = facts.work.draft
    return word_edit_distance(words_of(content_from_draft(draft.payload)), words_of(facts.content)) if draft else None


def _provenance(work: Subject, pseudonyms: Pseudonyms, distance: int | None) -> dict[str, Any]:
    """editors: who wrote the revisions up to the approved one, in order of first appearance."""
    upto = sorted(one for one in work.authors if one[0] <= work.final_number)
    approvals = [one for one in work.judgements if one.final_revision_id == work.final_id and work.final_id]
    verdicts = [one.verdict for one in work.judgements]
    return {
        "draft_model": work.draft.model if work.draft else None,
        "prompt_version": (work.draft.prompt_version or None) if work.draft else None,
        "revisions": len(upto),
        "editors": list(dict.fromkeys(pseudonyms[author] for _, author in upto)),
        "approver": pseudonyms[max(approvals, key=lambda one: one.pk).reviewer_id] if approvals else None,
        "verdicts": {name: verdicts.count(name) for name in VERDICTS},
        "word_edit_distance": distance,
    }


def _comments(notes: list[Note], pseudonyms: Pseudonyms) -> dict[str, Any]:
    """The notes in threads, oldest first. No key where there are none."""
    threads = [
        {
            **_said(note, pseudonyms),
            "at_ms": note.at_ms,
            "sentence": note.sentence,
            "done": note.done_at is not None,
            "replies": [_said(one, pseudonyms) for one in notes if one.parent_id == note.pk],
        }
        for note in notes
        if note.parent_id is None
    ]
    return {"comments": threads} if threads else {}


def _said(note: Note, pseudonyms: Pseudonyms) -> dict[str, Any]:
    return {"author": pseudonyms[note.author_id], "created_at": seconds_utc(note.created_at), "text": note.text}


def seconds_utc(moment: datetime) -> str:
    """ISO 8601, UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
