"""Human existence: what is counted, and that the defaults separate the sample videos."""

import pytest

from annotation.accumulation.onnx_models import NanoDet
from annotation.accumulation.people import Existence
from annotation.accumulation.perception import Person
from tests.annotation.accumulation.moving_pictures import (
    ASTRONAUT,
    GRID_S,
    ONE_MAN,
    ROOFTOP,
    SAMPLE_S,
    SECOND_SCENE_S,
    THREE_PEOPLE,
    TWO_SCENES,
    film,
)

SHAPE = (100, 200, 3)
# The defaults of the platform that these measurements speak for.
PEOPLE_SHARE, AREA_MIN = 0.8, 0.01
STEP = round(SAMPLE_S / GRID_S)


def somebody(left: float, top: float, right: float, bottom: float) -> Person:
    return Person((left, top, right, bottom), 0.9)


def test_people_are_counted_in_each_frame_and_the_largest_is_measured() -> None:
    existence = Existence()
    existence.add([somebody(0, 0, 100, 50), somebody(0, 0, 20, 20)], SHAPE)  # 5,000 of 20,000 pixels: 0.25
    existence.add([somebody(150, 50, 200, 100)], SHAPE)  # 2,500 of 20,000: 0.125
    existence.add([], SHAPE)  # 0
    counts, area = existence.result()
    assert counts == (2, 1, 0)
    assert area == pytest.approx((0.25 + 0.125 + 0) / 3)


def test_a_box_turned_inside_out_covers_nothing() -> None:
    existence = Existence()
    existence.add([somebody(50, 50, 40, 40)], SHAPE)
    assert existence.result() == ((1,), 0.0)


def test_nothing_added_is_nobody() -> None:
    assert Existence().result() == ((), 0.0)


@pytest.fixture(scope="module")
def detector() -> NanoDet:
    return NanoDet()


@pytest.mark.parametrize(
    ("video", "start_s", "end_s", "there"),
    [
        (ROOFTOP, 0.0, 7.7, True),
        (ONE_MAN, 0.0, 1.7, True),
        (THREE_PEOPLE, 0.0, 1.7, True),
        (TWO_SCENES, SECOND_SCENE_S, 10.0, True),
        (ASTRONAUT, 0.0, 2.0, True),
        ("raw/frozen.mp4", 0.0, 1.0, True),
        ("raw/no-people.mp4", 0.0, 5.0, False),
    ],
)
def test_the_defaults_tell_the_samples_with_people_from_those_without(
    detector: NanoDet, video: str, start_s: float, end_s: float, there: bool
) -> None:
    existence = Existence()
    for frame in film(video)[round(start_s / GRID_S) : round(end_s / GRID_S) : STEP]:
        existence.add(detector.detect(frame), frame.shape)
    counts, area = existence.result()
    share = sum(count >= 1 for count in counts) / len(counts)
    assert (share >= PEOPLE_SHARE and area >= AREA_MIN) is there
    if not there:
        assert share < PEOPLE_SHARE / 2 and area < AREA_MIN / 2
