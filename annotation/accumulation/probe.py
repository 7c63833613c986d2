"""What is in a video file, found out without trusting it.

The order is the point: the size and the first bytes are looked at before any decoder sees the file, the container's
claims are held against the limits before anything is decoded, and then everything is decoded once, because a cut or
damaged file often opens and plays without complaint.
"""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.error
from av.stream import Disposition

from annotation.accumulation.containers import Demuxer, claimed_samples, demuxer_of, is_cut
from annotation.accumulation.frames import ORIENTATIONS, Corner, DecodedFrame, FrameClock, KeyFrames, Tally
from annotation.accumulation.limits import (
    DEFAULT_LIMITS,
    Limits,
    Refused,
    check_duration,
    check_pixels,
    too_many_frames,
)

__all__ = [
    "DEFAULT_LIMITS",
    "Limits",
    "Probe",
    "Reading",
    "Refused",
    "audio_stream_of",
    "opened",
    "probe",
    "read",
    "video_stream_of",
]

DECODER_THREADS = 2
MAX_CLAIMED_SAMPLES = 5_000_000
# How many hundredths of the frames (or of the time) that a header promises may be missing.
TOLERANCE = Fraction(1, 100)


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


@dataclass(frozen=True)
class Reading:
    """A probe and what the making of a served copy has to know besides.

    start: time of the first frame in seconds, on the file's clock. span: from it to the start of the last. uneven:
    frames are shown for different times, be it only the last. reach: the longest time from a key frame to the last
    frame that needs it, in seconds. steady: every frame had the same size and format. trimmed: the file asks for some
    of its frames not to be shown. starts_with_key: a player may jump to the first frame. streams: all that is in the
    container, as (kind, codec). tags: its metadata.
    """

    probe: Probe
    demuxer: Demuxer
    start: Fraction
    span: Fraction
    uneven: bool
    reach: Fraction
    orientation: Corner
    square_pixels: bool
    steady: bool
    trimmed: bool
    starts_with_key: bool
    streams: tuple[tuple[str, str], ...]
    tags: frozenset[tuple[str, str]]


def probe(path: Path, *, limits: Limits = DEFAULT_LIMITS) -> Probe:
    """Look through a whole file. Raises Refused if it is no video, not whole, or over a limit."""
    return read(path, limits=limits).probe


def read(
    path: Path, *, limits: Limits = DEFAULT_LIMITS, watch: Callable[[DecodedFrame], None] | None = None
) -> Reading:
    """As `probe`, with the details. Reads the file once from end to end and keeps no more than a few frames of it.

    watch: is shown each frame that is decoded, once, in the order of showing. What it raises comes out as it is.
    """
    demuxer = _accepted_container(path, limits)
    try:
        with opened(path, demuxer) as container:
            _check_claims(container, limits)
            return _decode_all(container, demuxer, limits, watch)
    except av.error.FFmpegError as error:
        raise _damaged(error) from error


def claimed_s(path: Path, *, limits: Limits = DEFAULT_LIMITS) -> Fraction:
    """How long a file claims to be, in seconds, 0 where it does not say. Nothing is decoded.

    Raises Refused, as `read` does, for all that shows before decoding.
    """
    demuxer = _accepted_container(path, limits)
    try:
        with opened(path, demuxer) as container:
            return _check_claims(container, limits)
    except av.error.FFmpegError as error:
        raise _damaged(error) from error


def _damaged(error: av.error.FFmpegError) -> Refused:
    return Refused("damaged", f"The video is damaged: {error.strerror or 'it cannot be decoded'}.")


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
    if demuxer == "mov" and claimed_samples(path) > MAX_CLAIMED_SAMPLES:
        raise Refused("too_many_frames", "The file claims to hold more frames and sounds than can be believed.")
    return demuxer


@contextmanager
def opened(path: Path, demuxer: Demuxer) -> Iterator[Any]:
    """The file in the demuxer that its first bytes call for, which may open no other file and no connection."""
    options = {"protocol_whitelist": "file", "format_whitelist": demuxer}
    url = f"file:{path.resolve()}"
    with closing(av.open(url, format=demuxer, options=options, metadata_errors="replace")) as container:
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


def _check_claims(container: Any, limits: Limits) -> Fraction:
    """Hold what the container says against the limits, before a frame is decoded. Gives the seconds it claims."""
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
    return Fraction(duration)


def shown_size(video: Any) -> tuple[int, int]:
    """Width and height with square pixels, before rotation: the shorter of the two ways to stretch is not taken, so
    that no pixel is thrown away."""
    aspect = video.sample_aspect_ratio or Fraction(1)
    if aspect > 1:
        return round(video.width * aspect), video.height
    return video.width, round(video.height / aspect) if aspect > 0 else video.height


def _decode_all(
    container: Any, demuxer: Demuxer, limits: Limits, watch: Callable[[DecodedFrame], None] | None
) -> Reading:
    video, audio = video_stream_of(container), audio_stream_of(container)
    tally, keys, discarded = Tally(FrameClock(video, demuxer), limits), KeyFrames(), 0
    heard, size = Fraction(0), shown_size(video)
    for packet in container.demux([stream for stream in (video, audio) if stream is not None]):
        if packet.is_corrupt:
            raise Refused("damaged", "The video is damaged: a part of it does not arrive whole.")
        if packet.stream is not video:
            for sound in packet.decode():
                heard = max(heard, _end_of(sound))
            continue
        discarded += packet.is_discard
        keys.add(packet)
        tally.clock.expect(packet)
        for frame in packet.decode():
            tally.add(frame)
            if watch is not None:
                watch(tally.seen(frame, size))
    keys.close(tally.end, _marked_keys(video) if demuxer == "mov" else None)
    promised = _promised_frames(video, demuxer)
    _check_count(promised, tally.frames, discarded)
    if demuxer == "matroska" and container.duration:
        _check_length(Fraction(container.duration, av.time_base), max(tally.end * video.time_base, heard))
    return Reading(
        probe=_as_probe(video, audio if heard else None, tally, keys, demuxer),
        demuxer=demuxer,
        start=tally.first * video.time_base,
        span=tally.span * video.time_base,
        uneven=tally.is_uneven or tally.is_last_held,
        reach=keys.reach * video.time_base,
        orientation=tally.orientation,
        square_pixels=video.sample_aspect_ratio in (None, 0, 1),
        steady=len(tally.looks) == 1,
        trimmed=discarded > 0 or video.frames > promised > 0,
        starts_with_key=keys.starts_with_key,
        streams=tuple((stream.type, _codec_of(stream)) for stream in container.streams),
        tags=frozenset(
            (name, value) for holder in (container, *container.streams) for name, value in holder.metadata.items()
        ),
    )


def _codec_of(stream: Any) -> str:
    """The name of the coding, not of the decoder that happens to be used; "" for data."""
    return stream.codec_context.codec.canonical_name if stream.codec_context is not None else ""


def _end_of(sound: Any) -> Fraction:
    return Fraction(sound.pts or 0) * Fraction(sound.time_base) + Fraction(sound.samples, sound.sample_rate)


def _promised_frames(video: Any, demuxer: Demuxer) -> int:
    """How many frames the header says there are, 0 where it does not say.

    An MP4 that was trimmed by an edit list still counts the frames it hides; its index, as the demuxer reads it, does
    not.
    """
    return len(video.index_entries) if demuxer == "mov" else int(video.frames)


def _marked_keys(video: Any) -> list[int]:
    """Which packets, counted from 0, an MP4's index marks as key frames."""
    return [number for number, entry in enumerate(video.index_entries) if entry.is_keyframe]


def _check_count(promised: int, shown: int, discarded: int) -> None:
    """Hold the frames that came against those the header promised: cut files often decode without an error."""
    found = shown + discarded
    if not shown and not promised:
        raise Refused("too_short", "The video holds not one frame.")
    if not shown or (promised and abs(promised - found) > max(Fraction(1), promised * TOLERANCE)):
        text = f"The video is damaged or cut short: it promises {promised:,} frames and holds {found:,}."
        raise Refused("damaged", text, promised=promised, found=found)


def _check_length(promised: Fraction, found: Fraction) -> None:
    """The same for containers that promise seconds; a tenth of one is left for the end of the last frame."""
    if found < promised * (1 - TOLERANCE) - Fraction(1, 10):
        text = f"The video is cut short: it promises {float(promised):.1f} s and holds {float(found):.1f} s."
        raise Refused("damaged", text)


def _as_probe(video: Any, audio: Any | None, tally: Tally, keys: KeyFrames, demuxer: Demuxer) -> Probe:
    rotation = ORIENTATIONS[tally.orientation][0]
    width, height = shown_size(video)
    seconds = (tally.end - tally.first) * tally.clock.tick
    counted: Fraction = tally.frames / seconds
    claimed: Fraction | None = video.average_rate
    # An even rate that the header gives is exact (30000/1001) where times are rounded to milliseconds.
    if claimed is None or tally.is_uneven or abs(claimed - counted) > counted * TOLERANCE:
        claimed = counted.limit_denominator(100_000)
    return Probe(
        container=demuxer,
        video_codec=_codec_of(video),
        pixel_format=video.codec_context.pix_fmt,
        width=height if rotation in (90, 270) else width,
        height=width if rotation in (90, 270) else height,
        rotation=rotation,
        fps=claimed,
        frames=tally.frames,
        duration_ms=round(seconds * 1000),
        has_audio=audio is not None,
        audio_codec=_codec_of(audio) if audio is not None else None,
        variable_frame_rate=tally.is_uneven,
        longest_gop_ms=round(keys.longest * tally.clock.tick * 1000),
    )
