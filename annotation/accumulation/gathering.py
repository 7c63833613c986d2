"""What is gathered of one scene while its samples go by: small numbers of each, and a few thumbnails to choose from."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil
from statistics import fmean
from typing import Any

from annotation.accumulation.measurements import SceneMeasurement
from annotation.accumulation.motion import BodyMotion
from annotation.accumulation.people import Existence
from annotation.accumulation.perception import Frame, Person
from annotation.accumulation.pictures import as_jpeg
from annotation.accumulation.scenes import Bars, bars_of

THUMBNAIL_SIDE = 480
MAX_SHOWN = 20  # people whose boxes are kept with a thumbnail: nobody can tell more apart on it
STRETCHES = 4  # of a scene's longest part, each with its own best thumbnail, since the parts are not known yet
HASHED_AT = (1 / 6, 3 / 6, 5 / 6)


@dataclass(frozen=True)
class Sample:
    """A frame that is looked at for people, small and as shown."""

    number: int
    time_ms: int
    picture: Frame


@dataclass(frozen=True, slots=True)
class _Figures:
    time_ms: int
    people: int
    area: float
    bars: tuple[int, int, int, int] | None
    phash: str


@dataclass(frozen=True, slots=True)
class _Thumbnail:
    time_ms: int
    covered: float
    jpeg: bytes
    shown: dict[str, Any]


class SceneAtHand:
    """A scene whose end is not known yet. start_frame, start_ms: where it begins.

    max_ms: how long it may be; a longer one falls into parts when it is over.
    """

    def __init__(self, start_frame: int, start_ms: int, max_ms: int) -> None:
        self.start_frame = start_frame
        self.motion = BodyMotion()
        self._start_ms = start_ms
        self._max_ms = max_ms
        self._samples: list[_Figures] = []
        self._thumbnails: dict[int, _Thumbnail] = {}

    def add(self, sample: Sample, phash: str, found: Sequence[Person], posed: Sequence[Person]) -> None:
        """A sample with the people that the detector found in it, and those whose joints were found."""
        existence = Existence()
        existence.add(found, sample.picture.shape)
        (people,), area = existence.result()
        self._samples.append(_Figures(sample.time_ms, people, area, bars_of(sample.picture), phash))
        stretch = (sample.time_ms - self._start_ms) // max(1, self._max_ms // STRETCHES)
        best, covered = self._thumbnails.get(stretch), _covered(found, sample.picture)
        if best is None or covered > best.covered:
            jpeg = as_jpeg(sample.picture, THUMBNAIL_SIDE)
            self._thumbnails[stretch] = _Thumbnail(sample.time_ms, covered, jpeg, _shown(sample, found, posed))

    def parts(self, times: Sequence[int], end_frame: int, end_ms: int) -> list[tuple[int, int]]:
        """The scene as (first frame, end frame), or its equal parts if it is too long. times: of all frames, in ms."""
        start, length = self.start_frame, end_ms - self._start_ms
        least = max(1, ceil(length / self._max_ms))
        bounds: list[int] = []
        for count in (least, least + 1):  # a frame's length may make a part too long by a hair
            wanted = [self._start_ms + length * number / count for number in range(1, count)]
            bounds = sorted({start, *(bisect_left(times, time, start, end_frame) for time in wanted), end_frame})
            if all(_time(times, b, end_frame, end_ms) - times[a] <= self._max_ms for a, b in pairwise(bounds)):
                break
        return list(pairwise(bounds))

    def measured(
        self, part: tuple[int, int], start_ms: int, end_ms: int, *, scale: float, thumbnail: str
    ) -> tuple[SceneMeasurement, bytes]:
        """The figures of one part, and its thumbnail, which is to be called `thumbnail`.

        scale: how many pixels of the video lie in one of the samples.
        """
        samples = [sample for sample in self._samples if start_ms <= sample.time_ms < end_ms]
        bars = Bars()
        for sample in samples:
            bars.add(sample.bars)
        motion, pairs = self.motion.motion_between(start_ms, end_ms)
        left, top, right, bottom = (round(lines * scale) for lines in bars.result())
        best = self._thumbnail_for(start_ms, end_ms)
        measurement = SceneMeasurement(
            start_frame=part[0],
            end_frame=part[1],
            start_ms=start_ms,
            end_ms=end_ms,
            samples=len(samples),
            people=tuple(sample.people for sample in samples),
            area=round(fmean([sample.area for sample in samples] or [0.0]), 6),
            motion=round(motion, 6),
            pairs=pairs,
            bars=(left, top, right, bottom),
            hashes=_hashes(samples, start_ms, end_ms),
            thumbnail=thumbnail,
            shown=best.shown,
        )
        return measurement, best.jpeg

    def _thumbnail_for(self, start_ms: int, end_ms: int) -> _Thumbnail:
        """The one on which most is covered by people, of those between the two times; else the nearest there is."""
        middle = (start_ms + end_ms) / 2
        near_first = sorted(self._thumbnails.values(), key=lambda kept: (abs(kept.time_ms - middle), kept.time_ms))
        inside = [kept for kept in near_first if start_ms <= kept.time_ms < end_ms]
        return max(inside, key=lambda kept: kept.covered) if inside else near_first[0]


def _time(times: Sequence[int], frame: int, end_frame: int, end_ms: int) -> int:
    return end_ms if frame == end_frame else times[frame]


def _hashes(samples: list[_Figures], start_ms: int, end_ms: int) -> tuple[str, ...]:
    if not samples:
        return ()
    wanted = [start_ms + (end_ms - start_ms) * share for share in HASHED_AT]
    return tuple(min(samples, key=lambda sample: abs(sample.time_ms - time)).phash for time in wanted)


def _area(person: Person) -> float:
    left, top, right, bottom = person.box
    return max(0.0, right - left) * max(0.0, bottom - top)


def _covered(people: Sequence[Person], picture: Frame) -> float:
    height, width = picture.shape[:2]
    return sum(map(_area, people)) / float(height * width)


def _shown(sample: Sample, found: Sequence[Person], posed: Sequence[Person]) -> dict[str, Any]:
    height, width = sample.picture.shape[:2]

    def across(x: float) -> int:
        return round(1000 * min(max(float(x) / float(width), 0.0), 1.0))

    def down(y: float) -> int:
        return round(1000 * min(max(float(y) / float(height), 0.0), 1.0))

    largest = sorted(found, key=_area, reverse=True)[:MAX_SHOWN]
    skeletons = [person.keypoints for person in sorted(posed, key=_area, reverse=True) if person.keypoints is not None]
    return {
        "time_ms": sample.time_ms,
        "boxes": [[across(p.box[0]), down(p.box[1]), across(p.box[2]), down(p.box[3])] for p in largest],
        "skeletons": [
            [[across(x), down(y), round(100 * float(c))] for x, y, c in joints] for joints in skeletons[:MAX_SHOWN]
        ],
    }
