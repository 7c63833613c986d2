"""What is in a video file, found out without trusting it.

The order is the point: the size and the first bytes are looked at before any decoder sees the file, the container's
claims are held against the limits before anything is decoded, and then everything is decoded once, because a cut or
damaged file often opens and plays without complaint.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.error
from av.stream import Disposition

from annotation.accumulation.containers import Demuxer, demuxer_of, is_cut
from annotation.errors import DomainError

DECODER_THREADS = 2
# What the demuxers are called inside; `formats` of an opened file hold several names each.
JITTER = Fraction(5, 2000)
HEADER_TOLERANCE = Fraction(1, 100)


class Refused(DomainError):
    """A file that is not taken in. `code` is for programs, the text is one sentence for the person who sent it."""

    def __init__(self, code: str, message: str, **detail: Any) -> None:
        super().__init__(message, **detail)
        self.code = code


@dataclass(frozen=True)
class Limits:
    """What is taken in at most. `max_pixels` is width times height of one picture as it is shown."""

    max_bytes: int = 2 * 1024**3
    max_pixels: int = 4096 * 2304
    max_frames: int = 216_000
    max_duration_ms: int = 60 * 60 * 1000
    max_streams: int = 16


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True)
class Probe:
    """A whole, decodable video.

    width, height: pixels as shown, that is after rotation and with square pixels. rotation: clockwise degrees that the
    file asks the player for (0, 90, 180 or 270). fps: the average. frames: counted by decoding. duration_ms: of the
    video stream, from the start of its first frame to the end of its last. longest_gop_ms: the longest stretch from one
    key frame to the next or to the end.
    """

    container: str
    video_codec: str
    pixel_format: str
    width: int
    height: int
    rotation: int
    fps: Fraction
    frames: int
    duration_ms: int
    has_audio: bool
    audio_codec: str | None
    variable_frame_rate: bool
    longest_gop_ms: int


# The display matrix (a, b, c, d) of a file: clockwise degrees, and the filters that do to the pixels what it asks for.
UPRIGHT = (1, 0, 0, 1)
ORIENTATIONS: dict[tuple[int, ...], tuple[int, tuple[tuple[str, str], ...]]] = {
    UPRIGHT: (0, ()),
    (0, 1, -1, 0): (90, (("transpose", "clock"),)),
    (-1, 0, 0, -1): (180, (("hflip", ""), ("vflip", ""))),
    (0, -1, 1, 0): (270, (("transpose", "cclock"),)),
    (-1, 0, 0, 1): (0, (("hflip", ""),)),
    (1, 0, 0, -1): (180, (("vflip", ""),)),
    (0, 1, 1, 0): (90, (("transpose", "cclock_flip"),)),
    (0, -1, -1, 0): (270, (("transpose", "clock_flip"),)),
}


@dataclass(frozen=True)
class Reading:
    """A probe and what the making of a served copy has to know besides.

    start: time of the first frame in seconds, on the file's clock. reach: the longest time from a key frame to the last
    frame that needs it, in seconds. steady: every frame had the same size and format. trimmed: the file asks for some of
    its frames not to be shown. streams: all that is in the container, as (kind, codec). tags: its metadata.
    """

    probe: Probe
    demuxer: Demuxer
    start: Fraction
    reach: Fraction
    orientation: tuple[int, ...]
    square_pixels: bool
    steady: bool
    trimmed: bool
    streams: tuple[tuple[str, str], ...]
    tags: frozenset[tuple[str, str]]


def probe(path: Path, *, limits: Limits = DEFAULT_LIMITS) -> Probe:
    """Look through a whole file. Raises Refused if it is no video, not whole, or over a limit."""
    return read(path, limits=limits).probe


def read(path: Path, *, limits: Limits = DEFAULT_LIMITS) -> Reading:
    """As `probe`, with the details. Reads the file once from end to end and keeps no more than a few frames of it."""
    demuxer = _accepted_container(path, limits)
    try:
        with opened(path, demuxer) as container:
            _check_claims(container, limits)
            return _decode_all(container, demuxer, limits)
    except av.error.MemoryError:
        raise
    except av.error.FFmpegError as error:
        raise Refused("damaged", f"The video is damaged: {error.strerror or 'it cannot be decoded'}.") from error


def _accepted_container(path: Path, limits: Limits) -> Demuxer:
    size = path.stat().st_size
    if size == 0:
        raise Refused("empty_file", "The file is empty.")
    if size > limits.max_bytes:
        raise Refused("too_large", f"The file has {size:,} bytes; at most {limits.max_bytes:,} are accepted.")
    demuxer = demuxer_of(path)
    if demuxer is None:
        raise Refused("not_a_video", "The file is no video: MP4, MOV, WebM, MKV, AVI and MPEG files are accepted.")
    if is_cut(path, demuxer):
        raise Refused("damaged", "The file is cut short: it says that it is longer than it is.")
    return demuxer


@contextmanager
def opened(path: Path, demuxer: Demuxer) -> Iterator[Any]:
    """The file in the demuxer that its first bytes call for, which may open no other file and no connection."""
    options = {"protocol_whitelist": "file", "format_whitelist": demuxer}
    with closing(av.open(f"file:{path.resolve()}", format=demuxer, options=options)) as container:
        yield container


def video_stream_of(container: Any) -> Any:
    """The first stream of moving pictures; a cover picture is none. Raises Refused if there is none."""
    for stream in container.streams.video:
        if not stream.disposition & Disposition.attached_pic:
            return _with_decoder(stream)
    raise Refused("no_video_stream", "The file holds no video, only sound or pictures.")


def audio_stream_of(container: Any) -> Any | None:
    """The first sound track, or None. Raises Refused if there is sound and it cannot be decoded."""
    tracks = container.streams.audio
    decodable = [track for track in tracks if track.codec_context is not None]
    return _with_decoder((decodable or tracks)[0]) if tracks else None


def _with_decoder(stream: Any) -> Any:
    if stream.codec_context is None:
        raise Refused("unknown_codec", f"The {stream.type} is in a coding that is not known here.")
    # Errors are to be errors: without this a decoder paints over what it cannot read.
    stream.codec_context.options = {"err_detect": "explode"}
    stream.codec_context.thread_count = DECODER_THREADS
    stream.codec_context.thread_type = "AUTO"
    return stream


def _check_claims(container: Any, limits: Limits) -> None:
    """Hold what the container says against the limits, before a frame is decoded."""
    count = len(container.streams)
    if count > limits.max_streams:
        raise Refused("too_many_streams", f"The file holds {count} streams; at most {limits.max_streams} are accepted.")
    video = video_stream_of(container)
    width, height = shown_size(video)
    if not width or not height:
        raise Refused("damaged", "The file does not say how large its pictures are.")
    check_pixels(width, height, limits)
    if video.frames > limits.max_frames:
        raise too_many_frames(video.frames, limits)
    if video.duration is not None and video.time_base:
        duration = video.duration * video.time_base
    else:
        duration = Fraction(container.duration or 0, av.time_base)
    check_duration(duration, limits)


def check_pixels(width: int, height: int, limits: Limits) -> None:
    if width * height > limits.max_pixels:
        text = f"The pictures have {width} x {height} pixels; at most {limits.max_pixels:,} in all are accepted."
        raise Refused("too_many_pixels", text)


def check_duration(seconds: Fraction, limits: Limits) -> None:
    if seconds * 1000 > limits.max_duration_ms:
        text = f"The video is {float(seconds):.1f} s long; at most {limits.max_duration_ms / 1000:.1f} s are accepted."
        raise Refused("too_long", text)


def too_many_frames(count: int, limits: Limits) -> Refused:
    return Refused(
        "too_many_frames", f"The video has {count:,} frames or more; at most {limits.max_frames:,} are accepted."
    )


def shown_size(video: Any) -> tuple[int, int]:
    """Width and height with square pixels, before rotation: the shorter of the two ways to stretch is not taken, so
    that no pixel is thrown away."""
    aspect = video.sample_aspect_ratio or Fraction(1)
    if aspect > 1:
        return round(video.width * aspect), video.height
    return video.width, round(video.height / aspect) if aspect > 0 else video.height


class FrameClock:
    """Times of frames in ticks of their stream: always rising, also where a file gives none or the same one twice."""

    def __init__(self, video: Any) -> None:
        rate = video.average_rate or video.guessed_rate or 25
        self.tick: Fraction = video.time_base
        self.step = max(1, round(1 / (rate * self.tick)))
        self.last: int | None = None

    def time_of(self, frame: Any) -> int:
        ticks: int | None = frame.pts if frame.pts is not None else frame.dts
        if ticks is None:
            ticks = 0 if self.last is None else self.last + self.step
        if self.last is not None and ticks <= self.last:
            ticks = self.last + 1
        self.last = ticks
        return ticks

    def length_of(self, frame: Any) -> int:
        return int(frame.duration) or self.step


@dataclass
class _Tally:
    """What is seen of the frames while they go by."""

    clock: FrameClock
    limits: Limits
    frames: int = 0
    first: int = 0
    end: int = 0
    steps: tuple[int, int] | None = None
    looks: set[tuple[int, int, str]] = field(default_factory=set)
    orientation: tuple[int, ...] = UPRIGHT

    def add(self, frame: Any) -> None:
        if frame.is_corrupt:
            raise Refused("damaged", f"The video is damaged: frame {self.frames + 1} cannot be decoded whole.")
        before = self.clock.last
        now = self.clock.time_of(frame)
        if before is None:
            self.first, self.orientation = now, _orientation_of(frame)
        else:
            low, high = self.steps or (now - before, now - before)
            self.steps = min(low, now - before), max(high, now - before)
        self.end = now + self.clock.length_of(frame)
        self.frames += 1
        if len(self.looks) < 2:
            self.looks.add((frame.width, frame.height, frame.format.name))
            check_pixels(frame.width, frame.height, self.limits)
        if self.frames > self.limits.max_frames:
            raise too_many_frames(self.frames, self.limits)
        check_duration((self.end - self.first) * self.clock.tick, self.limits)

    @property
    def is_uneven(self) -> bool:
        return self.steps is not None and (self.steps[1] - self.steps[0]) * self.clock.tick > JITTER


@dataclass
class _KeyFrames:
    """How far apart key frames are, by the packets' own marks: those are what a player jumps to."""

    key: int | None = None
    latest: int = 0
    longest: int = 0
    reach: int = 0

    def add(self, packet: Any) -> None:
        ticks = packet.pts if packet.pts is not None else packet.dts
        if ticks is None:
            return
        if packet.is_keyframe or self.key is None:
            if self.key is not None:
                self.longest = max(self.longest, ticks - self.key)
            self.key = ticks
        self.latest = max(self.latest, ticks)
        self.reach = max(self.reach, ticks - self.key)

    def close(self, end: int) -> None:
        self.longest = max(self.longest, end - (self.key or 0))


def _orientation_of(frame: Any) -> tuple[int, ...]:
    """The display matrix of a frame, as the corner of it that turns and flips; UPRIGHT for one that no player obeys."""
    for data in frame.side_data.keys():
        if data.type.name == "DISPLAYMATRIX":
            matrix = memoryview(bytes(data)).cast("i")
            corner = tuple(round(matrix[index] / 65536) for index in (0, 1, 3, 4))
            return corner if corner in ORIENTATIONS else UPRIGHT
    return UPRIGHT
