"""The layout `dream1k`: a TSV in the columns of DREAM-1K, whose events are the caption's marked sentences.

The clips' folder is the root of the videos, so `video` is a name in it without its ending.
"""

from itertools import chain
from pathlib import Path

import orjson

from qa.releases.frozen import FrozenRelease
from qa.releases.layouts._captions import REQUEST, captioned
from qa.releases.layouts._delimited import delimited_line
from qa.releases.layouts._shape import BENCHMARK, write_lines

NAME = "dream1k"
TITLE = "DREAM-1K captions"
HAS_VIDEOS = True
KINDS = BENCHMARK
COLUMNS = ["index", "video", "question", "answer", "events"]


def write(source: FrozenRelease, folder: Path) -> None:
    rows = (
        [index, content["clip_id"], REQUEST, content["caption"], _events(content["timeline"])]
        for index, content in enumerate(captioned(source))
    )
    lines = (delimited_line(row, delimiter="\t", end="\n") for row in chain([COLUMNS], rows))
    write_lines(folder / "dream1k.tsv", lines)


def _events(timeline: list[dict[str, str]]) -> str | None:
    """None without marks: a judge then finds the events itself, where an empty list would count as all recalled."""
    return orjson.dumps([part["text"] for part in timeline]).decode() if timeline else None
