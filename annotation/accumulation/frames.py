"""What can be told of frames and packets while they go by, keeping none of them."""

from array import array
from collections import deque
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from annotation.accumulation.containers import Demuxer
from annotation.accumulation.limits import Limits, Refused, check_duration, check_pixels, too_many_frames

# Containers that count in milliseconds round even frame times by up to one of them at either end.
JITTER_S = Fraction(5, 2000)

# The display matrix (a, b, c, d) of a file: clockwise degrees, and the filters that do to the pixels what it asks for.
Corner = tuple[int, ...]
UPRIGHT: Corner = (1, 0, 0, 1)
ORIENTATIONS: dict[Corner, tuple[int, tuple[tuple[str, str], ...]]] = {
    UPRIGHT: (0, ()),
    (0, 1, -1, 0): (90, (("transpose", "clock"),)),
    (-1, 0, 0, -1): (180, (("hflip", ""), ("vflip", ""))),
    (0, -1, 1, 0): (270, (("transpose", "cclock"),)),
    (-1, 0, 0, 1): (0, (("hflip", ""),)),
    (1, 0, 0, -1): (180, (("vflip", ""),)),
    (0, 1, 1, 0): (90, (("transpose", "cclock_flip"),)),
    (0, -1, -1, 0): (270, (("transpose", "clock_flip"),)),
}


@dataclass(frozen=True, slots=True)
class DecodedFrame:
    """A frame as an observer is shown it, before the next one is decoded.

    frame: PyAV's, as it is coded; whoever keeps it keeps all its pixels. number: from 0, in the order of showing.
    start, end: when it is shown, in seconds from the start of the first. size: width and height that make its pixels
    square, before it is turned as `orientation` asks.
    """

    frame: Any
    number: int
    start: Fraction
    end: Fraction
    size: tuple[int, int]
    orientation: Corner


class FrameClock:
    """Times of frames in ticks of their stream: always rising, also where a file gives none or the same one twice.

    Call `expect` with each packet before its frames. AVI has no times of its own, only an order in which packets are
    decoded: there the first frame shown gets the time of the first packet, and so on.
    """

    def __init__(self, video: Any, demuxer: Demuxer) -> None:
        rate = video.average_rate or video.guessed_rate or 25
        self.tick: Fraction = video.time_base
        self.step = max(1, round(1 / (rate * self.tick)))
        self.last: int | None = None
        self._by_order = demuxer == "avi"
        self._waiting: deque[int] = deque()

    def expect(self, packet: Any) -> None:
        if self._by_order and packet.size and packet.dts is not None:
            self._waiting.append(packet.dts)

    def time_of(self, frame: Any) -> int:
        ticks: int | None = frame.pts if frame.pts is not None else frame.dts
        if self._by_order:
            ticks = self._waiting.popleft() if self._waiting else None
        if ticks is None:
            ticks = 0 if self.last is None else self.last + self.step
        if self.last is not None and ticks <= self.last:
            ticks = self.last + 1
        self.last = ticks
        return ticks

    def length_of(self, frame: Any) -> int:
        return int(frame.duration) or self.step


@dataclass
class Tally:
    """What is seen of the frames while they go by."""

    clock: FrameClock
    limits: Limits
    frames: int = 0
    first: int = 0
    end: int = 0
    steps: tuple[int, int] | None = None
    looks: set[tuple[int, int, str]] = field(default_factory=set)
    orientation: Corner = UPRIGHT

    def seen(self, frame: Any, size: tuple[int, int]) -> DecodedFrame:
        """The frame that was added last, for an observer."""
        tick = self.clock.tick
        return DecodedFrame(
            frame=frame,
            number=self.frames - 1,
            start=self.span * tick,
            end=(self.end - self.first) * tick,
            size=size,
            orientation=self.orientation,
        )

    def add(self, frame: Any) -> None:
        if frame.is_corrupt:
            raise Refused("damaged", f"The video is damaged: frame {self.frames + 1} cannot be decoded whole.")
        before = self.clock.last
        now = self.clock.time_of(frame)
        if before is None:
            self.first, self.orientation = now, orientation_of(frame)
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
    def span(self) -> int:
        """From the start of the first frame to the start of the last."""
        return (self.clock.last or 0) - self.first

    @property
    def is_last_held(self) -> bool:
        """Whether the last frame is shown for another time than those before it."""
        low, high = self.steps or (0, self.end)
        last = self.end - self.first - self.span
        return max(low - last, last - high) * self.clock.tick > JITTER_S

    @property
    def is_uneven(self) -> bool:
        return self.steps is not None and (self.steps[1] - self.steps[0]) * self.clock.tick > JITTER_S


class KeyFrames:
    """How far apart key frames are. Keeps two numbers for each packet.

    An MP4's index says to which frames a player may jump; elsewhere the packets say it. They differ where a scene
    begins within a group: the packet holds a whole picture, but frames after it may look back past it.
    """

    def __init__(self) -> None:
        self.times = array("q")
        self.keys = array("q")
        self.longest = 0
        self.reach = 0

    def add(self, packet: Any) -> None:
        ticks = packet.pts if packet.pts is not None else packet.dts
        if ticks is None:
            return
        if packet.is_keyframe:
            self.keys.append(len(self.times))
        self.times.append(ticks)

    def close(self, end: int, marked: list[int] | None) -> None:
        """Measure the groups. end: of the last frame. marked: which packets the index marks, where there is one."""
        keys = list(self.keys) if marked is None else [number for number in marked if number < len(self.times)]
        self.starts_with_key = bool(keys) and keys[0] == 0
        starts = keys if self.starts_with_key else [0, *keys]
        for start, after in zip(starts, [*starts[1:], len(self.times)], strict=True):
            group = self.times[start:after]
            if group:
                self.reach = max(self.reach, max(group) - group[0])
                next_key = self.times[after] if after < len(self.times) else end
                self.longest = max(self.longest, next_key - group[0])


def orientation_of(frame: Any) -> Corner:
    """The display matrix of a frame, as the corner of it that turns and flips; UPRIGHT for one that no player obeys."""
    for data in frame.side_data:
        if data.type.name == "DISPLAYMATRIX":
            matrix = memoryview(bytes(data)).cast("i")
            corner = tuple(round(matrix[index] / 65536) for index in (0, 1, 3, 4))
            return corner if corner in ORIENTATIONS else UPRIGHT
    return UPRIGHT
