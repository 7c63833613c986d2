"""The default models: NanoDet for people, MoveNet MultiPose for joints. Both run on one core and need no network.

Where the weights come from: NOTICE. What was measured of them: docs/perception.md.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime  # type: ignore[import-untyped]
from numpy.typing import NDArray

from annotation.accumulation.perception import Box, Frame, Person

WEIGHTS = Path(__file__).parent / "weights"
# Both cores have a video each; threads inside a model would only wait for one another.
THREADS = 1


def _session(path: Path) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = THREADS
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def _reduced(frame: Frame, longest: int) -> tuple[Frame, float]:
    """The frame with its longer side made `longest` pixels, and the factor that did it."""
    height, width = frame.shape[:2]
    factor = longest / max(height, width)
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    way = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    return cv2.resize(frame, size, interpolation=way).astype(np.uint8, copy=False), factor


class NanoDet:
    """NanoDet-g at 416 pixels, of which only the class "person" is read.

    The model gives, for three grids of cells, a score for each class and for each side of the box a distribution over
    0..10 strides, whose mean is the distance of that side from the cell's middle (generalized focal loss).
    """

    name = "nanodet-g-416"
    SIDE = 416
    # Below 0.4 things are taken for people, above it people in odd postures are missed: docs/perception.md.
    MIN_SCORE = 0.4
    MAX_OVERLAP = 0.5
    # Mean and deviation of blue, green and red in the pictures it was trained on.
    MEAN = np.array([103.53, 116.28, 123.675], np.float32)
    DEVIATION = np.array([57.375, 57.12, 58.395], np.float32)
    CLASSES, STEPS = 80, 11

    def __init__(self) -> None:
        self._session = _session(WEIGHTS / "nanodet.onnx")
        self._input = self._session.get_inputs()[0].name
        outputs = self._session.get_outputs()
        self._names = [output.name for output in outputs]
        # Outputs by the number of their cells: (name of the scores, name of the sides).
        self._grids = {
            output.shape[1]: (
                output.name,
                next(
                    other.name
                    for other in outputs
                    if other.shape[1] == output.shape[1] and other.shape[2] == 4 * self.STEPS
                ),
            )
            for output in outputs
            if output.shape[2] == self.CLASSES
        }

    def detect(self, frame: Frame) -> list[Person]:
        """Everybody in the frame, the surest first."""
        picture, factor = _reduced(frame, self.SIDE)
        padded = np.zeros((self.SIDE, self.SIDE, 3), np.float32)
        padded[: picture.shape[0], : picture.shape[1]] = picture
        batch = ((padded - self.MEAN) / self.DEVIATION).transpose(2, 0, 1)[None]
        found = dict(zip(self._names, self._session.run(self._names, {self._input: batch}), strict=True))
        boxes, scores = zip(*(self._of_grid(cells, found) for cells in self._grids), strict=True)
        height, width = frame.shape[:2]
        edges = np.concatenate(boxes) / factor
        edges = np.clip(edges, 0, np.array([width, height, width, height], np.float32))
        return self._without_doubles(edges, np.concatenate(scores))

    def _of_grid(self, cells: int, found: dict[str, Any]) -> tuple[NDArray, NDArray]:
        """Boxes (n, 4) in pixels of the model's picture and scores (n,) of one grid."""
        score_name, side_name = self._grids[cells]
        scores = found[score_name][0][:, 0]
        sure = np.flatnonzero(scores > self.MIN_SCORE)
        across = round(cells**0.5)
        stride = self.SIDE // across
        logits = found[side_name][0][sure].reshape(-1, 4, self.STEPS)
        weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
        left, top, right, bottom = (weights @ np.arange(self.STEPS) / weights.sum(axis=-1) * stride).T
        x, y = (sure % across + 0.5) * stride, (sure // across + 0.5) * stride
        return np.stack([x - left, y - top, x + right, y + bottom], axis=1), scores[sure]

    def _without_doubles(self, edges: NDArray, scores: NDArray) -> list[Person]:
        corners_and_sizes = np.concatenate([edges[:, :2], edges[:, 2:] - edges[:, :2]], axis=1)
        kept = cv2.dnn.NMSBoxes(corners_and_sizes.tolist(), scores.tolist(), self.MIN_SCORE, self.MAX_OVERLAP)
        return [Person(_box(edges[number]), float(scores[number])) for number in np.ravel(kept).astype(int)]


class MoveNetMultiPose:
    """MoveNet MultiPose Lightning: up to six people with 17 joints each.

    It takes pictures of any size. Large people are found in small pictures, small people only in large ones, so the
    size follows the largest person whom the detector found.
    """

    name = "movenet-multipose-lightning"
    MIN_SCORE = 0.2
    # Sides that the model accepts are multiples of this.
    STEP = 32
    # Two sizes only: between samples of different sizes joints tremble, and 384 pixels let a photograph pass.
    SMALL, LARGE = 256, 512
    # The share of the picture's longer side from which somebody is large.
    LARGE_PERSON = 0.3

    def __init__(self) -> None:
        self._session = _session(WEIGHTS / "movenet-multipose.onnx")
        self._input = self._session.get_inputs()[0].name

    def estimate(self, frame: Frame, people: Sequence[Person] = ()) -> list[Person]:
        """Up to six people with their joints. people: whom a detector found; without them small ones are looked for."""
        return self._at(frame, self._longest_for(frame, people))

    def _longest_for(self, frame: Frame, people: Sequence[Person]) -> int:
        tallest = max((person.height for person in people), default=0.0)
        return self.SMALL if tallest >= self.LARGE_PERSON * max(frame.shape[:2]) else self.LARGE

    def _at(self, frame: Frame, longest: int) -> list[Person]:
        picture, factor = _reduced(frame, longest)
        height, width = (-(-side // self.STEP) * self.STEP for side in picture.shape[:2])
        padded = np.zeros((1, height, width, 3), np.int32)
        padded[0, : picture.shape[0], : picture.shape[1]] = picture[..., ::-1]  # red first
        rows = self._session.run(None, {self._input: padded})[0][0]
        # A row: 17 times (y, x, confidence), top, left, bottom, right, score; places as shares of the padded picture.
        scale = np.array([width, height], np.float32) / factor
        found = []
        for row in rows:
            if row[55] < self.MIN_SCORE:
                continue
            joints = row[:51].reshape(17, 3)[:, [1, 0, 2]].astype(np.float32)
            joints[:, :2] *= scale
            edges = row[[52, 51, 54, 53]] * np.tile(scale, 2)
            found.append(Person(_box(edges), float(row[55]), joints))
        return found


def _box(edges: NDArray) -> Box:
    left, top, right, bottom = (float(edge) for edge in edges)
    return left, top, right, bottom
