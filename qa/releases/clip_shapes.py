"""What the parts of an export in the layout `haicbench` must be, so that whoever reads one finds nothing else. Pure."""

import re
from typing import Any

from annotation.states import State
from qa.categories import Category
from qa.history.shapes import (
    CLIP_ID,
    DIGEST,
    FLAG,
    LARGEST,
    NUMBER,
    PLACE,
    TEXT,
    Shape,
    Shapes,
    list_of,
    one_of,
    or_null,
    problem_of,
    text,
)
from qa.models.releases import VERSION_PATTERN
from qa.releases.splits import TRAIN, Split

_TIME = re.compile(r"[1-9]\d{3}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)


def _is_rate(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 10_000


def _is_seconds(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value * 1000 <= LARGEST


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(TEXT.fits(one) for one in value)


def _matched(name: str, pattern: str) -> Shape:
    return Shape(name, lambda value: isinstance(value, str) and re.fullmatch(pattern, value) is not None)


SECONDS = Shape("number", _is_seconds)
TEXTS = Shape("list of text", _is_texts)
MOMENT = _matched("time", _TIME.pattern)
FOUR = Shape("list of 4 texts", lambda value: _is_texts(value) and len(value) == 4)
PLACE_OF_KEY = Shape("integer from 0 to 3", lambda value: NUMBER.fits(value) and value <= 3)
SAID: Shapes = {"author": TEXT, "created_at": MOMENT, "text": TEXT}
PART: Shapes = {"start_s": or_null(SECONDS), "text": TEXT}
PERSON: Shapes = {"key": text(20), "description": TEXT}
NOTE: Shapes = {
    **SAID,
    "at_s": or_null(SECONDS),
    "sentence": TEXT,
    "done": FLAG,
    "replies": list_of("replies"),
}
PROVENANCE: Shapes = {
    "draft_model": or_null(text(200)),
    "prompt_version": or_null(text(64)),
    "revisions": NUMBER,
    "editors": TEXTS,
    "approver": or_null(TEXT),
    "word_edit_distance": or_null(NUMBER),
}
VERDICTS: Shapes = {"approve": NUMBER, "fix": NUMBER, "return": NUMBER}
OVERRIDE: Shapes = {"rule": text(100), "reason": TEXT}
AN_OBJECT = Shape("object", lambda value: isinstance(value, dict))
CLIP: Shapes = {
    "clip_id": CLIP_ID,
    "video": TEXT,
    "sha256": DIGEST,
    "duration_s": SECONDS,
    "width": PLACE,
    "height": PLACE,
    "fps": Shape("number", _is_rate),
    "has_audio": FLAG,
    "source_id": text(200),
    "source": text(500),
    "source_url": text(2000),
    "source_start_s": or_null(SECONDS),
    "source_end_s": or_null(SECONDS),
    "license": text(200),
    "redistribute": FLAG,
    "split": one_of(*map(str, Split), TRAIN),
    "caption": TEXT,
    "caption_marked": TEXT,
    "timeline": list_of("parts"),
    "people": list_of("people"),
    "qa": list_of("questions"),
    "provenance": AN_OBJECT,
}
MAYBE_OF_CLIP: Shapes = {"status": one_of(State.APPROVED.value, State.DRAFTED.value), "comments": list_of("notes")}
QUESTION: Shapes = {
    "id": text(140),
    "category": one_of(*Category.values),
    "question": TEXT,
    "options": FOUR,
    "answer": one_of(*"ABCD"),
    "answer_index": PLACE_OF_KEY,
    "answer_text": TEXT,
    "evidence": list_of("parts"),
    "provenance": AN_OBJECT,
}
MAYBE_OF_QUESTION: Shapes = {
    "blind_answers": AN_OBJECT,
    "overrides": list_of("overrides"),
    "comments": list_of("notes"),
}
_SEALED: dict[str, Any] = {"caption": None, "caption_marked": None, "timeline": [], "people": []}
WITHDRAWN: Shapes = {"clip_id": CLIP_ID, "erased": FLAG, "digest": DIGEST}
FILE: Shapes = {"path": TEXT, "bytes": NUMBER, "sha256": DIGEST}
MANIFEST: Shapes = {
    "name": TEXT,
    "version": _matched("three numbers with dots", VERSION_PATTERN),
    "kind": one_of("benchmark", "train"),
    "layout": TEXT,
    "schema_version": Shape("1", lambda value: value is not True and value == 1),
    "frozen_at": MOMENT,
    "digest": DIGEST,
    "items_digest": DIGEST,
    "notes": text(10_000),
    "salt": text(32),
    "filters": AN_OBJECT,
    "held_out_percent": Shape("integer up to 90", lambda value: NUMBER.fits(value) and value <= 90),
    "counts": AN_OBJECT,
    "key_positions": Shape("list of integers", lambda value: isinstance(value, list) and all(map(NUMBER.fits, value))),
    "overrides": list_of("overrides"),
    "audit": or_null(AN_OBJECT),
    "withdrawn": list_of("clips"),
    "not_redistributed": TEXTS,
    "files": list_of("files"),
}
COUNTS: Shapes = {"clips": NUMBER, "questions": NUMBER, "by_category": AN_OBJECT, "held_out": NUMBER}
MAYBE_OF_COUNTS: Shapes = {"drafted": NUMBER, "excluded": AN_OBJECT}


def problem_of_manifest(value: Any) -> str | None:
    if not isinstance(value, dict):
        return "it must be an object"
    return (
        problem_of(value, MANIFEST)
        or problem_of(value["counts"], _with(COUNTS, MAYBE_OF_COUNTS, value["counts"]))
        or problem_of(value["counts"]["by_category"], dict.fromkeys(Category.values, NUMBER))
        or problem_of(value["filters"], {"categories": TEXTS, "splits": TEXTS})
        or _first(value["withdrawn"], WITHDRAWN)
        or _first(value["files"], FILE)
        or _first(value["overrides"], {"id": text(140), **OVERRIDE})
    )


def problem_of_clip(clip: dict[str, Any]) -> str | None:
    """Of a clip with its caption and keys."""
    return (
        problem_of(clip, _with(CLIP, MAYBE_OF_CLIP, clip))
        or _first(clip["timeline"], PART)
        or _first(clip["people"], PERSON)
        or _problem_of_provenance(clip["provenance"])
        or _problem_of_notes(clip)
        or next(filter(None, map(_problem_of_question, clip["qa"])), None)
    )


def problem_of_sealed(clip: dict[str, Any]) -> str | None:
    """Of a clip as it is published when it is held out."""
    said = {name: clip.get(name) for name in _SEALED}
    if said != _SEALED or any(one.get("answer", "") is not None for one in clip.get("qa", ()) if isinstance(one, dict)):
        return "it is held out and tells its caption or a key"
    return None


def _problem_of_question(question: dict[str, Any]) -> str | None:
    problem = (
        problem_of(question, _with(QUESTION, MAYBE_OF_QUESTION, question))
        or _first(question["evidence"], PART)
        or _problem_of_provenance(question["provenance"])
        or _first(question.get("overrides", ()), OVERRIDE)
        or _problem_of_notes(question)
    )
    if problem is None and "blind_answers" in question:
        problem = problem_of(question["blind_answers"], {"all": NUMBER, "right": NUMBER})
    if problem is None and question["options"][question["answer_index"]] != question["answer_text"]:
        problem = "its answer_text is not the option at answer_index"
    if problem is None and question["answer"] != "ABCD"[question["answer_index"]]:
        problem = "its answer is not the letter of answer_index"
    return f"question {str(question.get('id'))[:140]}: {problem}" if problem else None


def _problem_of_provenance(value: dict[str, Any]) -> str | None:
    problem = problem_of(value, _with(PROVENANCE, {"verdicts": AN_OBJECT}, value))
    return problem or (problem_of(value["verdicts"], VERDICTS) if "verdicts" in value else None)


def _problem_of_notes(value: dict[str, Any]) -> str | None:
    notes = value.get("comments", ())
    return _first(notes, NOTE) or next(filter(None, (_first(note["replies"], SAID) for note in notes)), None)


def _with(shapes: Shapes, maybe: Shapes, value: dict[str, Any]) -> Shapes:
    return {**shapes, **{name: shape for name, shape in maybe.items() if name in value}}


def _first(records: Any, shapes: Shapes) -> str | None:
    return next(filter(None, (problem_of(one, shapes) for one in records)), None)
