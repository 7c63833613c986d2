"""The lines of a history and the records in them: their exact keys, and what each value may be.

A line is one object: the clip with its drafts, its caption, each of its questions. The keys are documented in
docs/export-format.md, which a test compares with this module. Whatever a digest covers stands under the name that the
function of `annotation.digests` or `qa.digests` has for it.
"""

from collections.abc import Mapping
from typing import Any

from annotation.states import CAPTION_MOVES, CLIP_MOVES, QA_MOVES, Moves
from qa.categories import Category
from qa.history.shapes import (
    CLIP_ID,
    DIGEST,
    ERASED,
    FLAG,
    LIST,
    NUMBER,
    OBJECT,
    PLACE,
    PSEUDONYM,
    SMALL,
    TEXT,
    TIME,
    UID,
    Shape,
    Shapes,
    list_of,
    one_of,
    or_empty,
    or_null,
    text,
)

SCHEMA_VERSION = 1
FILE_NAME = "history.jsonl"

HEAD, PROMPT, CLIP, CAPTION, QUESTION, TAIL = "haic-history", "prompt", "clip", "caption", "qa_item", "haic-history-end"
"""Of the first line; of an object, the type that its events name; of the last line."""

APPROVE, FIX, RETURN, DROP, UNDO = "approve", "fix", "return", "drop", "undo"

MOVES: Mapping[str, Moves] = {CLIP: CLIP_MOVES, CAPTION: CAPTION_MOVES, QUESTION: QA_MOVES}


def _states(kind: str) -> Shape:
    return one_of(*sorted({str(to) for targets in MOVES[kind].values() for to in targets}))


def _kind(kind: str) -> Shape:
    return one_of(kind)


_EVENT: Shapes = {
    "verb": text(20),
    "from_state": text(20),
    "to_state": text(20),
    "actor": or_null(PSEUDONYM),
    "revision": or_empty(DIGEST),
    "reason": TEXT,
    "created_at": TIME,
    "digest": DIGEST,
}
_FACTS: Shapes = {
    "sha256": DIGEST,
    "original_sha256": DIGEST,
    "duration_ms": NUMBER,
    "width": NUMBER,
    "height": NUMBER,
    "fps": Shape("text", lambda value: isinstance(value, str) and _is_rate(value)),
    "frames": NUMBER,
    "has_audio": FLAG,
    "source": text(500),
    "source_id": text(200),
    "source_url": text(2000),
    "source_start_ms": or_null(NUMBER),
    "source_end_ms": or_null(NUMBER),
    "license": text(200),
    "may_redistribute": FLAG,
    "description": TEXT,
    "subtitles": TEXT,
    "metadata": OBJECT,
    "is_control": FLAG,
}
_JOB: Shapes = {
    "uid": UID,
    "kind": text(40),
    "model": text(200),
    "prompt": text(40),
    "prompt_version": DIGEST,
    "input_digest": text(64),
    "sample": SMALL,
}
_DRAFT: Shapes = {
    "uid": UID,
    "kind": text(40),
    "model": text(200),
    "prompt_version": or_empty(DIGEST),
    "job": or_null(UID),
    "place": SMALL,
    "payload": OBJECT,
    "provenance": OBJECT,
    "created_at": TIME,
    "digest": DIGEST,
}
_REVISION: Shapes = {
    "number": PLACE,
    "parent": or_null(DIGEST),
    "author": PSEUDONYM,
    "kind": one_of("edit", "review_fix", "restore", "import"),
    "payload": OBJECT,
    "draft": or_null(DIGEST),
    "created_at": TIME,
    "digest": DIGEST,
}
_SUBMISSION: Shapes = {
    "submitter": PSEUDONYM,
    "revision": DIGEST,
    "flags": LIST,
    "checks_version": text(20),
    "watched_percent": SMALL,
    "active_ms": NUMBER,
    "created_at": TIME,
    "digest": DIGEST,
}
_ANSWER: Shapes = {
    "user": PSEUDONYM,
    "revision": DIGEST,
    "choice": text(20),
    "had_opened_caption": FLAG,
    "created_at": TIME,
    "digest": DIGEST,
}
_REVIEW: Shapes = {
    "reviewer": PSEUDONYM,
    "judged": DIGEST,
    "final": or_null(DIGEST),
    "verdict": one_of(APPROVE, FIX, RETURN, DROP, UNDO),
    "reason": TEXT,
    "reason_code": text(30),
    "is_adjudication": FLAG,
    "undoes": or_null(DIGEST),
    "created_at": TIME,
    "digest": DIGEST,
}
_COMMENT: Shapes = {
    "parent": or_null(PLACE),
    "author": PSEUDONYM,
    "at_ms": or_null(NUMBER),
    "sentence": TEXT,
    "text": TEXT,
    "created_at": TIME,
    "done_at": or_null(TIME),
    "done_by": or_null(PSEUDONYM),
    "digest": DIGEST,
}
RECORDS: Mapping[str, Shapes] = {
    "facts": _FACTS,
    "job": _JOB,
    "draft": _DRAFT,
    "revision": _REVISION,
    "submission": _SUBMISSION,
    "answer": _ANSWER,
    "review": _REVIEW,
    "comment": _COMMENT,
    "event": _EVENT,
}
TEXTS: Mapping[str, tuple[str, ...]] = {
    "facts": ("source", "source_id", "source_url", "license", "description", "subtitles", "metadata"),
    "draft": ("payload", "provenance"),
    "revision": ("payload",),
    "submission": ("flags",),
    "review": ("reason",),
    "comment": ("sentence", "text"),
    "event": ("reason",),
}
"""What a record of an erased clip lacks; it says `"erased": true` instead."""

_WORK: Shapes = {
    "object": UID,
    "clip_id": CLIP_ID,
    "draft": or_null(DIGEST),
    "head_number": NUMBER,
    "head_digest": or_empty(DIGEST),
    "approved": or_null(PLACE),
    "submitted_at": or_null(TIME),
    "created_at": TIME,
    "revisions": list_of("revision"),
    "submissions": list_of("submission"),
    "reviews": list_of("review"),
    "comments": list_of("comment"),
    "events": list_of("event"),
    "digest": DIGEST,
}
LINES: Mapping[str, Shapes] = {
    HEAD: {
        "kind": _kind(HEAD),
        "schema_version": Shape("integer", lambda value: value is not True and value == SCHEMA_VERSION),
        "project": text(50),
        "release": or_null(text(40)),
        "objects": NUMBER,
        "digest": DIGEST,
    },
    PROMPT: {
        "kind": _kind(PROMPT),
        "name": text(40),
        "version": DIGEST,
        "title": text(120),
        "text": TEXT,
        "digest": DIGEST,
    },
    CLIP: {
        "kind": _kind(CLIP),
        "object": UID,
        "clip_id": CLIP_ID,
        "state": _states(CLIP),
        "created_at": TIME,
        "facts": Shape("object", lambda value: isinstance(value, dict)),
        "jobs": list_of("job"),
        "drafts": list_of("draft"),
        "events": list_of("event"),
        "digest": DIGEST,
    },
    CAPTION: {"kind": _kind(CAPTION), "state": _states(CAPTION), **_WORK},
    QUESTION: {
        "kind": _kind(QUESTION),
        "state": _states(QUESTION),
        "category": one_of(*Category.values),
        "number": PLACE,
        "question_id": text(140),
        "caption_revision": or_null(DIGEST),
        "answers": list_of("answer"),
        **_WORK,
    },
    TAIL: {"kind": _kind(TAIL), "objects": NUMBER, "digest": DIGEST},
}

PARTS: Mapping[str, str] = {
    "jobs": "job",
    "drafts": "draft",
    "revisions": "revision",
    "submissions": "submission",
    "answers": "answer",
    "reviews": "review",
    "comments": "comment",
    "events": "event",
}
"""The lists of a line -> what stands in them."""


def shapes_of(record: str, value: dict[str, Any]) -> Shapes:
    """What the record must consist of: an erased one lacks its texts."""
    shapes = RECORDS[record]
    if "erased" not in value or record not in TEXTS:
        return shapes
    return {key: shape for key, shape in shapes.items() if key not in TEXTS[record]} | {"erased": ERASED}


def _is_rate(value: str) -> bool:
    whole, dot, rest = value.partition(".")
    return value.isascii() and whole.isdigit() and len(whole) <= 4 and dot == "." and rest.isdigit() and len(rest) == 3
