"""The layout `haicbench`: haicbench.json, haicbench.jsonl (one question a line), manifest.json, videos.

Keys, order and types are documented in docs/export-format.md, which a test compares with this module.
"""

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from typing import Any

from qa.categories import Category
from qa.models import Release, ReleaseItem
from qa.releases.files import copy_or_link

NAME = "haicbench"
SCHEMA_VERSION = 1
CHUNK = 200


def write(release: Release, folder: Path) -> None:
    for name, lines in text_files(release).items():
        with (folder / name).open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(lines)
    missing = _copy_videos(release, folder)
    manifest = _manifest(release, folder, missing)
    (folder / "manifest.json").write_text(_json(manifest) + "\n", encoding="utf-8", newline="\n")


def text_files(release: Release) -> dict[str, Iterator[str]]:
    """File name -> its text in pieces, so that no export is held in memory."""
    return {"haicbench.json": json_pieces(release), "haicbench.jsonl": jsonl_pieces(release)}


def json_pieces(release: Release) -> Iterator[str]:
    head = {
        "name": release.project.name,
        "version": release.version,
        "schema_version": SCHEMA_VERSION,
        "frozen_at": release.frozen_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "digest": release.digest,
        "categories": list(Category.values),
    }
    yield _json(head).removesuffix("\n}") + ',\n  "clips": ['
    separator = "\n"
    for content in _contents(release):
        yield separator + _indented(_json(clip_json(content)))
        separator = ",\n"
    yield ("\n  ]" if separator != "\n" else "]") + "\n}\n"


def jsonl_pieces(release: Release) -> Iterator[str]:
    for content in _contents(release):
        for question in content["qa"]:
            yield json.dumps(flat_question(content, question), ensure_ascii=False) + "\n"


def clip_json(content: dict[str, Any]) -> dict[str, Any]:
    """A clip as it is published: seconds instead of milliseconds, keys in the documented order."""
    return {
        "clip_id": content["clip_id"],
        "video": f"videos/{content['clip_id']}.mp4",
        "sha256": content["sha256"],
        "duration_s": _seconds(content["duration_ms"]),
        "width": content["width"],
        "height": content["height"],
        "fps": _number(content["fps"]),
        "has_audio": content["has_audio"],
        "source_id": content["source_id"],
        "source": content["source"],
        "source_url": content["source_url"],
        "source_start_s": _seconds(content["source_start_ms"]),
        "source_end_s": _seconds(content["source_end_ms"]),
        "license": content["license"],
        "split": content["split"],
        "caption": content["caption"],
        "caption_marked": content["caption_marked"],
        "timeline": [_part(part) for part in content["timeline"]],
        "people": [{"key": one["key"], "description": one["description"]} for one in content["people"]],
        "qa": [question_json(question) for question in content["qa"]],
        "provenance": _provenance(content["provenance"]),
    }


def question_json(question: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": question["id"],
        "category": question["category"],
        "question": question["question"],
        "options": question["options"],
        "answer": question["answer"],
        "answer_index": question["answer_index"],
        "answer_text": question["answer_text"],
        "evidence": [_part(part) for part in question["evidence"]],
        "provenance": _provenance(question["provenance"]),
    }


def flat_question(content: dict[str, Any], question: dict[str, Any]) -> dict[str, Any]:
    """One question with the columns that evaluation harnesses read, each under every name that they use for it."""
    return {
        "id": question["id"],
        "video_id": content["clip_id"],
        "video": f"videos/{content['clip_id']}.mp4",
        "category": question["category"],
        "question": question["question"],
        "options": question["options"],
        "answer": question["answer"],
        "answer_index": question["answer_index"],
        "answer_text": question["answer_text"],
        "caption": content["caption"],
        "duration": _seconds(content["duration_ms"]),
        "candidates": question["options"],
        "videoID": content["clip_id"],
        "video_name": content["clip_id"],
        "question_id": question["id"],
        "answer_id": question["answer_index"],
        "task_type": question["category"],
    }


def _provenance(value: dict[str, Any]) -> dict[str, Any]:
    """jsonb does not keep the order of keys: say it again."""
    names = ("draft_model", "prompt_version", "revisions", "editors", "approver", "word_edit_distance")
    return {name: value[name] for name in names}


def _part(part: dict[str, Any]) -> dict[str, Any]:
    return {"start_s": _seconds(part["start_ms"]), "text": part["text"]}


def _contents(release: Release) -> Iterator[dict[str, Any]]:
    items = ReleaseItem.objects.filter(release=release).order_by("pk")
    for item in items.iterator(chunk_size=CHUNK):
        yield item.content


def _copy_videos(release: Release, folder: Path) -> list[str]:
    """The ids of clips whose video may not be redistributed."""
    videos = folder / "videos"
    videos.mkdir()
    missing = []
    items = ReleaseItem.objects.filter(release=release).select_related("clip").order_by("pk")
    for item in items.iterator(chunk_size=CHUNK):
        if item.content["may_redistribute"]:
            target = videos / f"{item.clip_id_text}.mp4"
            copy_or_link(str(item.clip.video.name), target, sha256=item.clip.sha256)
        else:
            missing.append(item.clip_id_text)
    return missing


def _manifest(release: Release, folder: Path, missing: list[str]) -> dict[str, Any]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        "name": release.project.name,
        "version": release.version,
        "layout": NAME,
        "digest": release.digest,
        "counts": {
            "clips": release.counts["clips"],
            "questions": release.counts["questions"],
            "by_category": {name: release.counts["by_category"][name] for name in Category.values},
        },
        "not_redistributed": missing,
        "files": [
            {"path": path.relative_to(folder).as_posix(), "bytes": path.stat().st_size, "sha256": _sha256(path)}
            for path in files
        ],
    }


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.split("\n"))


def _seconds(ms: int | None) -> int | float | None:
    """7,667 ms is 7.667, 30,000 ms is 30: at most three decimals, none where there are none."""
    if ms is None:
        return None
    return ms // 1000 if ms % 1000 == 0 else ms / 1000


def _number(text: str) -> int | float:
    return float(text) if "." in text else int(text)
