"""Proving a history's file by itself: every digest, every chain, every state. Needs no database. Pure.

What it shows: a character that was changed, a line or a record that is missing, moved or put in, an approval without a
review. What it cannot show: somebody who wrote the whole file anew, digests included; a release's published checksum
does. Texts of an erased clip are gone: their digests are taken as they stand, everything around them is proved.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from qa.categories import ORDER
from qa.history.objects import ClipSoFar, verify_caption, verify_clip, verify_question
from qa.history.reading import OBJECTS, HistoryFileBroken, Line, read_history, require_line_digest
from qa.history.records import CAPTION, CLIP, HEAD, PROMPT, QUESTION, TAIL

__all__ = ["HistoryFileBroken", "Verified", "verify_file"]


@dataclass
class Verified:
    """What holds. counts: records of each kind; erased: records of which only the digest is left.

    project, release: as the head names them; release None for a history beside none. digest: the tail's.
    """

    project: str = ""
    release: str | None = None
    digest: str = ""
    erased: int = 0
    counts: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        said = ", ".join(f"{count} {kind}" for kind, count in sorted(self.counts.items())) or "nothing yet"
        return f"{said}; {self.erased} of these erased" if self.erased else said


def verify_file(path: Path) -> Verified:
    """Raises HistoryFileBroken for the first thing that does not hold; OSError for a file that cannot be read."""
    return verify_lines(read_history(path))


def verify_lines(lines: Iterable[Line]) -> Verified:
    verified = Verified()
    clip: ClipSoFar | None = None
    promised = 0
    prompts: dict[tuple[str, str], Line] = {}
    last: Line | None = None
    for line in lines:
        if line.kind == HEAD:
            verified.project, verified.release = line.value["project"], line.value["release"]
            promised = line.value["objects"]
        elif line.kind == PROMPT:
            _verify_prompt(line, prompts)
        elif line.kind == CLIP:
            _require_after(line, clip.line if clip else None)
            clip = verify_clip(line, verified.counts, prompts=prompts.keys())
            verified.erased += clip.erased
        elif line.kind == TAIL:
            line.require(line.value["objects"] == promised, f"the head promises {promised} objects")
            verified.digest = line.value["digest"]
        elif clip is not None:
            verified.erased += _verify_work(line, clip, last, verified.counts)
        if line.kind != TAIL:
            require_line_digest(line)
        if line.kind in OBJECTS:
            verified.counts["objects"] += 1
        last = line
    return verified


def _verify_work(line: Line, clip: ClipSoFar, last: Line | None, counts: Counter[str]) -> int:
    """How many of its records are erased."""
    line.require(line.value["clip_id"] == clip.line.value["clip_id"], "it is of another clip than the line before")
    if line.kind == CAPTION:
        return verify_caption(line, clip, counts)
    if last is not None and last.kind == QUESTION:
        line.require(_place(last) < _place(line), "the clip's questions are not in order, or one stands twice")
    return verify_question(line, clip, counts)


def _place(line: Line) -> tuple[int, int]:
    return ORDER[line.value["category"]], line.value["number"]


def _require_after(line: Line, before: Line | None) -> None:
    in_order = before is None or before.value["clip_id"] < line.value["clip_id"]
    line.require(in_order, "clips are not in the order of their ids, or one stands twice")


def _verify_prompt(line: Line, prompts: dict[tuple[str, str], Line]) -> None:
    version = hashlib.sha256(line.value["text"].encode()).hexdigest()
    line.require(line.value["version"] == version, "its text is another version")
    key = (line.value["name"], line.value["version"])
    line.require(not prompts or max(prompts) < key, "prompts are not in order, or one stands twice")
    prompts[key] = line
