"""One scene of a raw film as a file of its own, that every browser plays: MP4 with H.264 and, with sound, AAC.

It holds the frames asked for and no other, each shown as long as in the film, the first at zero, upright, with square
pixels, a key frame each second and its index before its pictures: a file that `prepare` copies byte for byte. The sound
of the same stretch stays in time with them. The same film gives the same bytes. Times and frame numbers come from an
earlier reading of the film, which is not read again: only what lies around the scene is decoded.
"""

import heapq
from collections.abc import Iterator
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import Any

import av.error

from annotation.accumulation.containers import demuxer_of
from annotation.accumulation.frames import ORIENTATIONS
from annotation.accumulation.limits import (
    DEFAULT_LIMITS,
    Limits,
    Refused,
    check_duration,
    check_pixels,
    too_many_frames,
)
from annotation.accumulation.probe import audio_stream_of, opened, shown_size, video_stream_of
from annotation.accumulation.stretches import (
    INDEXED,
    Beginning,
    Place,
    Shown,
    Stretch,
    StretchReader,
    beginning_of,
    damaged,
    jump_to,
    places_before,
)
from annotation.accumulation.subtitles import shifted_subtitles
from annotation.accumulation.tracks import EncodedPictures, SoundOfStretch
from annotation.accumulation.transcode import UNFIT, finish, new_mp4, unfinished

__all__ = ["cut", "shifted_subtitles"]

# A sound decoder that begins in the middle needs some sound to find its feet; what comes out of that is thrown away.
WARM_UP_S = Fraction(1, 2)
# How much earlier to jump for sound: in the file it may stand before the pictures that it belongs to.
JUMP_EARLIER_MS = 2000


def cut(
    source: Path,
    *,
    start_frame: int,
    end_frame: int,
    start_ms: int,
    end_ms: int,
    into: Path,
    has_audio: bool = True,
    limits: Limits = DEFAULT_LIMITS,
) -> Path:
    """Write frames start_frame to end_frame - 1 of a film as an MP4 into a directory; returns its path.

    source: a film that was read and found whole. start_frame, end_frame: counted from its first frame, as they are
    shown. start_ms, end_ms: when the first of them begins and the last ends, in milliseconds from the start of the
    film's first frame. has_audio: whether sound was found in the film; silence stands where there is none in the scene.
    limits: of the scene, not of the film.

    The file appears whole or not at all. Raises OSError when the disk is full or fails, and Refused: `not_as_measured`
    if the frames are not where they are said to be, `not_convertible` if they cannot be encoded, and as `probe` does.
    """
    if not 0 <= start_frame < end_frame or not 0 <= start_ms < end_ms:
        raise ValueError(f"no stretch: frames {start_frame} to {end_frame}, {start_ms} to {end_ms} ms")
    stretch = Stretch(start_frame, end_frame, start_ms, end_ms)
    if stretch.frames > limits.max_frames:
        raise too_many_frames(stretch.frames, limits)
    check_duration(Fraction(end_ms - start_ms, 1000), limits)
    target = into / f"frames-{start_frame}-{end_frame}.mp4"
    try:
        _cut(source, stretch, unfinished(target), has_audio=has_audio, limits=limits)
        finish(target)
    except BaseException:
        unfinished(target).unlink(missing_ok=True)
        raise
    return target


def _cut(source: Path, stretch: Stretch, target: Path, *, has_audio: bool, limits: Limits) -> None:
    demuxer = demuxer_of(source)
    if demuxer is None:
        raise Refused("not_a_video", "The file is no video: MP4, MOV, WebM, MKV, AVI and MPEG files are accepted.")
    film = beginning_of(source, demuxer)
    why: Refused | None = None
    for place in places_before(source, stretch, film):
        try:
            _write(source, place, stretch, film, target, has_audio=has_audio, limits=limits)
            return
        except Refused as refusal:  # from the next place on it may be found
            target.unlink(missing_ok=True)
            why = refusal
        except UNFIT as error:
            raise Refused("not_convertible", "The scene could not be encoded.") from error
    assert why is not None  # noqa: S101 -- there is always one place, the beginning
    raise why


def _write(
    source: Path, place: Place, stretch: Stretch, film: Beginning, target: Path, *, has_audio: bool, limits: Limits
) -> None:
    with ExitStack() as open_files:
        container = open_files.enter_context(opened(source, film.demuxer))
        reader = StretchReader(container, place, stretch, film)
        frames = reader.frames()
        first = next(frames)
        size = _size(reader.video, film, limits)
        output = open_files.enter_context(new_mp4(target))
        pictures = EncodedPictures(
            output, reader.video, tick=film.tick, orientation=film.orientation, size=size, uneven=True
        )
        tracks = [_pictures(pictures, first, frames, limits)]
        heard = open_files.enter_context(opened(source, film.demuxer))
        audio = audio_stream_of(heard) if has_audio else None
        if audio is not None:
            start, length = first.time * film.tick, Fraction(stretch.end_ms - stretch.start_ms, 1000)
            sound = SoundOfStretch(output, audio, start, length)
            jump_to(heard, video_stream_of(heard), _jump_for_sound(source, stretch, film, start))
            tracks.append(_sounds(heard, audio, sound, start))
        for packet in heapq.merge(*tracks, key=lambda packet: packet.dts * packet.time_base):
            output.mux(packet)


def _size(video: Any, film: Beginning, limits: Limits) -> tuple[int, int]:
    width, height = shown_size(video)
    check_pixels(width, height, limits)
    is_turned = ORIENTATIONS[film.orientation][0] in {90, 270}
    return (height, width) if is_turned else (width, height)


def _pictures(pictures: EncodedPictures, first: Shown, others: Iterator[Shown], limits: Limits) -> Iterator[Any]:
    yield from pictures.add(first.frame, first.time, first.length)
    for shown in others:
        check_pixels(shown.frame.width, shown.frame.height, limits)
        yield from pictures.add(shown.frame, shown.time, shown.length)
    yield from pictures.end()


def _jump_for_sound(source: Path, stretch: Stretch, film: Beginning, start: Fraction) -> int | None:
    """Where to jump to so that no sound of the stretch is missed; None if only the beginning is sure."""
    if film.demuxer not in INDEXED or stretch.start_ms <= JUMP_EARLIER_MS:
        return None
    jump = film.ticks_of(stretch.start_ms - JUMP_EARLIER_MS)
    try:
        with opened(source, film.demuxer) as container:
            jump_to(container, video_stream_of(container), jump)
            for packet in container.demux(audio_stream_of(container)):
                if packet.pts is not None:
                    return jump if packet.pts * packet.time_base <= start - WARM_UP_S else None
    except av.error.FFmpegError:
        pass
    return None


def _sounds(container: Any, audio: Any, sound: SoundOfStretch, start: Fraction) -> Iterator[Any]:
    for frame in _heard(container, audio, start, start + sound.length):
        yield from sound.add(frame)
    yield from sound.end()


def _heard(container: Any, audio: Any, start: Fraction, end: Fraction) -> Iterator[Any]:
    """The sound from shortly before `start` to `end`, in seconds on the film's clock, decoded."""
    try:
        for packet in container.demux(audio):
            time = packet.pts * packet.time_base if packet.pts is not None else None
            if time is not None and time < start - WARM_UP_S:
                continue
            try:
                frames = packet.decode()
            except av.error.FFmpegError:
                if time is None or time >= start:
                    raise
                continue  # it needs sound from before the place where decoding began
            yield from frames
            if time is not None and time >= end:
                for frame in audio.codec_context.decode(None):  # what a decoder with several threads still holds
                    frame.time_base = audio.time_base
                    yield frame
                return
    except av.error.FFmpegError as error:
        raise damaged(error) from error
