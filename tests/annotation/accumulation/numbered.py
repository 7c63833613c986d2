"""Films whose every frame bears its number in black and white blocks, to be read back after any coding."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.frame import VideoFrame

from annotation.accumulation.containers import demuxer_of
from annotation.accumulation.frames import FrameClock
from annotation.accumulation.probe import opened, video_stream_of
from tests.annotation.accumulation.video_factory import Video, make_video

BLOCK = 16
COLUMNS, ROWS = 4, 3  # of 64 x 48 pixels: numbers up to 4,095

MILLISECONDS = Fraction(1, 1000)
UNEVEN = [number * 40 + 7 * (number % 3) + 400 * (number > 70) + 100 for number in range(150)]
OPEN_GROUPS = "open-gop=1:bframes=3:b-adapt=0:keyint=25:scenecut=0"
FILMS: dict[str, tuple[str, Video]] = {
    "mp4": ("x.mp4", Video(sound="aac")),
    "mp4 with frames out of order": ("x.mp4", Video(b_frames=True, sound="aac")),
    "mp4 with open groups": ("x.mp4", Video(x264=OPEN_GROUPS)),
    "mp4 in fragments": ("x.mp4", Video(fast_start=False, options={"movflags": "frag_keyframe+empty_moov"})),
    "mp4 with one key frame": ("x.mp4", Video(b_frames=True, gop=250)),
    "hevc": ("x.mp4", Video(codec="libx265", sound="aac")),
    "first frame after zero": ("x.mp4", Video(b_frames=True, options={"use_editlist": "0"})),
    "uneven mp4": ("x.mp4", Video(b_frames=True, times=UNEVEN, tick=MILLISECONDS)),
    "uneven mkv": ("x.mkv", Video(times=UNEVEN, tick=MILLISECONDS, sound="libopus", sound_s=6.0)),
    "mkv": ("x.mkv", Video(b_frames=True, sound="aac")),
    "mkv that starts late": ("x.mkv", Video(b_frames=True, first=30, sound="aac", sound_s=7.2)),
    "mkv at 29.97": ("x.mkv", Video(b_frames=True, fps=Fraction(30000, 1001))),
    "mkv without a list of its key frames": ("x.mkv", Video(b_frames=True, options={"live": "1"})),
    "webm": ("x.webm", Video(codec="libvpx-vp9", sound="libopus")),
    "vp8, with frames that are not shown": ("x.webm", Video(codec="libvpx")),
    "transport stream": ("x.ts", Video(b_frames=True, sound="aac")),
    "transport stream with open groups": ("x.ts", Video(x264=OPEN_GROUPS)),
    "mpeg-2": ("x.mpg", Video(codec="mpeg2video", sound="mp2")),
    "avi": ("x.avi", Video(codec="mpeg4", sound="libmp3lame")),
    "avi with frames out of order": ("x.avi", Video(b_frames=True)),
    "avi with open groups": ("x.avi", Video(x264=OPEN_GROUPS)),
    "mkv with flac": ("x.mkv", Video(codec="ffv1", sound="flac")),
    "mov with plain sound": ("x.mov", Video(codec="mjpeg", pixel_format="yuvj420p", sound="pcm_s16le")),
}


@dataclass(frozen=True)
class Film:
    """A file and, as its decoder gives them from the first to the last, when each frame begins: seconds after the
    first. The last entry is when the last frame ends."""

    path: Path
    times: list[Fraction]

    @property
    def frames(self) -> int:
        return len(self.times) - 1

    def stretch(self, start: int, end: int) -> dict[str, Any]:
        """The arguments that say to `cut` which frames are wanted."""
        start_ms, end_ms = round(self.times[start] * 1000), round(self.times[end] * 1000)
        return {"start_frame": start, "end_frame": end, "start_ms": start_ms, "end_ms": end_ms}


FilmNamed = Callable[[str], Film]
"""Makes one of FILMS, 150 frames long with a click after 4.6 s."""


def make_film(path: Path, video: Video) -> Film:
    return film_of(make_video(path, video, paint=numbered))


def film_of(path: Path) -> Film:
    demuxer = demuxer_of(path)
    assert demuxer is not None
    with opened(path, demuxer) as container:
        video = video_stream_of(container)
        clock, times, end = FrameClock(video, demuxer), [], 0
        for packet in container.demux(video):
            clock.expect(packet)
            for frame in packet.decode():
                times.append(clock.time_of(frame))
                end = times[-1] + clock.length_of(frame)
        return Film(path, [(time - times[0]) * clock.tick for time in [*times, end]])


def numbered(number: int) -> VideoFrame:
    bits = [(number >> place) & 1 for place in range(COLUMNS * ROWS)]
    blocks = np.array(bits, np.uint8).reshape(ROWS, COLUMNS) * 200 + 20
    return VideoFrame.from_ndarray(np.kron(blocks, np.ones((BLOCK, BLOCK), np.uint8)), format="gray")


def numbers(path: Path, *, quarters: int = 0) -> list[int]:
    """The number of each frame, after it was turned back by `quarters` of a circle."""
    with av.open(str(path)) as container:
        return [_number_of(np.rot90(_grey(frame), quarters)) for frame in container.decode(video=0)]


def _grey(frame: Any) -> Any:
    return frame.to_ndarray(format="gray")


def _number_of(picture: Any) -> int:
    height, width = picture.shape
    middles = itertools.product(range(ROWS), range(COLUMNS))
    bits = [
        int(picture[(2 * row + 1) * height // (2 * ROWS), (2 * column + 1) * width // (2 * COLUMNS)]) > 120
        for row, column in middles
    ]
    return sum(bit << place for place, bit in enumerate(bits))
