"""Human action: photographs lie still whatever the camera does, people who move do not.

`-rP` prints the table of the labelled set, `-m fuzz` measures the longer one.
"""

import gc
import weakref
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest

from annotation.accumulation.motion import BodyMotion
from annotation.accumulation.onnx_models import MoveNetMultiPose, NanoDet
from annotation.accumulation.perception import Frame, Joints, Person
from tests.annotation.accumulation.moving_pictures import (
    SAMPLE_S,
    MovingPicture,
    everyday_clips,
    further_clips,
)

ACTION_MIN = 0.06
"""The platform's default, in body heights between two samples."""

HEIGHT = 100
"""Of the bodies made here, in pixels; the pictures are as large as those that movement is measured in."""
HERE = (200.0, 120.0)
Place = tuple[float, float]


# --- by hand ----------------------------------------------------------------------------------------------------------


def wall(shift: int = 0, light: float = 1.0) -> Frame:
    """A picture full of features, of which another part is seen when the camera goes `shift` pixels to the left."""
    rough = np.random.default_rng(3).integers(0, 256, (90, 170, 3), dtype=np.uint8)
    large = cv2.resize(rough, (680, 360), interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip(large[40:310, 100 - shift : 580 - shift] * light, 0, 255), np.uint8)


def joints_at(place: Place) -> Joints:
    """17 joints over a body whose left upper corner is at `place`."""
    x, y = np.meshgrid(np.linspace(2, 38, 4), np.linspace(2, 98, 5))
    spots = np.stack([x.ravel()[:17] + place[0], y.ravel()[:17] + place[1], np.full(17, 0.9)], axis=1)
    return spots.astype(np.float32)


def somebody(place: Place, joints: Joints | None = None) -> Person:
    x, y = place
    return Person((x, y, x + 40, y + HEIGHT), 0.9, joints_at(place) if joints is None else joints)


def measured(*samples: tuple[Frame, Iterable[Person]]) -> tuple[float, int]:
    motion = BodyMotion()
    for number, (frame, people) in enumerate(samples):
        motion.add(number * 400, frame, list(people))
    return motion.motion_between(0, len(samples) * 400)


def to_the_right(pixels: float) -> Place:
    return HERE[0] + pixels, HERE[1]


def test_a_body_that_moves_is_measured_in_its_own_heights() -> None:
    value, pairs = measured((wall(), [somebody(HERE)]), (wall(), [somebody(to_the_right(20))]))
    assert pairs == 1
    assert value == pytest.approx(20 / HEIGHT, abs=0.002)


def test_what_the_camera_does_is_taken_out() -> None:
    value, pairs = measured((wall(), [somebody(HERE)]), (wall(20), [somebody(to_the_right(20))]))
    assert pairs == 1
    assert value < 0.002


def test_a_body_that_the_camera_follows_moves() -> None:
    value, _ = measured((wall(), [somebody(HERE)]), (wall(20), [somebody(HERE)]))
    assert value == pytest.approx(20 / HEIGHT, abs=0.002)


def test_a_camera_is_followed_through_a_change_of_light() -> None:
    value, pairs = measured((wall(), [somebody(HERE)]), (wall(20, light=0.3), [somebody(to_the_right(20))]))
    assert pairs == 1
    assert value < 0.01


def test_a_larger_picture_measures_the_same() -> None:
    def large(frame: Frame) -> Frame:
        return np.repeat(np.repeat(frame, 3, axis=0), 3, axis=1)

    def enlarged(person: Person) -> Person:
        assert person.keypoints is not None
        left, top, right, bottom = (edge * 3 for edge in person.box)
        return Person((left, top, right, bottom), 0.9, person.keypoints * np.array([3, 3, 1], np.float32))

    value, _ = measured(
        (large(wall()), [enlarged(somebody(HERE))]), (large(wall(10)), [enlarged(somebody(to_the_right(30)))])
    )
    assert value == pytest.approx(20 / HEIGHT, abs=0.002)


@pytest.mark.parametrize(("moved", "value"), [(4, 0.0), (5, 0.3)])
def test_one_limb_is_action_and_fewer_joints_are_none(moved: int, value: float) -> None:
    # 17 joints: the 75th percentile is the 13th smallest, the first of five that moved and none of four.
    joints = joints_at(HERE)
    joints[:moved, 1] -= 30
    assert measured((wall(), [somebody(HERE)]), (wall(), [somebody(HERE, joints)]))[0] == pytest.approx(
        value, abs=0.002
    )


def test_the_liveliest_of_several_counts() -> None:
    before = [somebody((60, 120)), somebody(HERE)]
    value, _ = measured((wall(), before), (wall(), [somebody((65, 120)), somebody(to_the_right(12))]))
    assert value == pytest.approx(12 / HEIGHT, abs=0.002)


def test_two_who_stand_close_are_not_taken_for_one_who_leaps() -> None:
    both = [somebody(HERE), somebody(to_the_right(30))]
    assert measured((wall(), both), (wall(), both[::-1]))[0] < 0.002


def test_who_is_far_away_in_the_next_sample_is_somebody_else() -> None:
    assert measured((wall(), [somebody(HERE)]), (wall(), [somebody(to_the_right(60))])) == (0.0, 0)


def test_joints_that_are_not_sure_do_not_count() -> None:
    joints = joints_at(HERE)
    joints[:5, :2] += 40
    joints[:5, 2] = 0.1
    assert measured((wall(), [somebody(HERE)]), (wall(), [somebody(HERE, joints)]))[0] < 0.002
    assert measured((wall(), [somebody(HERE, joints)]), (wall(), [somebody(HERE)]))[0] < 0.002
    joints[:, 2] = 0.1
    joints[:5, 2] = 0.9  # five are too few
    assert measured((wall(), [somebody(HERE)]), (wall(), [somebody(HERE, joints)])) == (0.0, 0)


@pytest.mark.parametrize("people", [[], [Person((10, 10, 50, 110), 0.9)]])
def test_nobody_with_joints_is_no_measurement(people: list[Person]) -> None:
    assert measured((wall(), people), (wall(), people)) == (0.0, 0)


def test_a_pair_without_anything_to_hold_on_to_is_not_believed() -> None:
    grey = np.full((270, 480, 3), 90, np.uint8)
    assert measured((grey, [somebody(HERE)]), (grey, [somebody(to_the_right(20))])) == (0.0, 0)


def test_a_picture_of_another_size_is_no_pair() -> None:
    assert measured((wall(), [somebody(HERE)]), (wall()[:200], [somebody(HERE)])) == (0.0, 0)


def test_a_person_who_fills_the_picture_explains_the_camera() -> None:
    def filling(shift: float) -> Person:
        return Person((0, 0, 480, 270), 0.9, joints_at(to_the_right(shift)))

    value, pairs = measured((wall(), [filling(0)]), (wall(20), [filling(20)]))
    assert pairs == 1
    assert value < 0.002


def test_only_pairs_wholly_inside_a_scene_count() -> None:
    motion = BodyMotion()
    for number, shift in enumerate((0, 5, 15, 35, 75)):  # steps of 0.05, 0.1, 0.2 and 0.4 heights, at 0 s, 0.4 s …
        motion.add(number * 400, wall(), [somebody(to_the_right(shift))])
    middle, pairs = motion.motion_between(400, 1600)  # the sample at 1.6 s is the next scene's
    assert (round(middle, 3), pairs) == (0.15, 2)
    assert round(motion.motion_between(0, 1201)[0], 3) == 0.1
    assert motion.motion_between(401, 1200) == (0.0, 0)
    assert motion.motion_between(9000, 9999) == (0.0, 0)


def test_no_frame_is_kept() -> None:
    motion = BodyMotion()
    frame = wall()
    kept = weakref.ref(frame)
    motion.add(0, frame, [somebody(HERE)])
    del frame
    gc.collect()
    assert kept() is None


# --- the labelled set -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Scored:
    name: str
    moves: bool
    value: float
    pairs: int
    samples: int

    @property
    def is_right(self) -> bool:
        return (self.value >= ACTION_MIN) is self.moves


def scored(clips: Iterable[MovingPicture]) -> list[Scored]:
    """Each clip, measured as the pipeline does it: the detector's people are the estimator's hint."""
    detector, estimator = NanoDet(), MoveNetMultiPose()
    results = []
    for clip in clips:
        motion, number = BodyMotion(), 0
        for number, frame in enumerate(clip.frames(), start=1):
            motion.add(round(number * SAMPLE_S * 1000), frame, estimator.estimate(frame, detector.detect(frame)))
        value, pairs = motion.motion_between(0, 60_000)
        results.append(Scored(clip.name, clip.moves, value, pairs, number))
    return results


def table(results: list[Scored]) -> str:
    lines = []
    for result in sorted(results, key=lambda result: result.value):
        measured_of = f"{result.pairs} of {result.samples - 1} pairs"
        lines.append(f"{result.name:60} {result.value:.3f}  {measured_of}{'' if result.is_right else '  WRONG'}")
    still = [result.value for result in results if not result.moves]
    moving = [result.value for result in results if result.moves]
    passed = sum(value >= ACTION_MIN for value in moving)
    lines += [
        f"{len(still)} photographs, at most {max(still):.3f}; {sum(value >= ACTION_MIN for value in still)} pass",
        f"{len(moving)} clips of people, at least {min(moving):.3f}; {passed} pass",
        f"accuracy at {ACTION_MIN}: {sum(result.is_right for result in results)} of {len(results)}",
    ]
    return "\n".join(lines)


def check(results: list[Scored]) -> None:
    print(table(results))  # noqa: T201 - the figures are to be seen
    assert [result for result in results if not result.moves and not result.is_right] == []
    moving = [result for result in results if result.moves]
    assert sum(result.is_right for result in moving) >= 0.95 * len(moving)


@pytest.fixture(scope="module")
def everyday() -> list[Scored]:
    return scored(everyday_clips())


def test_no_photograph_passes_and_people_who_move_do(everyday: list[Scored]) -> None:
    assert len(everyday) >= 24
    check(everyday)


def test_photographs_fall_because_they_were_measured(everyday: list[Scored]) -> None:
    """A photograph in which nobody is recognised falls as well; that would prove nothing."""
    unmeasured = [result.name for result in everyday if not result.pairs]
    assert unmeasured == ["photograph: a face that fills the picture, panned"]  # its joints are too few


def test_each_clip_is_another(everyday: list[Scored]) -> None:
    names = [clip.name for clip in (*everyday_clips(), *further_clips())]
    assert len(set(names)) == len(names)
    assert {result.moves for result in everyday} == {True, False}


@pytest.mark.fuzz
def test_the_longer_set_is_told_apart_as_well() -> None:
    check(scored(further_clips()))


def test_the_figures_in_the_documentation_are_those_of_the_set(everyday: list[Scored]) -> None:
    page = (Path(__file__).parents[3] / "docs/perception.md").read_text()
    *_, still, moving, accuracy = table(everyday).splitlines()
    for line in (still, moving, accuracy):
        assert line in page, line
