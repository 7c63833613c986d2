"""The layout `webvtt`: one file a clip, its marked sentences as cues. Every text comes back as it was."""

import re
from pathlib import Path

from qa.releases.frozen import FrozenRelease
from qa.releases.layouts._cues import Cue, clock, write_cue_files
from qa.releases.layouts._shape import ANY_KIND

NAME = "webvtt"
TITLE = "WebVTT captions"
HAS_VIDEOS = True
KINDS = ANY_KIND

_REFERENCES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_END_OF_BLANK_LINE = re.compile(r"^([^\S\n]*)\n", re.MULTILINE)


def write(source: FrozenRelease, folder: Path) -> None:
    write_cue_files(source, folder, suffix=".vtt", render=rendered)


def rendered(cues: list[Cue]) -> str:
    return "\n".join(["WEBVTT\n", *(_block(cue) for cue in cues)])


def _block(cue: Cue) -> str:
    return f"{clock(cue.start_ms, point='.')} --> {clock(cue.end_ms, point='.')}\n{cue_text(cue.text)}\n"


def cue_text(text: str) -> str:
    """With character references for what the format reads: tags, `-->`, CR, and the line end of a blank line."""
    return _END_OF_BLANK_LINE.sub(r"\1&#10;", text.translate(_REFERENCES))
