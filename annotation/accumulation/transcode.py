"""The copy of a video that is served: MP4 with H.264 in it, that every browser plays and seeks in.

Whatever came in, what is served is upright, has square pixels and even sides, a key frame each second, its index before
its pictures, the first frame at zero, at most one sound track (AAC) and no word about who made it or where. A file that
is all this already is served byte for byte; one that only needs other packaging keeps its pictures.
"""

import hashlib
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import av
import av.error

from annotation.accumulation.containers import is_fast_start_mp4
from annotation.accumulation.frames import UPRIGHT
from annotation.accumulation.probe import (
    DEFAULT_LIMITS,
    Limits,
    Probe,
    Reading,
    Refused,
    audio_stream_of,
    opened,
    read,
    video_stream_of,
)
from annotation.accumulation.tracks import CannotCopy, CopiedTrack, EncodedSound, EncodedVideo

How = Literal["copied", "remuxed", "transcoded"]

SERVED, POSTER = "served.mp4", "poster.jpg"
POSTER_WIDTH = 640
MAX_DRIFT_S = Fraction(2, 1000)
MAX_REACH_S = 1  # from a key frame to the last frame before the next
UNFIT = (av.error.ArgumentError, av.error.InvalidDataError, av.error.ExternalError, av.error.PatchWelcomeError)
HARMLESS_TAGS = {
    "major_brand",
    "minor_version",
    "compatible_brands",
    "encoder",
    "language",
    "handler_name",
    "vendor_id",
}


@dataclass(frozen=True)
class Prepared:
    """What was written: the served copy and its poster, what the copy is like, both hashes and how it was made."""

    video: Path
    poster: Path
    probe: Probe
    sha256: str
    original_sha256: str
    how: How


def prepare(source: Path, *, into: Path, limits: Limits = DEFAULT_LIMITS) -> Prepared:
    """Check a video and write `served.mp4` and `poster.jpg` into an empty directory of its own.

    Raises Refused for a file that is not taken in, OSError when the disk is full or fails. After any error the
    directory is as empty as before. Both files appear whole or not at all.
    """
    if any(into.iterdir()):
        raise ValueError(f"{into} is not empty")
    try:
        return _prepare(source, into, limits)
    except BaseException:
        for name in (SERVED, POSTER):
            (into / name).unlink(missing_ok=True)
            unfinished(into / name).unlink(missing_ok=True)
        raise


def _prepare(source: Path, into: Path, limits: Limits) -> Prepared:
    reading = read(source, limits=limits)
    served, poster = into / SERVED, into / POSTER
    how, after = _write_served(source, reading, unfinished(served), limits)
    _write_poster(unfinished(served), after, unfinished(poster))
    sha256 = _sha256(unfinished(served))
    for path in (served, poster):
        finish(path)
    _sync(into)
    return Prepared(served, poster, after.probe, sha256, _sha256(source), how)


def _write_served(source: Path, reading: Reading, target: Path, limits: Limits) -> tuple[How, Reading]:
    if _is_servable(source, reading):
        shutil.copyfile(source, target)
        return "copied", reading
    why: Exception | None = None
    for keep in _ways(reading):
        try:
            _write(source, reading, target, keep=keep)
            return "remuxed" if "pictures" in keep else "transcoded", _checked(target, reading, limits, keep=keep)
        # What cannot be taken over as it is can still be encoded anew: all of it was decoded a moment ago.
        except (CannotCopy, Refused, *UNFIT) as error:
            target.unlink(missing_ok=True)
            why = error
    raise Refused("not_convertible", "The video could not be converted without loss of frames or sound.") from why


def _ways(reading: Reading) -> list[set[str]]:
    """What to take over as it is, best first."""
    pictures = [{"pictures"}, set()] if _can_keep_pictures(reading) else [set()]
    sound = [{"sound"}, set()] if _can_keep_sound(reading) else [set()]
    return [kept | heard for kept in pictures for heard in sound]


def _can_keep_sound(reading: Reading) -> bool:
    """Whether there is AAC that an MP4 takes as it is: other containers keep no record of how to read it."""
    return reading.probe.audio_codec == "aac" and reading.demuxer in {"mov", "matroska"}


def _can_keep_pictures(reading: Reading) -> bool:
    found = reading.probe
    return (
        found.video_codec == "h264"
        and found.pixel_format == "yuv420p"
        and reading.orientation == UPRIGHT
        and reading.square_pixels
        and reading.steady
        and not reading.trimmed
        and reading.starts_with_key
        and found.width % 2 == found.height % 2 == 0
        and reading.reach <= MAX_REACH_S
        and reading.demuxer != "avi"  # has no times to keep
    )


def _is_servable(path: Path, reading: Reading) -> bool:
    """Whether a file is all that a served copy has to be."""
    sound = (("audio", "aac"),) if reading.probe.has_audio else ()
    return (
        _can_keep_pictures(reading)
        and reading.demuxer == "mov"
        and reading.start == 0
        and reading.streams == (("video", "h264"), *sound)
        and all(name in HARMLESS_TAGS for name, _ in reading.tags)
        and is_fast_start_mp4(path)
    )


def _checked(written: Path, source: Reading, limits: Limits, *, keep: set[str]) -> Reading:
    """Decode the whole copy and hold it against its source. Raises Refused if anything of it was lost."""
    # The copy may be larger than its source and end a moment later; that is no reason to refuse it.
    generous = replace(limits, max_bytes=sys.maxsize, max_duration_ms=2 * limits.max_duration_ms)
    copy = read(written, limits=generous)
    before, after = source.probe, copy.probe
    # How long the last frame is shown may get lost with its packets; then it is encoded anew, for better or worse.
    may_differ_ms = 1000 / before.fps if "pictures" in keep else before.duration_ms
    if (
        not _is_servable(written, copy)
        or after.frames != before.frames
        or after.has_audio != before.has_audio
        or abs(copy.span - source.span) > MAX_DRIFT_S
        or abs(after.duration_ms - before.duration_ms) > may_differ_ms
    ):
        raise Refused("not_convertible", f"The copy is not as its source: {copy} came of {source}.")
    return copy


@contextmanager
def new_mp4(target: Path) -> Iterator[Any]:
    """An MP4 to be written, whose index comes before its pictures and in which no time of writing stands."""
    options = {"movflags": "+faststart", "fflags": "+bitexact"}
    with closing(av.open(f"file:{target.resolve()}", "w", format="mp4", options=options)) as output:
        yield output


def _write(source: Path, reading: Reading, target: Path, *, keep: set[str]) -> None:
    with opened(source, reading.demuxer) as container, new_mp4(target) as output:
        video = video_stream_of(container)
        audio = audio_stream_of(container) if reading.probe.has_audio else None
        tracks: dict[int, CopiedTrack | EncodedVideo | EncodedSound] = {}
        if "pictures" in keep:
            tracks[video.index] = CopiedTrack(output, video, reading.start)
        else:
            tracks[video.index] = EncodedVideo(output, video, reading)
        if audio is not None:
            kind = CopiedTrack if "sound" in keep else EncodedSound
            tracks[audio.index] = kind(output, audio, reading.start)
        for packet in container.demux([stream for stream in (video, audio) if stream is not None]):
            for ready in tracks[packet.stream.index].packets(packet):
                output.mux(ready)


def _write_poster(video: Path, reading: Reading, target: Path) -> None:
    """A JPEG of the frame in the middle, where a clip shows most of what it is about."""
    middle = Fraction(reading.probe.duration_ms, 2000)
    with opened(video, "mov") as container:
        # Not strict: after a jump the frames before an open group's key frame look damaged, and are left out.
        stream = container.streams.video[0]
        container.seek(int(middle / stream.time_base), stream=stream)
        frame = None
        for frame in container.decode(stream):
            if frame.pts * stream.time_base >= middle:
                break
        if frame is None:
            raise Refused("not_convertible", "No picture of the video could be made.")
        width = min(POSTER_WIDTH, frame.width)
        picture = frame.to_image(width=width, height=max(1, round(frame.height * width / frame.width)))
    picture.save(target, "JPEG", quality=85)


def unfinished(path: Path) -> Path:
    """The name under which a file is written until it is whole."""
    return path.with_name(f"{path.name}.part")


def finish(path: Path) -> None:
    """Give a file its name, now that it is whole and on the disk."""
    _sync(unfinished(path))
    unfinished(path).rename(path)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
