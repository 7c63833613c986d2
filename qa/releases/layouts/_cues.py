"""Captions as cues over their clip, one file a clip.

A segment lasts from its mark to the next later one, or to the clip's end; what stands before the first mark lasts from
0. Cues stand in order of time; segments with the same mark are shown together. A mark at the end or later lasts 1 s.
"""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from annotation.caption_format import segments
from qa.releases.frozen import Content, FrozenRelease
from qa.releases.layouts._captions import captioned

FOLDER = "captions"
_PAST_THE_END_MS = 1000


class Cue(NamedTuple):
    start_ms: int
    end_ms: int
    text: str


def cues_of(content: Content) -> list[Cue]:
    parts = sorted(((part.start_ms or 0, part.text) for part in segments(content["caption_marked"])), key=_start)
    starts = sorted({start for start, _ in parts})
    following = dict(pairwise(starts))
    duration: int = content["duration_ms"]
    cues = []
    for start, text in parts:
        end = following.get(start, duration)
        cues.append(Cue(start, end if end > start else start + _PAST_THE_END_MS, text))
    return cues


def write_cue_files(source: FrozenRelease, folder: Path, *, suffix: str, render: Callable[[list[Cue]], str]) -> None:
    """`captions/<clip_id><suffix>` for each clip with a published caption."""
    (folder / FOLDER).mkdir()
    for content in captioned(source):
        path = folder / FOLDER / f"{content['clip_id']}{suffix}"
        path.write_bytes(render(cues_of(content)).encode())


def clock(ms: int, *, point: str) -> str:
    """83,450 ms is `00:01:23.450`."""
    seconds, rest = divmod(ms, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{point}{rest:03d}"


def _start(part: tuple[int, str]) -> int:
    return part[0]
