"""Whether a file stays as it is while it is read. One that grows may have no end."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from annotation.accumulation.limits import Refused

YOUNG_S, WAIT_S = 10.0, 1.0
# What a file that is still being written looks like.
UNFINISHED = {"damaged", "empty_file", "no_video_stream", "not_a_video", "too_short"}


@contextmanager
def unchanged(path: Path) -> Iterator[Callable[[], None]]:
    """Inside, the file must stay as it is. Gives a function that looks; the last look is for the caller to take.

    Raises Refused("still_growing") if it changed. A file that was written to a moment ago and is refused as half a
    video is given a second, to see whether more of it comes: then that is the reason.
    """

    def state() -> tuple[int, int]:
        found = path.stat()
        return found.st_size, found.st_mtime_ns

    def look() -> None:
        if state() != before:
            raise Refused("still_growing", "The file is still being written: it changed while it was read.")

    before = state()
    try:
        yield look
    except Refused as refused:
        if refused.code in UNFINISHED:
            if time.time() - before[1] / 1e9 < YOUNG_S:
                time.sleep(WAIT_S)
            look()
        raise
