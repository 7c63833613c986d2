"""Human action: how much bodies move by themselves, when what the camera does is taken out.

Unit: body heights between two samples, which the pipeline takes 0.4 s apart. In a photograph that is panned, zoomed,
turned or shaken the camera's movement explains every joint, so it measures about 0; people who walk or lift an arm
do not. What was measured: docs/perception.md.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from statistics import median

import cv2
import numpy as np
from numpy.typing import NDArray

from annotation.accumulation.perception import Frame, Joints, Person

Grey = NDArray[np.uint8]
Places = NDArray[np.float32]
"""(n, 2): x and y in pixels of the small picture."""
CameraMap = NDArray[np.float64]
"""(3, 3): what the camera's movement does to (x, y, 1), in pixels of the small picture."""

SIDE = 480
"""Movement is measured in a small grey picture whose longer side has at most so many pixels."""
MIN_CONFIDENCE = 0.3
MIN_JOINTS = 6
"""So many joints must be seen in both samples; a face alone has five."""
LIVELY_SHARE = 75
"""Percentile of a body's joints: who lifts one arm moves, one joint that was mistaken does not."""
MAX_STEP = 0.5
"""Body heights. Who is further away is somebody else."""
MIN_FEATURES = 8
MAX_FEATURES = 200
EXPLAINED = 0.9
"""The share of features from which a map is believed to be the camera's."""
TOLERANCE_PX = 2.0
MARGIN_PX = 4


@dataclass(frozen=True)
class _Body:
    """Joints, box (left, top, right, bottom) and height in pixels of the small picture."""

    joints: Joints
    box: tuple[int, int, int, int]
    height: float


@dataclass(frozen=True)
class _Sample:
    time_ms: int
    picture: Grey
    bodies: tuple[_Body, ...]


class BodyMotion:
    """Fed sample by sample in the order of time; keeps one small picture, and one number for each pair of samples."""

    def __init__(self) -> None:
        self._previous: _Sample | None = None
        self._starts: list[int] = []
        self._ends: list[int] = []
        self._values: list[float | None] = []

    def add(self, time_ms: int, frame: Frame, people: Sequence[Person]) -> None:
        """A sampled frame and the people in it, with keypoints. Its time is later than that of the sample before."""
        sample = _sample(time_ms, frame, people)
        if self._previous is not None:
            self._starts.append(self._previous.time_ms)
            self._ends.append(time_ms)
            self._values.append(_motion(self._previous, sample))
        self._previous = sample

    def motion_between(self, start_ms: int, end_ms: int) -> tuple[float, int]:
        """The median over the pairs inside [start_ms, end_ms), and how many could be measured; 0.0 if none could."""
        first, end = bisect_left(self._starts, start_ms), bisect_left(self._ends, end_ms)
        values = [value for value in self._values[first:end] if value is not None]
        return (median(values) if values else 0.0), len(values)


def _sample(time_ms: int, frame: Frame, people: Sequence[Person]) -> _Sample:
    scale = min(1.0, SIDE / max(frame.shape[:2]))
    size = (max(1, round(frame.shape[1] * scale)), max(1, round(frame.shape[0] * scale)))
    grey = cv2.cvtColor(cv2.resize(frame, size, interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2GRAY)
    bodies = []
    for person in people:
        if person.keypoints is not None:
            left, top, right, bottom = (round(edge * scale) for edge in person.box)
            joints = person.keypoints * np.array([scale, scale, 1], np.float32)
            bodies.append(_Body(joints, (left, top, right, bottom), max(1.0, person.height * scale)))
    return _Sample(time_ms, _evenly_lit(grey), tuple(bodies))


def _evenly_lit(grey: NDArray) -> Grey:
    """Brought to one brightness and contrast, so that features are followed through a fade."""
    middle, spread = float(grey.mean()), max(4.0, float(grey.std()))
    return cv2.convertScaleAbs(grey, alpha=50 / spread, beta=128 - middle * 50 / spread).astype(np.uint8, copy=False)


def _motion(before: _Sample, after: _Sample) -> float | None:
    """The liveliest body's movement in body heights; None if nobody is in both samples, or if nothing in the picture
    tells what the camera did: a raw movement would pass a photograph that is panned."""
    if not before.bodies or not after.bodies:
        return None
    camera = _camera(before, after)
    if camera is None:
        return None
    steps = [
        (float(np.median(joint_steps)), joint_steps, a, b)
        for (a, body), (b, other) in product(enumerate(before.bodies), enumerate(after.bodies))
        if (joint_steps := _joint_steps(body, other, camera)) is not None
    ]
    # The nearest are the same person, and each person is one other only: two who stand close together would otherwise
    # be taken for one who leaps.
    steps.sort(key=lambda step: step[0])
    seen_before: set[int] = set()
    seen_after: set[int] = set()
    liveliest: float | None = None
    for middle, joint_steps, a, b in steps:
        if middle >= MAX_STEP or a in seen_before or b in seen_after:
            continue
        seen_before.add(a)
        seen_after.add(b)
        liveliest = max(liveliest or 0.0, float(np.percentile(joint_steps, LIVELY_SHARE)))
    return liveliest


def _joint_steps(body: _Body, other: _Body, camera: CameraMap) -> NDArray | None:
    """How far each joint that is seen in both is from where the camera alone would have put it, in body heights."""
    seen = (body.joints[:, 2] > MIN_CONFIDENCE) & (other.joints[:, 2] > MIN_CONFIDENCE)
    if np.count_nonzero(seen) < MIN_JOINTS:
        return None
    expected = cv2.perspectiveTransform(body.joints[None, seen, :2].astype(np.float64), camera)[0]
    steps: NDArray = np.linalg.norm(expected - other.joints[seen, :2], axis=1)
    return steps / body.height


def _camera(before: _Sample, after: _Sample) -> CameraMap | None:
    """What the camera did between two samples; None if too few places can be followed.

    Looked for outside people's boxes; where nothing there can be held on to (a studio, a close-up), in the whole
    picture: a photograph then still explains itself, and of who moves at least the limbs stay unexplained.
    """
    outside = np.full(before.picture.shape, 255, np.uint8)
    for body in (*before.bodies, *after.bodies):
        left, top, right, bottom = body.box
        outside[
            max(0, top - MARGIN_PX) : max(0, bottom + MARGIN_PX), max(0, left - MARGIN_PX) : max(0, right + MARGIN_PX)
        ] = 0
    for mask in (outside, None):
        followed = _followed(before.picture, after.picture, mask)
        if followed is not None and (camera := _map_of(*followed)) is not None:
            return camera
    return None


def _followed(before: Grey, after: Grey, mask: Grey | None) -> tuple[Places, Places] | None:
    """Places that can be told from their surroundings, before and after; only those that lead back to themselves."""
    if before.shape != after.shape:
        return None
    start = cv2.goodFeaturesToTrack(before, MAX_FEATURES, 0.01, 6, mask=mask)
    if start is None or len(start) < MIN_FEATURES:
        return None
    start = np.asarray(start, np.float32).reshape(-1, 1, 2)
    end, found, _ = cv2.calcOpticalFlowPyrLK(before, after, start, np.empty_like(start))
    back, found_back, _ = cv2.calcOpticalFlowPyrLK(after, before, end, np.empty_like(start))
    sure = (found.ravel() == 1) & (found_back.ravel() == 1) & (np.linalg.norm(back - start, axis=2).ravel() < 1)
    if np.count_nonzero(sure) < MIN_FEATURES:
        return None
    return start[sure, 0], end[sure, 0]


def _map_of(start: Places, end: Places) -> CameraMap | None:
    """The simplest map that explains most of the features: shift, turn and zoom, or else a picture seen aslant.

    Where neither does, as when the camera travels past things near and far, the first.
    """
    similar, inliers = cv2.estimateAffinePartial2D(start, end, ransacReprojThreshold=TOLERANCE_PX)
    if similar is not None and inliers.mean() >= EXPLAINED:
        return _square(similar)
    aslant, inliers = cv2.findHomography(start, end, cv2.RANSAC, TOLERANCE_PX)
    if aslant is not None and inliers.mean() >= EXPLAINED:
        return aslant.astype(np.float64)
    return None if similar is None else _square(similar)


def _square(affine: NDArray) -> CameraMap:
    return np.vstack([affine, [0, 0, 1]]).astype(np.float64)
