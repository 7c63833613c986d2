"""What a model has to offer so that it can find people and their joints in a frame.

Two seams: a detector says where people are, an estimator where their joints are. Each is a class without arguments,
named by its dotted path. The defaults lie in `onnx_models`; how others are plugged in: docs/perception.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Frame = NDArray[np.uint8]
"""A picture, (height, width, 3), blue, green and red."""
Joints = NDArray[np.float32]
"""17 joints in the order of COCO, (17, 3): x and y in pixels of the frame, confidence 0..1."""
Box = tuple[float, float, float, float]
"""Left, top, right and bottom in pixels of the frame."""

DEFAULT_DETECTOR = "annotation.accumulation.onnx_models.NanoDet"
DEFAULT_ESTIMATOR = "annotation.accumulation.onnx_models.MoveNetMultiPose"


@dataclass(frozen=True, eq=False)
class Person:
    """One person in one frame. score: 0..1, how sure the model is. keypoints: None from a detector."""

    box: Box
    score: float
    keypoints: Joints | None = None

    @property
    def height(self) -> float:
        """The longer side of the box in pixels, which is the body's height also of somebody who lies."""
        return max(self.box[3] - self.box[1], self.box[2] - self.box[0])


@runtime_checkable
class PersonDetector(Protocol):
    """Where people are. `name` is stored with every measurement: change it when the model changes."""

    name: str

    def detect(self, frame: Frame) -> Sequence[Person]:
        """Everybody in the frame, in any order."""
        ...


@runtime_checkable
class PoseEstimator(Protocol):
    """Where people's joints are. `name` is stored with every measurement: change it when the model changes."""

    name: str

    def estimate(self, frame: Frame, people: Sequence[Person] = ()) -> Sequence[Person]:
        """Everybody whose joints were found, each with keypoints.

        people: whom the detector found in this frame. A model that looks at one person at a time looks there; one that
        finds people by itself may leave it aside.
        """
        ...


class BadModel(ValueError):
    """A dotted path that leads to no usable model. The text names the path and what is wrong."""


def load_detector(dotted_path: str = DEFAULT_DETECTOR) -> PersonDetector:
    """A new detector. Raises BadModel."""
    detector: PersonDetector = load(dotted_path, PersonDetector)
    return detector


def load_estimator(dotted_path: str = DEFAULT_ESTIMATOR) -> PoseEstimator:
    """A new estimator. Raises BadModel."""
    estimator: PoseEstimator = load(dotted_path, PoseEstimator)
    return estimator


def load(dotted_path: str, protocol: type) -> Any:
    """An instance of the class at `dotted_path`, made without arguments, which offers what `protocol` asks.

    Raises BadModel, also when the class cannot be made: a package or its weights may be missing.
    """
    module_name, _, class_name = dotted_path.rpartition(".")
    if not module_name:
        raise BadModel(f"{dotted_path!r} is no dotted path of a class, such as {DEFAULT_DETECTOR!r}.")
    try:
        model_class = getattr(import_module(module_name), class_name)
    except (ImportError, AttributeError) as error:
        raise BadModel(f"{dotted_path!r} cannot be imported: {error}.") from error
    if not isinstance(model_class, type):
        raise BadModel(f"{dotted_path!r} is no class.")
    try:
        model = model_class()
    except Exception as error:  # it is other people's code: whatever it raises, the setting is what has to change
        raise BadModel(f"{dotted_path!r} cannot be made: {error}") from error
    if not isinstance(model, protocol):
        raise BadModel(f"{dotted_path!r} is no {protocol.__name__}: it lacks {_lacking(model, protocol)}.")
    return model


def _lacking(model: object, protocol: type) -> str:
    offered = {*getattr(protocol, "__annotations__", {}), *vars(protocol)}
    return ", ".join(sorted(name for name in offered if not name.startswith("_") and not hasattr(model, name)))
