"""The two seams, and that the default models find the people of the sample videos."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from annotation.accumulation.onnx_models import MoveNetMultiPose, NanoDet
from annotation.accumulation.perception import (
    DEFAULT_DETECTOR,
    DEFAULT_ESTIMATOR,
    BadModel,
    Frame,
    Person,
    PersonDetector,
    PoseEstimator,
    load,
    load_detector,
    load_estimator,
)
from tests.annotation.accumulation.moving_pictures import ASTRONAUT, ROOFTOP, THREE_PEOPLE, film, photograph

HERE = "tests.annotation.accumulation.test_perception"
# Where the man on the roof and the woman on the lawn are after 3 s, read off the picture: trunk, head and feet.
MAN, WOMAN = (310, 100), (545, 330)
NOSE = (372, 170)  # of the astronaut, at the beginning
HEADS_AND_FEET = {MAN: ((316, 42), (307, 208)), WOMAN: ((538, 265), (553, 432))}


class OneGiant:
    """A detector, and an estimator, of our own: somebody fills the picture, and holds all joints in its middle."""

    name = "one giant"

    def detect(self, frame: Frame) -> list[Person]:
        height, width = frame.shape[:2]
        return [Person((0, 0, width, height), 1.0)]

    def estimate(self, frame: Frame, people: Sequence[Person] = ()) -> list[Person]:
        height, width = frame.shape[:2]
        joints = np.tile(np.array([width / 2, height / 2, 1], np.float32), (17, 1))
        return [Person(person.box, person.score, joints) for person in people]


class Nameless:
    def detect(self, frame: Frame) -> list[Person]:
        return []


class NeedsAnArgument:
    def __init__(self, path: Path) -> None:
        self.path = path


not_a_class = 3


def inside(place: tuple[float, float], person: Person) -> bool:
    left, top, right, bottom = person.box
    return left < place[0] < right and top < place[1] < bottom


@pytest.fixture(scope="module")
def detector() -> NanoDet:
    return NanoDet()


@pytest.fixture(scope="module")
def estimator() -> MoveNetMultiPose:
    return MoveNetMultiPose()


def test_models_of_ones_own_are_chosen_by_their_path() -> None:
    detector, estimator = load_detector(f"{HERE}.OneGiant"), load_estimator(f"{HERE}.OneGiant")
    assert (detector.name, estimator.name) == ("one giant", "one giant")
    frame = np.zeros((40, 60, 3), np.uint8)
    (person,) = estimator.estimate(frame, detector.detect(frame))
    assert person.box == (0, 0, 60, 40)
    assert person.keypoints is not None and person.keypoints[16].tolist() == [30, 20, 1]


def test_the_defaults_are_what_their_paths_say() -> None:
    assert isinstance(load_detector(), NanoDet)
    assert isinstance(load_estimator(), MoveNetMultiPose)
    assert isinstance(load(DEFAULT_DETECTOR, PersonDetector), PersonDetector)
    assert isinstance(load(DEFAULT_ESTIMATOR, PoseEstimator), PoseEstimator)


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("NanoDet", "no dotted path"),
        ("annotation.accumulation.absent.Model", "cannot be imported: No module"),
        (f"{HERE}.Absent", "cannot be imported"),
        (f"{HERE}.not_a_class", "no class"),
        (f"{HERE}.NeedsAnArgument", "cannot be made"),
        (f"{HERE}.Nameless", "no PersonDetector: it lacks name"),
        (DEFAULT_ESTIMATOR, "no PersonDetector: it lacks detect"),
    ],
)
def test_a_path_to_no_usable_model_says_what_is_wrong(path: str, says: str) -> None:
    with pytest.raises(BadModel, match=says) as raised:
        load_detector(path)
    assert repr(path) in str(raised.value)


def test_no_web_process_loads_the_models() -> None:
    slow = "cv2", "onnxruntime", "scenedetect"
    code = (
        f"import django, sys; django.setup(); import haic_annotate.urls; print([n for n in {slow} if n in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "[]"


def test_the_detector_finds_both_people_where_they_are(detector: NanoDet) -> None:
    people = detector.detect(photograph(ROOFTOP, 3.0))
    assert len(people) == 2
    assert sum(inside(MAN, person) for person in people) == sum(inside(WOMAN, person) for person in people) == 1
    assert all(detector.MIN_SCORE < person.score <= 1 and person.keypoints is None for person in people)


def test_boxes_stay_inside_the_picture(detector: NanoDet) -> None:
    frame = photograph(ASTRONAUT, 0.0)
    (person,) = detector.detect(frame)
    left, top, right, bottom = person.box
    assert 0 <= left < right <= frame.shape[1] and 0 <= top < bottom <= frame.shape[0]
    assert bottom > 0.95 * frame.shape[0]  # she is cut off by the lower edge


def test_nobody_is_found_where_nobody_is(detector: NanoDet, estimator: MoveNetMultiPose) -> None:
    grey = np.full((480, 854, 3), 128, np.uint8)
    assert detector.detect(grey) == []
    assert estimator.estimate(grey) == []


def test_small_people_have_their_joints_where_they_stand(detector: NanoDet, estimator: MoveNetMultiPose) -> None:
    frame = photograph(ROOFTOP, 3.0)
    people = estimator.estimate(frame, detector.detect(frame))
    for place, (head, feet) in HEADS_AND_FEET.items():
        (person,) = [person for person in people if inside(place, person)]
        assert person.keypoints is not None and person.keypoints.shape == (17, 3)
        nose, *_, left_ankle, right_ankle = person.keypoints
        assert np.hypot(*(nose[:2] - head)) < 15
        assert np.hypot(*((left_ankle + right_ankle)[:2] / 2 - feet)) < 15


def test_the_detectors_boxes_tell_how_large_a_picture_is_needed(detector: NanoDet, estimator: MoveNetMultiPose) -> None:
    """This face has joints in a small picture only: who looks for small people does not find her."""
    frame = photograph(ASTRONAUT, 0.0)
    (face,) = estimator.estimate(frame, detector.detect(frame))
    assert face.keypoints is not None
    assert np.hypot(*(face.keypoints[0, :2] - NOSE)) < 20
    assert estimator.estimate(frame, [Person((0, 0, 30, 60), 0.9)]) == []


@pytest.mark.parametrize("size", [(200, 1000), (1000, 200), (33, 33), (1, 2)])
def test_pictures_of_any_shape_are_taken(detector: NanoDet, estimator: MoveNetMultiPose, size: tuple[int, int]) -> None:
    frame = np.zeros((*size, 3), np.uint8)
    assert detector.detect(frame) == []
    assert estimator.estimate(frame) == []


def test_the_same_people_are_found_in_a_picture_twice_as_large(detector: NanoDet) -> None:
    frame = film(THREE_PEOPLE)[8]
    small = detector.detect(frame)
    large = detector.detect(np.repeat(np.repeat(frame, 2, axis=0), 2, axis=1))
    assert len(small) == len(large) > 0
    for person, same in zip(small, large, strict=True):
        assert np.allclose(np.array(person.box) * 2, same.box, atol=0.03 * 1280)
