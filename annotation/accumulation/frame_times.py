"""When each frame of a served copy is shown. Its packets are read and nothing is decoded."""

from dataclasses import dataclass
from pathlib import Path

from annotation.accumulation.probe import opened, video_stream_of


@dataclass(frozen=True)
class FrameTimes:
    """pts: the start of each frame in the order of showing, in ticks; timescale: ticks in a second."""

    timescale: int
    pts: list[int]


NOT_KNOWN = FrameTimes(timescale=1, pts=[])


def frame_times(path: Path) -> FrameTimes:
    """Of an MP4, as a player shows it: what its edit list leaves out is left out.

    Raises Refused for a file without video, av.error.FFmpegError for one that cannot be read.
    """
    with opened(path, "mov") as container:
        video = video_stream_of(container)
        tick = video.time_base
        shown = (packet for packet in container.demux(video) if packet.pts is not None and not packet.is_discard)
        pts = sorted(packet.pts * tick.numerator for packet in shown)
    return FrameTimes(timescale=tick.denominator, pts=pts)
