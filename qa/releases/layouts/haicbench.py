"""The layout `haicbench`: haicbench.json and haicbench.jsonl (one question a line).

Keys, order and types are documented in docs/export-format.md, which a test compares with this module.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from qa.categories import Category
from qa.releases.content import seconds_utc
from qa.releases.frozen import Content, FrozenRelease
from qa.releases.layouts._shape import ANY_KIND, flat_question, json_line, pretty_json, seconds, video_path

NAME = "haicbench"
TITLE = "HAICBench JSON"
HAS_VIDEOS = True
KINDS = ANY_KIND
SCHEMA_VERSION = 1
FILES = ["haicbench.json", "haicbench.jsonl"]
BUFFER = 1 << 20


def write(source: FrozenRelease, folder: Path) -> None:
    """Both files in one reading."""
    with (folder / FILES[0]).open("wb", BUFFER) as whole, (folder / FILES[1]).open("wb", BUFFER) as flat:
        whole.writelines(json_pieces(source, flat.writelines))


def text_files(source: FrozenRelease) -> dict[str, Iterator[bytes]]:
    """File name -> its bytes in pieces, so that no export is held in memory."""
    return dict(zip(FILES, (json_pieces(source), jsonl_pieces(source)), strict=True))


def json_pieces(source: FrozenRelease, also: Any = None) -> Iterator[bytes]:
    """also: called with the lines of each clip's questions, for who writes them in the same reading."""
    yield pretty_json(_head(source)).removesuffix(b"\n}") + b',\n  "clips": ['
    separator = b"\n    "
    for content in source.clips():
        yield separator + pretty_json(clip_json(content)).replace(b"\n", b"\n    ")
        separator = b",\n    "
        if also:
            also(_lines(content))
    yield (b"\n  ]" if separator.startswith(b",") else b"]") + b"\n}\n"


def jsonl_pieces(source: FrozenRelease) -> Iterator[bytes]:
    for content in source.clips():
        yield from _lines(content)


def _lines(content: Content) -> list[bytes]:
    return [json_line(flat_question(content, question)) for question in content["qa"]]


def _head(source: FrozenRelease) -> dict[str, Any]:
    release = source.release
    return {
        "name": release.project.name,
        "version": release.version,
        "kind": release.kind,
        "schema_version": SCHEMA_VERSION,
        "frozen_at": seconds_utc(release.frozen_at),
        "digest": release.digest,
        "items_digest": release.items_digest,
        "categories": list(Category.values),
        "withdrawn": withdrawn_json(source),
    }


def withdrawn_json(source: FrozenRelease) -> list[dict[str, Any]]:
    return [
        {"clip_id": one.clip_id, "erased": one.is_erased, "digest": one.digest} for one in source.withdrawn.values()
    ]


def clip_json(content: Content) -> dict[str, Any]:
    """A clip as it is published: seconds instead of milliseconds, keys in the documented order."""
    return {
        "clip_id": content["clip_id"],
        "video": video_path(content),
        "sha256": content["sha256"],
        "duration_s": seconds(content["duration_ms"]),
        "width": content["width"],
        "height": content["height"],
        "fps": _number(content["fps"]),
        "has_audio": content["has_audio"],
        "source_id": content["source_id"],
        "source": content["source"],
        "source_url": content["source_url"],
        "source_start_s": seconds(content["source_start_ms"]),
        "source_end_s": seconds(content["source_end_ms"]),
        "license": content["license"],
        "redistribute": content["may_redistribute"],
        "split": content["split"],
        **({"status": content["status"]} if "status" in content else {}),
        "caption": content["caption"],
        "caption_marked": content["caption_marked"],
        "timeline": [_part(part) for part in content["timeline"]],
        "people": [{"key": one["key"], "description": one["description"]} for one in content["people"]],
        "qa": [question_json(question) for question in content["qa"]],
        "provenance": _provenance(content["provenance"]),
        **_comments(content),
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
        **_counted(question, "blind_answers", ("all", "right")),
        "provenance": _provenance(question["provenance"]),
        **_overrides(question),
        **_comments(question),
    }


def _provenance(value: dict[str, Any]) -> dict[str, Any]:
    """jsonb does not keep the order of keys: say it again. `verdicts` is absent from what was frozen before it."""
    return {
        **{name: value[name] for name in ("draft_model", "prompt_version", "revisions", "editors", "approver")},
        **_counted(value, "verdicts", ("approve", "fix", "return")),
        "word_edit_distance": value["word_edit_distance"],
    }


def _counted(value: dict[str, Any], name: str, parts: tuple[str, ...]) -> dict[str, Any]:
    return {name: {part: value[name][part] for part in parts}} if name in value else {}


def _overrides(question: dict[str, Any]) -> dict[str, Any]:
    given = question.get("overrides")
    return {"overrides": [{"rule": one["rule"], "reason": one["reason"]} for one in given]} if given else {}


def _comments(content: dict[str, Any]) -> dict[str, Any]:
    """No key where a caption or question has no notes, as in every release that was frozen before they were kept."""
    if "comments" not in content:
        return {}
    threads = [
        {
            **_said(note),
            "at_s": seconds(note["at_ms"]),
            "sentence": note["sentence"],
            "done": note["done"],
            "replies": [_said(reply) for reply in note["replies"]],
        }
        for note in content["comments"]
    ]
    return {"comments": threads}


def _said(note: dict[str, Any]) -> dict[str, Any]:
    return {name: note[name] for name in ("author", "created_at", "text")}


def _part(part: dict[str, Any]) -> dict[str, Any]:
    return {"start_s": seconds(part["start_ms"]), "text": part["text"]}


def _number(text: str) -> int | float:
    return float(text) if "." in text else int(text)
