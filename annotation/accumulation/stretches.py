"""The frames of one stretch of a film, found without decoding all that comes before.

Frames are counted from the film's first, as they are shown, and times are those of FrameClock, both as a reading of the
whole film gives them. A jump is only a guess: it counts once a frame is found at the very time where the stretch begins
and, as many frames later as the stretch has, one at the very time where it ends. Else the film is decoded from its
beginning and its frames are counted.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av.error

from annotation.accumulation.containers import Demuxer
from annotation.accumulation.frames import Corner, FrameClock, orientation_of
from annotation.accumulation.limits import Refused
from annotation.accumulation.probe import opened, video_stream_of

ROUNDED_MS = 1  # stored times are whole milliseconds
# Containers with a list of where their packets are. In the others a jump lands where a decoder cannot begin.
INDEXED = {"mov", "matroska", "avi"}
# Packets of these have their order of showing only in themselves, which an AVI cannot tell without decoding.
MAY_REORDER = {"h264", "hevc"}
KEYS_KEPT = 4
MAX_LATE = 64  # packets that a decoder may hold back before the first frame comes out of it


@dataclass(frozen=True)
class Stretch:
    """Frames start_frame to end_frame - 1 of a film, shown from start_ms to end_ms after its first frame begins."""

    start_frame: int
    end_frame: int
    start_ms: int
    end_ms: int

    @property
    def frames(self) -> int:
        return self.end_frame - self.start_frame


@dataclass(frozen=True)
class Beginning:
    """Of a film: the demuxer for it, the time of its first frame in ticks of `tick` seconds, and how it is turned."""

    demuxer: Demuxer
    tick: Fraction
    first: int
    orientation: Corner

    def ticks_of(self, milliseconds: int) -> int:
        return self.first + int(Fraction(milliseconds, 1000) / self.tick)


@dataclass(frozen=True)
class Place:
    """Where decoding may begin: after a jump to `jump`, in ticks (None: no jump), and `skipped` packets of pictures.

    is_lax: errors are passed over. A strict decoder cannot begin at the key frames of open groups, whose neighbours
    need frames that come before the place; frames with errors in them are known all the same.
    """

    jump: int | None = None
    skipped: int = 0
    is_lax: bool = False


FROM_THE_BEGINNING = Place()


@dataclass(frozen=True)
class Shown:
    """A decoded frame, when it is shown and for how long, in ticks."""

    frame: Any
    time: int
    length: int


def beginning_of(source: Path, demuxer: Demuxer) -> Beginning:
    """Decodes one frame. Raises Refused if there is none."""
    try:
        with opened(source, demuxer) as container:
            video = video_stream_of(container)
            clock = FrameClock(video, demuxer)
            for packet in container.demux(video):
                clock.expect(packet)
                for frame in packet.decode():
                    return Beginning(demuxer, clock.tick, clock.time_of(frame), orientation_of(frame))
    except av.error.FFmpegError as error:
        raise damaged(error) from error
    raise Refused("too_short", "The video holds not one frame.")


def places_before(source: Path, stretch: Stretch, film: Beginning) -> Iterator[Place]:
    """Where decoding may begin, the place nearest to the stretch first, the beginning last. Decodes nothing.

    A key frame may turn out to be none: so there is an earlier one to try.
    """
    if stretch.start_frame > 0 and not _order_is_hidden(source, film):
        target = film.ticks_of(stretch.start_ms + ROUNDED_MS)
        for jump in (target, None) if film.demuxer in INDEXED else (None,):
            keys = _keys_before(source, film, jump, target)
            for skipped in dict.fromkeys(reversed(keys[:1] + keys[-1:])):
                if Place(jump, skipped) != FROM_THE_BEGINNING:
                    yield Place(jump, skipped)
                    yield Place(jump, skipped, is_lax=True)
    yield FROM_THE_BEGINNING


def _order_is_hidden(source: Path, film: Beginning) -> bool:
    if film.demuxer != "avi":
        return False
    with opened(source, film.demuxer) as container:
        context = video_stream_of(container).codec_context
        return context.has_b_frames or context.codec.canonical_name in MAY_REORDER


def _keys_before(source: Path, film: Beginning, jump: int | None, target: int) -> list[int]:
    """The last key frames no later than the target, as the number of packets of pictures before each of them."""
    keys: deque[int] = deque(maxlen=KEYS_KEPT)
    with opened(source, film.demuxer) as container:
        video = video_stream_of(container)
        try:
            jump_to(container, video, jump)
            if jump is not None and film.demuxer == "matroska" and not _index_is_in_order(video):
                return []
            for number, packet in enumerate(container.demux(video)):
                time = packet.pts if packet.pts is not None else packet.dts
                if packet.size and packet.is_keyframe and time is not None:
                    if time > target:
                        break
                    keys.append(number)
        except av.error.FFmpegError:  # a jump may land in the middle of something; decoding from the beginning tells
            return []
    return list(keys)


def jump_to(container: Any, video: Any, jump: int | None) -> None:
    if jump is not None:
        container.seek(jump, stream=video)


def _index_is_in_order(video: Any) -> bool:
    """Whether what is shown later stands later in the file: where films were joined, one time may be in it twice."""
    positions = [entry.pos for entry in video.index_entries]
    return positions == sorted(positions)


class StretchReader:
    """The frames of a stretch, decoded from one place on. `container` is the film, opened for this reader alone."""

    def __init__(self, container: Any, place: Place, stretch: Stretch, film: Beginning) -> None:
        self.container, self.place, self.stretch, self.film = container, place, stretch, film
        self.video = video_stream_of(container)
        self.clock = FrameClock(self.video, film.demuxer)
        self.is_counting = place == FROM_THE_BEGINNING
        if place.is_lax:
            self.video.codec_context.options = {}

    def frames(self) -> Iterator[Shown]:
        """All frames of the stretch in their order; two are held at a time.

        Raises Refused once it shows that from this place on they cannot be found or decoded.
        """
        stretch, waiting, count = self.stretch, None, 0
        for number, frame in enumerate(self._decoded()):
            time = self.clock.time_of(frame)
            shown_ms = self._ms(time)
            if waiting is None:
                if self._is_before(number, shown_ms):
                    continue
                _check_time(shown_ms, stretch.start_ms)
            else:
                if not self.is_counting and count == 1:
                    _check_alone(shown_ms, stretch.start_ms)
                yield Shown(waiting.frame, waiting.time, time - waiting.time)
                if count == stretch.frames:
                    _check_time(shown_ms, stretch.end_ms)
                    return
            if frame.is_corrupt:
                raise damaged(None)
            waiting = Shown(frame, time, self.clock.length_of(frame))
            count += 1
        if waiting is None or count < stretch.frames:
            raise _elsewhere()
        yield waiting
        _check_time(self._ms(waiting.time + waiting.length), stretch.end_ms)

    def _ms(self, ticks: int) -> Fraction:
        return (ticks - self.film.first) * self.film.tick * 1000

    def _is_before(self, number: int, shown_ms: Fraction) -> bool:
        if self.is_counting:
            return number < self.stretch.start_frame
        return shown_ms < self.stretch.start_ms - ROUNDED_MS

    def _decoded(self) -> Iterator[Any]:
        """Every frame that comes out. After a jump some of the first may not: they need frames before the place."""
        late = 0
        try:
            jump_to(self.container, self.video, self.place.jump)
            for number, packet in enumerate(self.container.demux(self.video)):
                if number < self.place.skipped:
                    continue
                if not self.is_counting and not self._has_begun():
                    late += self._is_late(packet)
                    if late > MAX_LATE:
                        raise _elsewhere()
                self.clock.expect(packet)
                try:
                    frames = packet.decode()
                except av.error.FFmpegError:
                    if self.is_counting or self._has_begun():
                        raise
                    continue
                yield from frames
        except av.error.FFmpegError as error:
            raise damaged(error) from error

    def _has_begun(self) -> bool:
        return self.clock.last is not None and not self._is_before(0, self._ms(self.clock.last))

    def _is_late(self, packet: Any) -> bool:
        return packet.dts is not None and self._ms(packet.dts) > self.stretch.start_ms


def _check_time(found_ms: Fraction, wanted_ms: int) -> None:
    if abs(found_ms - wanted_ms) > ROUNDED_MS:
        raise _elsewhere()


def _check_alone(next_ms: Fraction, start_ms: int) -> None:
    """Two frames in one millisecond: only counting tells which of them is meant."""
    if next_ms <= start_ms + ROUNDED_MS:
        raise _elsewhere()


def _elsewhere() -> Refused:
    return Refused("not_as_measured", "The video's frames are not where they were when it was measured.")


def damaged(error: av.error.FFmpegError | None) -> Refused:
    why = (error and error.strerror) or "it cannot be decoded"
    return Refused("damaged", f"The video is damaged: {why}.")
