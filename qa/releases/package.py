"""Our own export read back from its folder: every file against the manifest, every clip against the digests.

Nothing here writes, and nothing of the folder is believed: paths stay inside it, values have the documented types, and
what was changed is named.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from annotation.canonical import canonical_json
from annotation.errors import BadInput
from qa.history.records import FILE_NAME
from qa.releases.clip_shapes import problem_of_clip, problem_of_manifest, problem_of_sealed
from qa.releases.content import LETTERS
from qa.releases.files import MARK
from qa.releases.freeze import items_line
from qa.releases.frozen import ERASED, Content
from qa.releases.splits import Split

LAYOUT = "haicbench"
WHOLE = "haicbench.json"
HELD_OUT = "private/held_out.jsonl"
_FIRST, _LAST = b'  "clips": [', b"  ]"


class Package:
    """A folder in the layout `haicbench`. Raises BadInput that names the file, from the first look on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.manifest = self._read_manifest()
        self.withdrawn: dict[str, dict[str, Any]] = {one["clip_id"]: one for one in self.manifest["withdrawn"]}

    def _read_manifest(self) -> dict[str, Any]:
        try:
            manifest = orjson.loads(self._inside(MARK).read_bytes())
        except (OSError, orjson.JSONDecodeError) as error:
            raise BadInput({"folder": f"{MARK} cannot be read: {error}"}) from error
        problem = problem_of_manifest(manifest)
        if problem:
            raise BadInput({"folder": f"{MARK}: {problem}"})
        if manifest["layout"] != LAYOUT:
            raise BadInput({"folder": f"it is in the layout {manifest['layout']}; only {LAYOUT} can be read back"})
        checked: dict[str, Any] = manifest
        return checked

    def _inside(self, name: str) -> Path:
        """Raises BadInput for a path that leads out of the folder, also by a link."""
        path = (self.folder / name).resolve()
        if not path.is_relative_to(self.folder.resolve()):
            raise BadInput({"folder": f"{name[:200]} lies outside of it"})
        return path

    def check(self) -> None:
        """Every file as the manifest names it, and the clips as its digests say. Reads everything once."""
        named = {one["path"] for one in self.manifest["files"]}
        if WHOLE not in named:
            raise BadInput({"folder": f"{MARK} names no {WHOLE}"})
        for one in self.manifest["files"]:
            path = self._inside(one["path"])
            if not path.is_file():
                raise BadInput({"folder": f"{one['path']} is missing"})
            with path.open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != one["sha256"]:
                    raise BadInput({"folder": f"{one['path']} was changed: its sha256 is not that of {MARK}"})
        self._check_digests()

    def _check_digests(self) -> None:
        """`digest` cannot be computed without the words of what was erased; `items_digest` always can."""
        over_lines, over_items = hashlib.sha256(), hashlib.sha256()
        clips = questions = 0
        for clip_id, content, digest in self.items():
            over_lines.update(canonical_json(content) + b"\n")
            over_items.update(items_line(clip_id, digest))
            clips += 1
            questions += len(content.get("qa", ()))
        counts = self.manifest["counts"]
        is_whole = not any(one["erased"] for one in self.withdrawn.values())
        if over_items.hexdigest() != self.manifest["items_digest"]:
            raise BadInput({"folder": f"{WHOLE}: its clips do not give the items_digest of {MARK}"})
        if is_whole and over_lines.hexdigest() != self.manifest["digest"]:
            raise BadInput({"folder": f"{WHOLE}: its clips do not give the digest of {MARK}"})
        if clips != counts["clips"] or (is_whole and questions != counts["questions"]):
            raise BadInput({"folder": f"{WHOLE}: {MARK} counts other clips or questions"})

    def items(self) -> Iterator[tuple[str, Content, str]]:
        """(clip id, content, digest) of all, in clip_id order; of what was erased the digest is left."""
        erased = sorted(name for name, one in self.withdrawn.items() if one["erased"])
        for content in self._contents():
            while erased and erased[0] < content["clip_id"]:
                yield self._erased(erased.pop(0))
            yield content["clip_id"], content, hashlib.sha256(canonical_json(content)).hexdigest()
        for clip_id in erased:
            yield self._erased(clip_id)

    def _erased(self, clip_id: str) -> tuple[str, Content, str]:
        return clip_id, ERASED, self.withdrawn[clip_id]["digest"]

    def _contents(self) -> Iterator[Content]:
        held_out = self._held_out()
        before = ""
        for published in _clips_in(self._inside(WHOLE)):
            is_held_out = published.get("split") == Split.HELD_OUT
            clip = self._opened(published, next(held_out, None)) if is_held_out else published
            _require(problem_of_clip(clip), WHOLE, clip)
            if clip["clip_id"] <= before:
                _require("it is not in its place", WHOLE, clip)
            before = clip["clip_id"]
            yield content_of(clip)
        if next(held_out, None) is not None:
            raise BadInput({"folder": f"{HELD_OUT} has more clips than {WHOLE} keeps back"})

    def _opened(self, sealed: dict[str, Any], whole: dict[str, Any] | None) -> dict[str, Any]:
        _require(problem_of_sealed(sealed), WHOLE, sealed)
        if whole is None or whole.get("clip_id") != sealed.get("clip_id"):
            _require(f"{HELD_OUT} does not have it in its place", WHOLE, sealed)
        return whole or {}

    def _held_out(self) -> Iterator[dict[str, Any]]:
        path = self._inside(HELD_OUT)
        if not self.manifest["counts"]["held_out"]:
            return
        if not path.is_file():
            raise BadInput(
                {"folder": f"{HELD_OUT} is missing: without it the held-out clips have no captions and keys"}
            )
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                yield _parsed(line, f"{HELD_OUT}, line {number}")

    def video_of(self, clip_id: str) -> Path | None:
        path = self._inside(f"videos/{clip_id}.mp4")
        return path if path.is_file() else None

    @property
    def history(self) -> Path | None:
        """Where clips are held out it is kept with what is not to be published."""
        found = (self._inside(name) for name in (FILE_NAME, f"private/{FILE_NAME}"))
        return next((path for path in found if path.is_file()), None)


def _require(problem: str | None, file: str, clip: dict[str, Any]) -> None:
    if problem:
        raise BadInput({"folder": f"{file}: clip {str(clip.get('clip_id'))[:100]}: {problem}"})


def _clips_in(path: Path) -> Iterator[dict[str, Any]]:
    """Clip by clip: the exporter begins each with four spaces and a brace on a line of its own, and ends it so."""
    with path.open("rb") as file:
        for line in file:
            if line.rstrip(b"\n") == _FIRST:
                break
        lines: list[bytes] = []
        for line in file:
            text = line.rstrip(b"\n")
            if text == _LAST:
                return
            lines.append(text)
            if text in (b"    }", b"    },"):
                yield _parsed(b"\n".join(lines).removesuffix(b","), WHOLE)
                lines = []


def _parsed(text: bytes, where: str) -> dict[str, Any]:
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise BadInput({"folder": f"{where}: {error}"}) from error
    if not isinstance(value, dict):
        raise BadInput({"folder": f"{where}: a clip must be an object"})
    return value


def content_of(clip: dict[str, Any]) -> Content:
    """What was frozen, out of what was published: the other way round of `layouts.haicbench.clip_json`."""
    same = ("clip_id", "sha256", "width", "height", "has_audio", "source_id", "source", "source_url", "license")
    return {
        **{name: clip[name] for name in same},
        "duration_ms": _ms(clip["duration_s"]),
        "fps": _text(clip["fps"]),
        "source_start_ms": _ms(clip["source_start_s"]),
        "source_end_ms": _ms(clip["source_end_s"]),
        "may_redistribute": clip["redistribute"],
        "split": clip["split"],
        **({"status": clip["status"]} if "status" in clip else {}),
        "caption": clip["caption"],
        "caption_marked": clip["caption_marked"],
        "timeline": [_part(part) for part in clip["timeline"]],
        "people": clip["people"],
        "qa": [_question(question) for question in clip["qa"]],
        "provenance": clip["provenance"],
        **_comments(clip),
    }


def _question(question: dict[str, Any]) -> dict[str, Any]:
    changed = {"evidence": [_part(part) for part in question["evidence"]], **_comments(question)}
    return {**question, "answer": LETTERS[question["answer_index"]], **changed}


def _comments(value: dict[str, Any]) -> dict[str, Any]:
    if "comments" not in value:
        return {}
    return {
        "comments": [
            {**{name: part for name, part in note.items() if name != "at_s"}, "at_ms": _ms(note["at_s"])}
            for note in value["comments"]
        ]
    }


def _part(part: dict[str, Any]) -> dict[str, Any]:
    return {"start_ms": _ms(part["start_s"]), "text": part["text"]}


def _ms(seconds: int | float | None) -> int | None:
    return None if seconds is None else round(seconds * 1000)


def _text(fps: int | float) -> str:
    return str(fps)
