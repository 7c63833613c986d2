"""Where a scene ends and the next begins, and the black bars round a picture. Small copies of two frames are kept.

The cuts are those of PySceneDetect's ContentDetector, frame by frame, but for two things that it takes for scenes.
After a flash the picture is again what it was before: such a jump is no cut. In a burst of jumps (a strobe light, a
montage of a few frames each) only the first and the last are cuts.
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from scenedetect.common import FrameTimecode
from scenedetect.detectors import ContentDetector

DEFAULT_THRESHOLD = 27.0  # mean difference of hue, saturation and brightness, of 255: PySceneDetect's own
SMALL_SIDE = 256  # px: enough to tell scenes apart
CALM_MS = 300  # a jump is a cut when the picture has stayed for so long, and a flash when it is back before

DARK = 24  # brightness (of 255) that is black, with the noise of a coding
MAY_BE_BRIGHT = 0.01  # share of a black line's pixels that may be brighter: ringing beside the picture

Picture = Any  # uint8 (height, width, 3), BGR


@dataclass
class _Jumps:
    """Jumps that follow each other at once. before: the last picture before the first of them."""

    first: int
    last: int
    first_ms: int
    last_ms: int
    before: Picture
    is_cut: bool = False  # the first of them, for sure

    @property
    def settled(self) -> int:
        return self.last if self.is_cut else self.first


class SceneCuts:
    """Feed it every frame, small, in order. What it is shown last may still be in doubt for CALM_MS.

    settled: frames before this number will not change their scene any more. was_flash: whether the last frame showed
    that the jump in doubt was none.
    """

    def __init__(self, threshold: float = DEFAULT_THRESHOLD) -> None:
        self.threshold = threshold
        self.settled = 0
        self.was_flash = False
        self._detector = _detector(threshold)
        self._cuts: list[int] = []
        self._jumps: _Jumps | None = None
        self._before: Picture = None

    def add(self, number: int, time_ms: int, picture: Picture) -> list[int]:
        """The cuts that are certain since this frame: numbers of frames with which a scene begins, mostly none."""
        found = self._settle(time_ms, picture)
        if self._jumps_at(number, picture) and not self.was_flash:
            found += self._jumped(number, time_ms)
        self._before = picture
        self.settled = number + 1 if self._jumps is None else self._jumps.settled
        self._cuts += found
        return found

    @property
    def is_doubtful(self) -> bool:
        """Whether the picture jumped a moment ago, and it is not known yet what that was."""
        return self._jumps is not None

    def close(self) -> list[int]:
        """The cuts that were in doubt when the video ended: the picture did not come back."""
        found = self._cuts_of_jumps()
        self._cuts += found
        return found

    def cuts(self) -> list[int]:
        return list(self._cuts)

    def _jumps_at(self, number: int, picture: Picture) -> bool:
        return bool(self._detector.process_frame(_timecode(number), picture))

    def _settle(self, time_ms: int, picture: Picture) -> list[int]:
        """Say what the jumps in doubt were, if this frame tells."""
        self.was_flash = False
        jumps = self._jumps
        if jumps is None:
            return []
        if time_ms - jumps.last_ms >= CALM_MS:
            return self._cuts_of_jumps()
        if not jumps.is_cut and time_ms - jumps.first_ms < CALM_MS and not self._differ(jumps.before, picture):
            self._jumps, self.was_flash = None, True
        return []

    def _cuts_of_jumps(self) -> list[int]:
        jumps, self._jumps = self._jumps, None
        if jumps is None:
            return []
        first = [] if jumps.is_cut else [jumps.first]
        return first + ([jumps.last] if jumps.last > jumps.first else [])

    def _jumped(self, number: int, time_ms: int) -> list[int]:
        jumps = self._jumps
        if jumps is None:
            self._jumps = _Jumps(number, number, time_ms, time_ms, self._before)
            return []
        jumps.last, jumps.last_ms = number, time_ms
        if jumps.is_cut or time_ms - jumps.first_ms < CALM_MS:
            return []
        jumps.is_cut = True  # a burst that is longer than a flash
        return [jumps.first]

    def _differ(self, one: Picture, other: Picture) -> bool:
        detector = _detector(self.threshold)
        detector.process_frame(_timecode(0), one)
        return bool(detector.process_frame(_timecode(1), other))


def _detector(threshold: float) -> ContentDetector:
    """One that reports each jump at once: which of them are cuts is decided here."""
    return ContentDetector(threshold=threshold, min_scene_len=0)


def _timecode(number: int) -> FrameTimecode:
    return FrameTimecode(number, 25.0)  # the rate is not looked at


class Bars:
    """Letterbox and pillarbox: the lines at the edges that are black in all the pictures it is fed."""

    def __init__(self) -> None:
        self._found: tuple[int, int, int, int] | None = None

    def add(self, bars: tuple[int, int, int, int] | None) -> None:
        """bars: of one picture, as `bars_of` gives them; None leaves things as they are."""
        if bars is not None:
            left, top, right, bottom = (map(min, bars, self._found)) if self._found else bars
            self._found = left, top, right, bottom

    def result(self) -> tuple[int, int, int, int]:
        """Left, top, right, bottom, in pixels of the pictures; zeros where no picture told."""
        return self._found or (0, 0, 0, 0)


def bars_of(picture: Picture) -> tuple[int, int, int, int] | None:
    """How many lines are black at the left, top, right and bottom of one picture; None if all of it is."""
    bright = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY) > DARK
    rows = np.flatnonzero(bright.mean(axis=1) > MAY_BE_BRIGHT)
    columns = np.flatnonzero(bright.mean(axis=0) > MAY_BE_BRIGHT)
    if not len(rows) or not len(columns):
        return None
    height, width = bright.shape
    return int(columns[0]), int(rows[0]), width - 1 - int(columns[-1]), height - 1 - int(rows[-1])
