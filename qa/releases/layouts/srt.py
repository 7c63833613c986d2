"""The layout `srt`: one SubRip file a clip, its marked sentences as cues.

SubRip has no escapes. So blank lines are left out, every kind of line end is a line feed, and a space is put into what
players would read: `-- >`, `< b>`, `{ \\an8}`.
"""

import re
from pathlib import Path

from qa.releases.frozen import FrozenRelease
from qa.releases.layouts._cues import Cue, clock, write_cue_files
from qa.releases.layouts._shape import ANY_KIND

NAME = "srt"
TITLE = "SubRip captions"
HAS_VIDEOS = True
KINDS = ANY_KIND

_READ_BY_PLAYERS = re.compile(r"(?<=--)(?=>)|(?<=<)(?=[^\W\d_]|[/!?])|(?<=\{)(?=\\)")


def write(source: FrozenRelease, folder: Path) -> None:
    write_cue_files(source, folder, suffix=".srt", render=rendered)


def rendered(cues: list[Cue]) -> str:
    return "\n".join(_block(number, cue) for number, cue in enumerate(cues, start=1))


def _block(number: int, cue: Cue) -> str:
    return f"{number}\n{clock(cue.start_ms, point=',')} --> {clock(cue.end_ms, point=',')}\n{cue_text(cue.text)}\n"


def cue_text(text: str) -> str:
    spaced = _READ_BY_PLAYERS.sub(" ", text)
    return "\n".join(line for line in spaced.splitlines() if line.strip())
