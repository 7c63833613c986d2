"""What one decoding tells of a video. The people are white squares, which a stub finds; models have tests elsewhere."""

import json
import threading
import weakref
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from av.video.frame import VideoFrame

from annotation.accumulation import probe
from annotation.accumulation.limits import RAW_LIMITS, Refused
from annotation.accumulation.measurements import VideoMeasurement
from annotation.accumulation.measuring import measure
from annotation.accumulation.perception import Frame, Person
from annotation.services.near_duplicates import bits_between
from tests.annotation.accumulation.stub_models import Fails, FindsSquares, PosesSquares
from tests.annotation.accumulation.video_factory import Video, make_video

SAMPLES = Path(__file__).parents[3] / "samples" / "raw"
WIDTH, HEIGHT = 320, 240


def measured(path: Path, into: Path, *, detector: Any = None, **options: Any) -> VideoMeasurement:
    return measure(path, into=into, detector=detector or FindsSquares(), estimator=PosesSquares(), **options)


def room(seed: int, *, width: int = WIDTH, height: int = HEIGHT) -> Frame:
    """A place: dim blocks that are unlike those of any other seed."""
    coarse = np.random.default_rng(seed).integers(0, 150, (height // 40, width // 40, 3), dtype=np.uint8)
    return coarse.repeat(40, axis=0).repeat(40, axis=1)


def somebody(picture: Frame, left: int, top: int, width: int = 40, height: int = 80) -> Frame:
    with_person = picture.copy()
    with_person[top : top + height, left : left + width] = 255
    return with_person


def film(path: Path, pictures: Sequence[Frame], **video: Any) -> Path:
    """A video of these pictures, 25 a second unless told otherwise."""
    height, width = pictures[0].shape[:2]

    def paint(number: int) -> VideoFrame:
        frame: VideoFrame = VideoFrame.from_ndarray(pictures[number], format="bgr24")
        return frame

    return make_video(path, Video(width=width, height=height, frames=len(pictures), **video), paint=paint)


@pytest.fixture
def two_rooms(tmp_path: Path) -> Path:
    """Frames 0 to 32 in one room with somebody who grows, 33 to 74 in another, where nobody is."""
    first = [somebody(room(1), 100, 50, height=80 + number) for number in range(33)]
    return film(tmp_path / "two.mp4", [*first, *[room(2)] * 42])


def test_a_sample_video_is_split_where_its_scene_ends(into: Path) -> None:
    found = measured(SAMPLES / "two-scenes.mp4", into)
    assert (found.width, found.height, found.fps, found.frames) == (854, 480, 30.0, 300)
    assert [(scene.start_frame, scene.end_frame) for scene in found.scenes] == [(0, 200), (200, 300)]
    # 200 / 30 = 6.667 s
    assert [(scene.start_ms, scene.end_ms) for scene in found.scenes] == [(0, 6667), (6667, 10000)]
    # Samples at 0, 0.4, ... 6.4 s are 17; at 6.667, 7.067, ... 9.867 s 9.
    assert [scene.samples for scene in found.scenes] == [17, 9]
    left, top, right, bottom = found.scenes[1].bars
    assert left == pytest.approx(292, abs=2) and right == pytest.approx(292, abs=2)
    assert top < 4 and bottom < 4
    assert found.scenes[0].bars == (0, 0, 0, 0)


@pytest.mark.parametrize("name", ["people-in-action", "no-people", "gallery-pan-zoom", "frozen"])
def test_a_sample_video_of_one_scene_is_not_split(into: Path, name: str) -> None:
    (scene,) = measured(SAMPLES / f"{name}.mp4", into).scenes
    assert (scene.start_frame, scene.start_ms) == (0, 0)


def test_people_are_counted_in_samples_whose_clock_starts_anew_with_each_scene(two_rooms: Path, into: Path) -> None:
    times: list[int] = []
    found = measured(two_rooms, into, progress=times.append)
    # Frame 33 comes at 1,320 ms.
    assert times == [0, 400, 800, 1200, 1320, 1720, 2120, 2520, 2920]
    assert [scene.people for scene in found.scenes] == [(1, 1, 1, 1), (0, 0, 0, 0, 0)]
    assert [scene.samples for scene in found.scenes] == [4, 5]


def test_the_share_of_the_picture_that_somebody_covers_is_measured(tmp_path: Path, into: Path) -> None:
    # 40 x 80 of 320 x 240 pixels is 1/24; in two of the four samples (0, 400, 800, 1200 ms) nobody is there.
    pictures = [somebody(room(1), 100, 50)] * 15 + [room(1)] * 20
    (scene,) = measured(film(tmp_path / "x.mp4", pictures), into).scenes
    assert scene.people == (1, 1, 0, 0)
    assert scene.area == pytest.approx(1 / 24 / 2, rel=0.02)


def test_motion_is_that_of_the_body_in_a_room_that_stays(tmp_path: Path, into: Path) -> None:
    # 2 pixels a frame, 10 frames from sample to sample: 20 pixels, a quarter of the body's 80.
    walk = [somebody(room(1), 20 + 2 * number, 100) for number in range(50)]
    (scene,) = measured(film(tmp_path / "x.mp4", walk), into).scenes
    assert scene.pairs == 4  # of samples at 0, 400, ... 1600 ms
    assert scene.motion == pytest.approx(0.25, abs=0.03)


def test_pairs_of_samples_do_not_reach_over_a_cut(tmp_path: Path, into: Path) -> None:
    pictures = [somebody(room(1), 20, 100)] * 25 + [somebody(room(2), 250, 20)] * 25
    for scene in measured(film(tmp_path / "x.mp4", pictures), into).scenes:
        assert (scene.samples, scene.pairs) == (3, 2)
        assert scene.motion < 0.02


def test_a_sample_that_a_flash_lit_is_not_looked_at(tmp_path: Path, into: Path) -> None:
    lit = np.full_like(room(1), 255)
    pictures = [somebody(room(1), 100, 50)] * 50
    pictures[9:12] = [lit] * 3  # the sample at 400 ms would be frame 10
    times: list[int] = []
    (scene,) = measured(film(tmp_path / "x.mp4", pictures), into, progress=times.append).scenes
    assert scene.people == (1, 1, 1, 1, 1)
    assert [time for time in times if time != 360] == [0, 480, 880, 1280, 1680]


def test_each_scene_has_a_thumbnail_of_where_most_people_are(two_rooms: Path, into: Path) -> None:
    found = measured(two_rooms, into)
    assert sorted(path.name for path in into.iterdir()) == [scene.thumbnail for scene in found.scenes]
    assert [scene.thumbnail for scene in found.scenes] == ["scene-00001.jpg", "scene-00002.jpg"]
    first, second = found.scenes
    assert first.shown["time_ms"] == 1200  # the largest: frame 30 of those that were looked at
    # From (100, 50), 40 pixels wide and 110 high, in 320 x 240: 312, 208, 437 and 667 thousandths.
    (box,) = first.shown["boxes"]
    assert box == pytest.approx([312, 208, 437, 667], abs=8)
    (skeleton,) = first.shown["skeletons"]
    # The first joint lies a tenth down the box (50 + 11 of 240 pixels) and in its middle (120 of 320).
    assert len(skeleton) == 17 and skeleton[0] == pytest.approx([375, 254, 50], abs=8)
    assert (second.shown["boxes"], second.shown["skeletons"]) == ([], [])
    picture = cv2.imread(str(into / first.thumbnail))
    assert picture is not None and picture.shape == (HEIGHT, WIDTH, 3) and picture[155, 120].min() > 200


def test_three_fingerprints_tell_scenes_apart(two_rooms: Path, into: Path) -> None:
    first, second = measured(two_rooms, into).scenes
    assert (len(first.hashes), len(second.hashes)) == (3, 3)
    assert bits_between(second.hashes[0], second.hashes[2]) <= 2
    assert bits_between(first.hashes[0], second.hashes[0]) > 12


def test_scenes_have_the_times_of_their_frames_where_those_are_uneven(tmp_path: Path, into: Path) -> None:
    times = [0, 40, 500, 900, 1000, 1700, 2000, 2010, 3000]
    pictures = [room(1)] * 4 + [room(2)] * 5
    path = film(tmp_path / "x.mkv", pictures, times=times, tick=Fraction(1, 1000))
    found = measured(path, into)
    assert [(s.start_frame, s.end_frame, s.start_ms, s.end_ms) for s in found.scenes] == [
        (0, 4, 0, 1000),
        (4, 9, 1000, found.duration_ms),
    ]
    # Looked at: 0, 500, 900 (the first frames 400 ms later), and from the cut on 1000, 1700, 2010 is too early, 3000.
    assert [scene.samples for scene in found.scenes] == [3, 3]


def test_a_scene_that_is_too_long_falls_into_equal_parts(tmp_path: Path, into: Path) -> None:
    pictures = [somebody(room(1), 20 + number, 100) for number in range(75)]
    found = measured(film(tmp_path / "x.mp4", pictures), into, max_scene_ms=1200)
    assert [(s.start_frame, s.end_frame, s.start_ms, s.end_ms) for s in found.scenes] == [
        (0, 25, 0, 1000),
        (25, 50, 1000, 2000),
        (50, 75, 2000, 3000),
    ]
    for scene in found.scenes:
        assert scene.start_ms <= scene.shown["time_ms"] < scene.end_ms
        assert len(scene.people) == scene.samples >= 2 and len(scene.hashes) == 3
        assert (into / scene.thumbnail).stat().st_size > 0


def test_no_part_is_longer_than_it_may_be_by_a_frame(tmp_path: Path, into: Path) -> None:
    # 51 frames of 40 ms could be halved at 1,020 ms, but there no frame begins; one half would have 1,040 ms.
    found = measured(film(tmp_path / "x.mp4", [room(1)] * 51), into, max_scene_ms=1020)
    assert [(scene.start_frame, scene.end_frame) for scene in found.scenes] == [(0, 17), (17, 34), (34, 51)]
    assert max(scene.end_ms - scene.start_ms for scene in found.scenes) <= 1020


def test_turned_videos_are_looked_at_as_they_are_shown(tmp_path: Path, into: Path) -> None:
    shapes = set()

    class Looks(FindsSquares):
        def detect(self, frame: Frame) -> Sequence[Person]:
            shapes.add(frame.shape)
            return super().detect(frame)

    # Before it is turned by 90 degrees clockwise, the person lies in the lower left: after that in the upper left.
    path = film(tmp_path / "x.mp4", [somebody(room(1), 0, 200, 80, 40)] * 30, rotation=90)
    (scene,) = measured(path, into, detector=Looks()).scenes
    assert shapes == {(WIDTH, HEIGHT, 3)}
    (box,) = scene.shown["boxes"]
    assert box == pytest.approx([0, 0, 167, 250], abs=12)  # 40 of 240 and 80 of 320 pixels


def test_large_pictures_are_looked_at_in_a_smaller_copy(tmp_path: Path, into: Path) -> None:
    shapes = set()

    class Looks(FindsSquares):
        def detect(self, frame: Frame) -> Sequence[Person]:
            shapes.add(frame.shape)
            return super().detect(frame)

    wide = room(1, width=1280, height=720)
    wide[:, :160] = 0
    (scene,) = measured(film(tmp_path / "x.mp4", [somebody(wide, 600, 100)] * 5), into, detector=Looks()).scenes
    assert shapes == {(540, 960, 3)}
    assert scene.bars[0] == pytest.approx(160, abs=2)  # in pixels of the video


def test_the_same_file_gives_the_same_measurements_twice(tmp_path: Path, two_rooms: Path, into: Path) -> None:
    again = tmp_path / "again"
    again.mkdir()
    one, other = measured(two_rooms, into), measured(two_rooms, again)
    assert replace(one, cpu_s={}) == replace(other, cpu_s={})
    for scene in one.scenes:
        assert (into / scene.thumbnail).read_bytes() == (again / scene.thumbnail).read_bytes()


def test_measurements_pass_through_json(two_rooms: Path, into: Path) -> None:
    found = measured(two_rooms, into)
    assert VideoMeasurement.from_json(json.loads(json.dumps(found.to_json()))) == found


def test_it_is_told_what_the_figures_depend_on_and_what_they_cost(two_rooms: Path, into: Path) -> None:
    found = measured(two_rooms, into, sample_every_ms=500)
    assert found.measured_with["detector"] == "squares" and found.measured_with["estimator"] == "poses of squares"
    assert found.measured_with["sample_every_ms"] == 500
    assert set(found.cpu_s) == {"decode", "scenes", "samples", "people", "motion", "fingerprints"}
    assert min(found.cpu_s.values()) >= 0


def test_a_video_is_decoded_once(two_rooms: Path, into: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Path] = []
    really_open: Callable[..., Any] = probe.opened

    def counting(path: Path, demuxer: Any) -> Any:
        opened.append(path)
        return really_open(path, demuxer)

    monkeypatch.setattr(probe, "opened", counting)
    found = measured(two_rooms, into)
    assert opened == [two_rooms]
    assert found.frames_decoded == found.frames == 75


def test_no_picture_is_kept_when_it_has_been_looked_at(tmp_path: Path, into: Path) -> None:
    seen: list[weakref.ref[Any]] = []
    alive: list[int] = []

    class Remembers(FindsSquares):
        def detect(self, frame: Frame) -> Sequence[Person]:
            seen.append(weakref.ref(frame))
            alive.append(sum(reference() is not None for reference in seen))
            return super().detect(frame)

    pictures = [somebody(room(1), 20 + number % 200, 100) for number in range(100)]
    measured(film(tmp_path / "x.mp4", pictures), into, detector=Remembers(), sample_every_ms=80)
    assert len(alive) == 50 and max(alive) <= 2


def test_a_model_that_fails_leaves_no_file(two_rooms: Path, into: Path) -> None:
    class FailsLater(FindsSquares):
        samples = 0

        def detect(self, frame: Frame) -> Sequence[Person]:
            self.samples += 1
            return Fails().detect(frame) if self.samples > 7 else super().detect(frame)

    with pytest.raises(LookupError):
        measured(two_rooms, into, detector=FailsLater())
    assert list(into.iterdir()) == []


# --- files that change while they are read ----------------------------------------------------------------------------


def refusal(path: Path, into: Path, **options: Any) -> str:
    with pytest.raises(Refused) as refused:
        measured(path, into, **options)
    assert list(into.iterdir()) == []
    return refused.value.code


def test_a_file_that_grows_without_end_is_refused(tmp_path: Path, into: Path) -> None:
    """It grows faster than it is read: it must be noticed on the way, not when all of it was read."""
    path = film(tmp_path / "x.ts", [room(1)] * 300)
    looked_at: list[int] = []

    class Appends(FindsSquares):
        def detect(self, frame: Frame) -> Sequence[Person]:
            looked_at.append(1)
            with path.open("ab") as file:
                file.write(bytes(188))
            return []

    assert refusal(path, into, detector=Appends()) == "still_growing"
    assert len(looked_at) <= 5  # of the 30 samples that 12 seconds have


def test_a_file_that_is_written_to_in_place_is_refused(two_rooms: Path, into: Path) -> None:
    class Touches(FindsSquares):
        def detect(self, frame: Frame) -> Sequence[Person]:
            two_rooms.touch()
            return []

    assert refusal(two_rooms, into, detector=Touches()) == "still_growing"


def test_half_a_file_of_which_more_is_coming_is_not_called_damaged(two_rooms: Path, tmp_path: Path, into: Path) -> None:
    whole = two_rooms.read_bytes()
    copy = tmp_path / "copy.mp4"
    copy.write_bytes(whole[: len(whole) // 2])
    done = threading.Event()

    def copying() -> None:
        with copy.open("ab", buffering=0) as file:
            for at in range(len(whole) // 2, len(whole)):
                if done.wait(0.1):
                    return
                file.write(whole[at : at + 1])

    thread = threading.Thread(target=copying)
    thread.start()
    try:
        assert refusal(copy, into) == "still_growing"
    finally:
        done.set()
        thread.join()
    assert refusal(copy, into) == "damaged"


def test_raw_videos_may_be_long_but_their_pictures_no_larger_than_those_of_clips() -> None:
    assert RAW_LIMITS.max_duration_ms == 12_600_000 and RAW_LIMITS.max_bytes == 21_474_836_480
    assert RAW_LIMITS.max_frames >= 12_600 * 60  # three and a half hours at 60 frames a second
    assert RAW_LIMITS.max_pixels == probe.DEFAULT_LIMITS.max_pixels
