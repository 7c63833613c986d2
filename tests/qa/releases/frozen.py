"""Releases made from contents that a test writes out, past the gate: for what layouts do with them."""

from hashlib import sha256
from typing import Any

from django.core.files.base import ContentFile
from django.utils import timezone

from annotation.canonical import canonical_json
from annotation.models import Project
from qa.categories import Category
from qa.models import Release
from qa.releases.freeze import copy_items
from tests.factories import ClipFactory

OPTIONS = ["He waves", "A man waves", "He sits down", "She jumps"]
PROVENANCE = {
    "draft_model": None,
    "prompt_version": None,
    "revisions": 1,
    "editors": ["p1"],
    "approver": "p2",
    "verdicts": {"approve": 1, "fix": 0, "return": 0},
    "word_edit_distance": None,
}


def question(
    question_id: str,
    *,
    category: str = "action_details",
    text: str = "What does he do?",
    options: list[str] = OPTIONS,
    key: int = 0,
) -> dict[str, Any]:
    return {
        "id": question_id,
        "category": category,
        "question": text,
        "options": options,
        "answer": "ABCD"[key],
        "answer_index": key,
        "answer_text": options[key],
        "evidence": [],
        "blind_answers": {"all": 1, "right": 1},
        "provenance": PROVENANCE,
    }


def clip(clip_id: str, *questions: dict[str, Any], caption: str = "A man waves.", **facts: Any) -> dict[str, Any]:
    return {
        "clip_id": clip_id,
        "sha256": "1" * 64,
        "duration_ms": 2000,
        "width": 320,
        "height": 240,
        "fps": "25",
        "has_audio": False,
        "source_id": "",
        "source": "",
        "source_url": "",
        "source_start_ms": None,
        "source_end_ms": None,
        "license": "CC-BY-4.0",
        "may_redistribute": True,
        "split": "test",
        "caption": caption,
        "caption_marked": caption,
        "timeline": [],
        "people": [],
        "qa": list(questions),
        "provenance": PROVENANCE,
        **facts,
    }


def release_of(project: Project, *contents: dict[str, Any], video: bytes | None = None) -> Release:
    """video: the file of every clip; a few bytes that nothing plays where it is None."""
    release = Release.objects.create(
        project=project,
        version="1.0.0",
        counts={
            "clips": len(contents),
            "questions": sum(len(content["qa"]) for content in contents),
            "by_category": dict.fromkeys(Category.values, 0),
            "held_out": sum(content["split"] == "held_out" for content in contents),
        },
        key_positions=[0, 0, 0, 0],
        filters={"categories": [], "splits": []},
        frozen_at=timezone.now(),
        digest="0" * 64,
        items_digest="0" * 64,
    )
    rows = []
    for content in contents:
        files = {"video": ContentFile(video, name="video.mp4")} if video else {}
        row = ClipFactory.create(
            project=project,
            clip_id=content["clip_id"],
            may_redistribute=content["may_redistribute"],
            **files,
        )
        line = canonical_json(content)
        rows.append((row.pk, content["clip_id"], line, sha256(line).hexdigest()))
    copy_items(release.pk, rows)
    return release
