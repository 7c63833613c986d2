"""Still frames of a served clip for a model to look at: which, how large, and all of one clip's in one file.

A served clip is upright H.264 in an MP4 with a key frame about each second. What is chosen is exact: the frame that a
player shows at the time asked for, found from the times of all packets, of which only those are decoded that it needs.
"""

import io
import re
import tarfile
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import Any

import av
import av.error
from av.stream import Disposition
from av.video.reformatter import Interpolation, VideoReformatter

from annotation.errors import DomainError

JPEG_QUALITY = 85
# Every source pixel counts when a picture is made smaller, and the result is the same on every processor.
SCALING = Interpolation.AREA | Interpolation.ACCURATE_RND | Interpolation.BITEXACT
NAME = re.compile(r"(0|[1-9][0-9]{0,11})\.jpg")
PATCH_PIXELS, MOST_PATCHES, TOKENS_AROUND_AN_IMAGE = 28, 4784, 4
LETTERS = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ "
JPEG_START, JPEG_SCAN = b"\xff\xd8", 0xDA
# The markers that give the size of the picture: all of C0 to CF but the tables DHT, JPG and DAC.
JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


class Unsampleable(DomainError):
    """The file of a clip cannot be read to the end, or is none that is served."""

    code = "media"


@dataclass(frozen=True)
class Frame:
    """One picture. ms: when it appears, counted from the clip's first frame and rounded up, so that a player that is
    sent to `ms` shows this frame and not the one before."""

    ms: int
    jpeg: bytes


@dataclass(frozen=True)
class _Index:
    """The packets of a clip in the order in which they are decoded: `times` in ticks of `tick` seconds, `keys` the
    places of those that a decoder can start at, `end` the tick at which the last frame ends."""

    times: "array[int]"
    keys: tuple[int, ...]
    end: int
    tick: Fraction


def sample_times(duration_ms: int, count: int) -> list[int]:
    """The middle of each of `count` equal parts: time i (from 0) is floor((2i + 1) * duration_ms / (2 * count)).

    Fewer where the clip has not `count` milliseconds. Raises ValueError for a negative duration or no count.
    """
    if duration_ms < 0 or count < 1:
        raise ValueError(f"{count} frames of {duration_ms} ms cannot be sampled")
    return sorted({(2 * part + 1) * duration_ms // (2 * count) for part in range(count)})


def sample_frames(video: Path, *, count: int, long_side: int) -> list[Frame]:
    """The frames shown at `sample_times` of the clip, in order, none twice; fewer where the clip has fewer.

    long_side: pixels of the longer side; a smaller clip is not enlarged. The same bytes for the same clip.
    Raises Unsampleable for a damaged file or none that is served, FileNotFoundError for none at all.
    """
    if long_side < 1:
        raise ValueError(f"a side of {long_side} pixels is no picture")
    video.stat()
    try:
        index = _index(video)
        return _pictures(video, index, _wanted(index, count), long_side)
    except av.error.FFmpegError as error:
        raise Unsampleable(f"The video is damaged: {error.strerror or 'it cannot be decoded'}.") from error


@contextmanager
def _opened(video: Path) -> Iterator[tuple[Any, Any]]:
    """The container and its stream of pictures. No other format is guessed, no other file or connection opened."""
    options = {"protocol_whitelist": "file", "format_whitelist": "mov"}
    with closing(av.open(f"file:{video.resolve()}", format="mov", options=options, metadata_errors="replace")) as file:
        streams = [stream for stream in file.streams.video if not stream.disposition & Disposition.attached_pic]
        if not streams or streams[0].codec_context is None:
            raise Unsampleable("The file holds no video.")
        stream = streams[0]
        stream.codec_context.thread_count = 1  # workers share the cores; threads would also wait for each other
        stream.codec_context.thread_type = "NONE"
        # Errors are to be errors: without this a decoder paints over what it cannot read.
        stream.codec_context.options = {"err_detect": "explode"}
        yield file, stream


def _index(video: Path) -> _Index:
    with _opened(video) as (file, stream):
        times, end = array("q"), 0
        for packet in file.demux(stream):
            if packet.is_corrupt or (packet.size and packet.pts is None):
                raise Unsampleable("The video is damaged: a part of it does not arrive whole.")
            if packet.size:
                times.append(packet.pts)
                end = max(end, packet.pts + (packet.duration or 0))
        # Only the file's own index says where a decoder may start: a packet of one whole picture may be followed by
        # frames that look back past it.
        keys = tuple(place for place, entry in enumerate(stream.index_entries) if entry.is_keyframe)
        if len(times) != len(stream.index_entries) or not times:
            raise Unsampleable(
                f"The video is damaged or cut short: it promises {len(stream.index_entries):,} frames"
                f" and holds {len(times):,}."
            )
        return _Index(times, keys, end, stream.time_base)


def _wanted(index: _Index, count: int) -> list[int]:
    """The places of the packets to show, by time. No two appear in the same millisecond: the times asked for are whole
    ones, and a frame that is not yet shown at one of them appears after it."""
    in_time = sorted(range(len(index.times)), key=index.times.__getitem__)
    shown = [index.times[place] for place in in_time]
    duration_ms = int((index.end - shown[0]) * index.tick * 1000)
    found = (
        bisect_right(shown, shown[0] + Fraction(ms, 1000) / index.tick) - 1 for ms in sample_times(duration_ms, count)
    )
    return [in_time[number] for number in dict.fromkeys(found)]


def _pictures(video: Path, index: _Index, wanted: list[int], long_side: int) -> list[Frame]:
    scaler, first = VideoReformatter(), min(index.times)
    frames, times = [], []
    with _opened(video) as (file, stream):
        for picture in _decoded(file, stream, index, wanted):
            times.append(picture.pts)
            frames.append(Frame(ceil((picture.pts - first) * index.tick * 1000), _jpeg(picture, scaler, long_side)))
    if times != [index.times[place] for place in wanted]:
        raise Unsampleable("The video is damaged: other frames were decoded than its packets promise.")
    return frames


def _decoded(file: Any, stream: Any, index: _Index, wanted: list[int]) -> Iterator[Any]:
    """The wanted frames, one at a time. Each stretch of packets from a key frame is decoded no further than needed."""
    stretches, decoder = _stretches(index, wanted), stream.codec_context
    times = {index.times[place] for place in wanted}
    start, end = next(stretches)
    packets = (packet for packet in file.demux(stream) if packet.size)
    for place, packet in enumerate(packets):
        if place < start or (place <= end and packet.pts < index.times[start]):
            continue  # the latter look back past the key frame, to what was not decoded
        # Nothing looks at a frame of these but the viewer: the one that is not to be seen need not be decoded.
        decoder.skip_frame = "DEFAULT" if packet.pts in times else "NONREF"
        yield from _whole(packet.decode(), times)
        if place == end:
            yield from _whole(decoder.decode(None), times)
            decoder.flush_buffers()
            if (after := next(stretches, None)) is None:
                return
            start, end = after


def _stretches(index: _Index, wanted: list[int]) -> Iterator[tuple[int, int]]:
    """First and last place of each run of packets that has to be decoded, in order; runs neither meet nor overlap."""
    last: dict[int, int] = {}
    for place in wanted:
        before = (key for key in index.keys if key <= place and index.times[key] <= index.times[place])
        key = max(before, default=0)
        last[key] = max(last.get(key, 0), place)
    start = end = -1
    for key, place in sorted(last.items()):
        if start >= 0 and key > end + 1:
            yield start, end
            start = -1
        start, end = (key if start < 0 else start), max(end, place)
    yield start, end


def _whole(frames: Sequence[Any], times: set[int]) -> Iterator[Any]:
    for frame in frames:
        if frame.pts in times:
            if frame.is_corrupt:
                raise Unsampleable("The video is damaged: a frame of it cannot be decoded whole.")
            yield frame


def _jpeg(picture: Any, scaler: VideoReformatter, long_side: int) -> bytes:
    longer = max(picture.width, picture.height)
    side = min(longer, long_side)
    width, height = (max(1, round(of * side / longer)) for of in (picture.width, picture.height))
    small: Any = scaler.reformat(picture, width, height, "rgb24", interpolation=SCALING, threads=1)
    written = io.BytesIO()
    small.to_image().save(written, "JPEG", quality=JPEG_QUALITY)
    return written.getvalue()


def pack(frames: Sequence[Frame]) -> bytes:
    """One file of a clip's frames: a plain tar with `<ms>.jpg` for each, that says nothing of who made it or when.

    Raises ValueError for no frames, for times that do not rise and for what is no JPEG.
    """
    if not frames:
        raise ValueError("there are no frames to pack")
    written, before = io.BytesIO(), -1
    with tarfile.open(fileobj=written, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for frame in frames:
            name = f"{frame.ms}.jpg"
            if frame.ms <= before or not NAME.fullmatch(name):
                raise ValueError(f"{name} does not come after {before} ms")
            jpeg_size(frame.jpeg)
            before = frame.ms
            member = tarfile.TarInfo(name)
            member.size = len(frame.jpeg)
            tar.addfile(member, io.BytesIO(frame.jpeg))
    return written.getvalue()


def unpack(raw: bytes) -> list[Frame]:
    """The frames of a file that `pack` wrote. Raises ValueError, which says what is wrong, for any other file."""
    frames = []
    try:
        with tarfile.open(fileobj=io.BytesIO(raw), mode="r:") as tar:
            for member in tar:
                if not member.isreg() or not NAME.fullmatch(member.name):
                    raise ValueError(f"{member.name!r} is no frame")
                file = tar.extractfile(member)
                frames.append(Frame(int(member.name.removesuffix(".jpg")), file.read() if file else b""))
    except tarfile.TarError as error:
        raise ValueError(f"this is no file of frames: {error}") from error
    if pack(frames) != raw:
        raise ValueError("this file of frames was not written as frames are packed, or is damaged")
    return frames


def jpeg_size(jpeg: bytes) -> tuple[int, int]:
    """Width and height as the head of a JPEG gives them; nothing is decoded. Raises ValueError where it does not."""
    at = len(JPEG_START)
    while jpeg.startswith(JPEG_START) and at + 9 <= len(jpeg) and jpeg[at] == 0xFF and jpeg[at + 1] != JPEG_SCAN:
        if jpeg[at + 1] in JPEG_FRAMES:
            return int.from_bytes(jpeg[at + 7 : at + 9], "big"), int.from_bytes(jpeg[at + 5 : at + 7], "big")
        at += 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
    raise ValueError("a frame is no JPEG that says how large it is")


def image_tokens(width: int, height: int) -> int:
    """How many tokens a picture costs, counted on the high side: one for each begun patch of 28 x 28 pixels, at most
    4,784 (larger pictures are made smaller before the model sees them), and a few around it.

    The vendor's guide long gave width * height / 750, which is too little for small pictures: 512 x 288 is billed as
    19 * 11 = 209, not 197. Patches agree to the token with counts published for ten sizes in October 2026.
    """
    patches = -(-width // PATCH_PIXELS) * -(-height // PATCH_PIXELS)
    return min(patches, MOST_PATCHES) + TOKENS_AROUND_AN_IMAGE


def text_tokens(text: str) -> int:
    """How many tokens a text costs at most, near enough for a reservation: two Latin letters or spaces to a token, one
    token for every byte of anything else.

    No token is less than a byte. English has about 3.5 letters to a token, and from Claude 4.7 on, whose tokens are
    about 30 % more, 2.7. Figures, marks and other scripts have fewer.
    """
    raw = text.encode(errors="surrogatepass")
    other = len(raw.translate(None, LETTERS))
    return other + -(-(len(raw) - other) // 2)
