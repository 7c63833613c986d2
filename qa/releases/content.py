"""What a release freezes of a clip: its facts, its caption, its questions, and where each came from.

Times are integer milliseconds, so that the canonical JSON of the content, and with it the digest, has no noise. The
keys are documented in docs/export-format.md.
"""

import hashlib
from typing import Any

from rapidfuzz.distance import Levenshtein

from annotation.caption_format import timeline, without_marks
from annotation.models import Caption, CaptionRevision
from qa.categories import ORDER
from qa.content import content_from_draft, words_of
from qa.models import QAItem, QARevision

SPLIT = "test"
LETTERS = "ABCD"

Pseudonyms = dict[int, str]
"""User id -> pseudonym in the project."""


def clip_content(*, caption: Caption, items: list[QAItem], pseudonyms: Pseudonyms, salt: str) -> dict[str, Any]:
    """The frozen facts of one clip with an approved caption.

    Needs, fetched: the caption's clip, draft, revisions and reviews; the items' drafts, revisions and reviews.
    """
    clip, final = caption.clip, caption.approved_revision
    if final is None:
        raise ValueError(f"{caption} has no approved revision")
    ordered = sorted(items, key=lambda item: (ORDER[item.category], item.number))
    return {
        "clip_id": clip.clip_id,
        "sha256": clip.sha256,
        "duration_ms": clip.duration_ms,
        "width": clip.width,
        "height": clip.height,
        "fps": str(clip.frames_per_second),
        "has_audio": clip.has_audio,
        "source_id": clip.source_id,
        "source": clip.source,
        "source_url": clip.source_url,
        "source_start_ms": clip.source_start_ms,
        "source_end_ms": clip.source_end_ms,
        "license": clip.license,
        "may_redistribute": clip.may_redistribute,
        "split": SPLIT,
        "caption": without_marks(final.text),
        "caption_marked": final.text,
        "timeline": [{"start_ms": part.start_ms, "text": part.text} for part in timeline(final.text)],
        "people": final.people,
        "qa": [question_content(item, pseudonyms=pseudonyms, salt=salt) for item in ordered],
        "provenance": _caption_provenance(caption, final, pseudonyms),
    }


def question_content(item: QAItem, *, pseudonyms: Pseudonyms, salt: str) -> dict[str, Any]:
    final = item.approved_revision
    if final is None:
        raise ValueError(f"{item} has no approved revision")
    options = published_order(final.content["options"], question_id=item.question_id, salt=salt)
    index = [option["id"] for option in options].index(final.content["key"])
    return {
        "id": item.question_id,
        "category": item.category,
        "question": final.content["question"],
        "options": [option["text"] for option in options],
        "answer": LETTERS[index],
        "answer_index": index,
        "answer_text": options[index]["text"],
        "evidence": final.content["evidence"],
        "provenance": _question_provenance(item, final, pseudonyms),
    }


def published_order(options: list[dict[str, str]], *, question_id: str, salt: str) -> list[dict[str, str]]:
    """The options by sha256 of question id + salt + option id: the same on every machine, unrelated to the key."""

    def place(option: dict[str, str]) -> str:
        return hashlib.sha256(f"{question_id}{salt}{option['id']}".encode()).hexdigest()

    return sorted(options, key=place)


def word_edit_distance(before: str, after: str) -> int:
    """Levenshtein over words split at white space."""
    return Levenshtein.distance(before.split(), after.split())


def _caption_provenance(caption: Caption, final: CaptionRevision, pseudonyms: Pseudonyms) -> dict[str, Any]:
    distance = None
    if caption.draft is not None:
        distance = word_edit_distance(without_marks(caption.draft.payload["caption"]), without_marks(final.text))
    return _provenance(caption, final, pseudonyms=pseudonyms, distance=distance)


def _question_provenance(item: QAItem, final: QARevision, pseudonyms: Pseudonyms) -> dict[str, Any]:
    distance = None
    if item.draft is not None:
        distance = word_edit_distance(words_of(content_from_draft(item.draft.payload)), words_of(final.content))
    return _provenance(item, final, pseudonyms=pseudonyms, distance=distance)


def _provenance(
    subject: Caption | QAItem,
    final: CaptionRevision | QARevision,
    *,
    pseudonyms: Pseudonyms,
    distance: int | None,
) -> dict[str, Any]:
    """editors: who wrote the revisions up to the approved one, in order of first appearance."""
    draft = subject.draft
    upto = sorted((one for one in subject.revisions.all() if one.number <= final.number), key=lambda one: one.number)
    approvals = [one for one in subject.reviews.all() if one.final_revision_id == final.pk]
    return {
        "draft_model": draft.model if draft else None,
        "prompt_version": (draft.prompt_version or None) if draft else None,
        "revisions": len(upto),
        "editors": list(dict.fromkeys(pseudonyms[one.author_id] for one in upto)),
        "approver": pseudonyms[max(approvals, key=lambda one: one.pk).reviewer_id],
        "word_edit_distance": distance,
    }
