"""A scene that is cut out holds the frames asked for and no other, each at its time, and the sound beside them."""

import errno
import json
import os
import resource
import struct
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest
from av.video.frame import VideoFrame

from annotation.accumulation import cutting, stretches
from annotation.accumulation.cutting import cut
from annotation.accumulation.frames import FrameClock
from annotation.accumulation.probe import Limits, Refused, probe
from annotation.accumulation.stretches import FROM_THE_BEGINNING, Place
from tests.annotation.accumulation.numbered import (
    FILMS,
    MILLISECONDS,
    UNEVEN,
    Film,
    FilmNamed,
    film_of,
    make_film,
    numbered,
    numbers,
)
from tests.annotation.accumulation.served import served
from tests.annotation.accumulation.test_transcode import measure
from tests.annotation.accumulation.video_factory import Video, frame_times, make_video, rewritten

# In the middle of a group of pictures, across one key frame and another, the first scene, a last of one frame.
STRETCHES = [(60, 72), (40, 77), (0, 30), (149, 150)]
SERVED = [(40, 77)]
DECODED_WHOLE = {"mp4 with one key frame", "avi with frames out of order", "avi with open groups"}


def check(film: Film, start: int, end: int, into: Path, *, quarters: int = 0) -> Path:
    """Cut a stretch and check what holds for every one."""
    before = film.path.read_bytes()
    scene = cut(film.path, into=into, **film.stretch(start, end))
    assert film.path.read_bytes() == before
    assert list(into.iterdir()) == [scene]
    assert numbers(scene, quarters=quarters) == list(range(start, end))
    assert frame_times(scene) == [time - film.times[start] for time in film.times[start:end]]
    return scene


def assert_served_as_it_is(scene: Path, into: Path, lasts: Fraction) -> None:
    into.mkdir()
    copy = served(scene, into)
    assert copy.how == "copied"
    assert abs(copy.probe.duration_ms - lasts * 1000) < 1


# --- The right frames -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FILMS)
def test_a_scene_holds_the_frames_asked_for_each_at_its_time(film_named: FilmNamed, tmp_path: Path, name: str) -> None:
    film = film_named(name)
    for start, end in STRETCHES:
        into = tmp_path / f"{start}-{end}"
        into.mkdir()
        scene = check(film, start, end, into)
        if (start, end) in SERVED:
            lasts = film.times[end] - film.times[start]
            assert_served_as_it_is(scene, tmp_path / f"served-{start}-{end}", lasts)
        with av.open(str(scene)) as container:
            assert bool(container.streams.audio) == bool(FILMS[name][1].sound)


@pytest.mark.parametrize("name", ["uneven mp4", "uneven mkv"])
def test_a_last_frame_that_is_held_is_held_as_long(
    film_named: FilmNamed, into: Path, tmp_path: Path, name: str
) -> None:
    film = film_named(name)
    # Frame 70 is shown for 40 ms + 400 ms and 7 ms for one more of three.
    assert film.times[71] - film.times[70] == Fraction(447, 1000)
    scene = check(film, 40, 71, into)
    assert_served_as_it_is(scene, tmp_path / "served", film.times[71] - film.times[40])


@pytest.mark.parametrize("end", [69, 70, 71])
def test_a_still_scene_is_shown_as_long_as_in_the_film(tmp_path: Path, into: Path, end: int) -> None:
    """There an encoder likes to put frames out of order, and the last in the file is not the last shown."""
    still = Video(times=UNEVEN, tick=MILLISECONDS)
    film = film_of(make_video(tmp_path / "x.mkv", still, paint=lambda _: numbered(5)))
    scene = cut(film.path, into=into, **film.stretch(40, end))
    assert probe(scene).duration_ms == (film.times[end] - film.times[40]) * 1000


@pytest.mark.parametrize("stretch", [(0, 1), (50, 51), (49, 50), (74, 76), (126, 150), (1, 149), (0, 150)])
def test_scenes_at_every_edge_hold_their_frames(film_named: FilmNamed, into: Path, stretch: tuple[int, int]) -> None:
    """Of a film with a key frame at 0, 25, 50 and so on to 125."""
    check(film_named("mp4 with frames out of order"), *stretch, into)


@pytest.mark.parametrize("name", FILMS)
def test_only_what_lies_around_a_scene_is_decoded(
    film_named: FilmNamed, into: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    film, decoded = film_named(name), []
    time_of = FrameClock.time_of

    def counted(self: FrameClock, frame: Any) -> int:
        decoded.append(frame)
        return time_of(self, frame)

    monkeypatch.setattr(FrameClock, "time_of", counted)
    assert numbers(cut(film.path, into=into, **film.stretch(130, 140))) == list(range(130, 140))
    # The film's first frame, at most a group of 25 before the scene (5 of open groups' too), its 10 and the next.
    few = len(decoded) <= 1 + 25 + 5 + 10 + 1
    assert few == (name not in DECODED_WHOLE)


@pytest.mark.parametrize(("degrees", "quarters"), [(90, 1), (180, 2), (270, 3)])
def test_a_rotated_film_is_cut_upright(tmp_path: Path, into: Path, degrees: int, quarters: int) -> None:
    film = make_film(tmp_path / "x.mp4", Video(rotation=degrees, b_frames=True, frames=60))
    check(film, 30, 55, into, quarters=quarters)


def test_oblong_pixels_become_square(tmp_path: Path, into: Path) -> None:
    scene = check(make_film(tmp_path / "x.mp4", Video(aspect=Fraction(3, 2), frames=60)), 30, 55, into)
    with av.open(str(scene)) as container:
        assert (container.streams.video[0].width, container.streams.video[0].height) == (96, 48)


def test_frames_that_an_edit_list_hides_are_not_counted(tmp_path: Path, into: Path) -> None:
    whole = make_video(tmp_path / "whole.mp4", Video(frames=110, b_frames=True), paint=numbered)

    def earlier(packet: Any) -> bool:
        shift = int(Fraction(30, 25) / packet.time_base)
        packet.pts, packet.dts = packet.pts - shift, packet.dts - shift
        return True

    trimmed = film_of(rewritten(whole, tmp_path / "trimmed.mp4", earlier))
    assert trimmed.frames == 80
    scene = cut(trimmed.path, into=into, **trimmed.stretch(40, 60))
    assert numbers(scene) == list(range(70, 90))


@pytest.mark.parametrize("stretch", [(10, 30), (60, 90), (140, 150)])
@pytest.mark.parametrize("ending", ["ts", "mpg", "mkv", "avi"])
def test_a_film_joined_of_two_in_which_time_begins_anew_is_cut_by_counting(
    tmp_path: Path, into: Path, ending: str, stretch: tuple[int, int]
) -> None:
    video = Video(frames=75, codec={"mpg": "mpeg2video", "avi": "mpeg4"}.get(ending, "libx264"))

    def later(number: int) -> VideoFrame:
        return numbered(75 + number)

    parts = [
        make_video(tmp_path / f"one.{ending}", video, paint=numbered),
        make_video(tmp_path / f"two.{ending}", video, paint=later),
    ]
    joined = tmp_path / f"joined.{ending}"
    joined.write_bytes(b"".join(part.read_bytes() for part in parts))
    film = film_of(joined)
    assert numbers(joined) == list(range(150)) and film.frames == 150
    start, end = stretch
    assert numbers(cut(film.path, into=into, **film.stretch(start, end))) == list(range(start, end))


def test_a_list_of_key_frames_that_names_one_time_twice_is_not_trusted(tmp_path: Path, into: Path) -> None:
    """What was at three seconds says that it is at one, in the list too, where it takes the place of the other."""
    path = make_video(tmp_path / "x.mkv", Video(frames=150, options={"cluster_time_limit": "960"}), paint=numbered)
    content = path.read_bytes()
    for name in (b"\xe7\x82", b"\xb3\x82"):  # a cluster's time; the list's
        assert content.count(name + struct.pack(">H", 3000)) == 1
        content = content.replace(name + struct.pack(">H", 3000), name + struct.pack(">H", 1000))
    path.write_bytes(content)
    film = film_of(path)
    assert film.frames == 150 and numbers(path) == list(range(150))
    assert numbers(cut(path, into=into, **film.stretch(30, 45))) == list(range(30, 45))


def test_a_place_from_which_the_scene_is_not_found_is_given_up(
    film_named: FilmNamed, into: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    film, tried = film_named("mp4 with frames out of order"), []

    def places(*_: object) -> Iterator[Place]:
        for place in (Place(skipped=30), Place(skipped=59), Place(skipped=100), FROM_THE_BEGINNING):
            tried.append(place)
            yield place

    monkeypatch.setattr(cutting, "places_before", places)
    check(film, 45, 60, into)
    assert len(tried) == 4


def test_a_container_that_cannot_jump_is_read_from_its_beginning(
    film_named: FilmNamed, into: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = film_named("mkv")

    def far_off(container: Any, video: Any, jump: int | None) -> None:
        if jump is not None:
            container.seek(5000, stream=video)

    for module in (cutting, stretches):
        monkeypatch.setattr(module, "jump_to", far_off)
    check(film, 60, 83, into)


# --- The same bytes, little memory, nothing left behind ---------------------------------------------------------------


@pytest.mark.parametrize("name", ["mkv", "transport stream"])
def test_the_same_film_gives_the_same_bytes(film_named: FilmNamed, tmp_path: Path, name: str) -> None:
    film, folders = film_named(name), [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
    one, two = (cut(film.path, into=folder, **film.stretch(60, 83)).read_bytes() for folder in folders)
    assert one == two


def test_the_arguments_can_be_sent_to_another_process(film_named: FilmNamed, into: Path) -> None:
    film = film_named("mp4")
    sent = json.loads(json.dumps({"source": str(film.path), "into": str(into), **film.stretch(0, 5)}))
    assert numbers(cut(Path(sent.pop("source")), into=Path(sent.pop("into")), **sent)) == list(range(5))


def test_a_scene_far_into_a_group_of_pictures_is_cut_in_little_memory(tmp_path: Path) -> None:
    """300 frames of 960 x 540 are 233 MB when decoded: a process that kept them would need more than that."""
    still, into = VideoFrame(960, 540, "gray"), tmp_path / "into"
    still.planes[0].update(bytes(still.planes[0].buffer_size))
    into.mkdir()
    source = make_video(tmp_path / "x.mp4", Video(width=960, height=540, frames=300, gop=300), paint=lambda _: still)
    times = "start_frame=280, end_frame=300, start_ms=11200, end_ms=12000"
    call = f"cut(Path({str(source)!r}), into=Path({str(into)!r}), {times})"
    assert measure(f"from annotation.accumulation.cutting import cut\n{call}") < 200
    assert len(frame_times(into / "frames-280-300.mp4")) == 20


def refusal(film: Film, into: Path, **arguments: Any) -> str:
    with pytest.raises(Refused) as refused:
        cut(film.path, into=into, **arguments)
    assert list(into.iterdir()) == []
    assert str(refused.value).endswith(".") and str(film.path.parent) not in str(refused.value)
    return refused.value.code


@pytest.mark.parametrize("name", ["mp4", "mkv", "transport stream", "avi with frames out of order"])
def test_frames_that_are_not_where_they_were_are_refused(film_named: FilmNamed, into: Path, name: str) -> None:
    film = film_named(name)
    right = film.stretch(60, 80)
    assert refusal(film, into, **{**right, "start_ms": right["start_ms"] + 10}) == "not_as_measured"
    assert refusal(film, into, **{**right, "end_ms": right["end_ms"] + 10}) == "not_as_measured"
    assert refusal(film, into, **{**right, "end_frame": 79}) == "not_as_measured"
    after = {"start_frame": 160, "end_frame": 180, "start_ms": 6400, "end_ms": 7200}
    assert refusal(film, into, **after) == "not_as_measured"


def test_f23_a_film_that_was_damaged_since_leaves_nothing(film_named: FilmNamed, into: Path) -> None:
    whole = film_named("mkv")
    content = bytearray(whole.path.read_bytes())
    content[len(content) * 2 // 3 :] = bytes(len(content) - len(content) * 2 // 3)
    damaged = Film(into.parent / "damaged.mkv", whole.times)
    damaged.path.write_bytes(content)
    assert refusal(damaged, into, **damaged.stretch(120, 149)) in {"damaged", "not_as_measured"}
    damaged.path.write_bytes(f"ffconcat version 1.0\nfile '{whole.path}'\n".encode())
    assert refusal(damaged, into, **damaged.stretch(120, 149)) == "not_a_video"
    damaged.path.write_bytes(whole.path.read_bytes()[:300])
    assert refusal(damaged, into, **damaged.stretch(120, 149)) in {"damaged", "no_video_stream"}


@pytest.mark.parametrize("name", ["mp4 with frames out of order", "mp4 with open groups", "avi"])
def test_f23_a_picture_that_was_damaged_since_is_not_painted_over(film_named: FilmNamed, into: Path, name: str) -> None:
    whole = film_named(name)
    with av.open(str(whole.path)) as container:
        packet = next(packet for number, packet in enumerate(container.demux(video=0)) if number == 64)
        picture = bytes(packet)
    content = whole.path.read_bytes()
    assert content.count(picture) == 1
    kept = len(picture) // 3
    spoilt = picture[:kept] + bytes(byte ^ 0xFF for byte in picture[kept:])
    damaged = Film(into.parent / f"damaged{whole.path.suffix}", whole.times)
    damaged.path.write_bytes(content.replace(picture, spoilt))
    assert refusal(damaged, into, **damaged.stretch(60, 83)) == "damaged"
    assert numbers(cut(damaged.path, into=into, **damaged.stretch(80, 100))) == list(range(80, 100))


def test_s34_a_scene_over_a_limit_leaves_nothing(film_named: FilmNamed, into: Path) -> None:
    film = film_named("mp4")
    right = film.stretch(60, 80)
    assert refusal(film, into, **right, limits=Limits(max_frames=19)) == "too_many_frames"
    assert refusal(film, into, **right, limits=Limits(max_duration_ms=799)) == "too_long"
    assert refusal(film, into, **right, limits=Limits(max_pixels=64 * 48 - 1)) == "too_many_pixels"
    assert cut(film.path, into=into, **right, limits=Limits(max_frames=20, max_duration_ms=800, max_pixels=64 * 48))


def test_no_stretch_at_all_is_a_mistake_of_the_caller(film_named: FilmNamed, into: Path) -> None:
    with pytest.raises(ValueError, match="no stretch"):
        cut(film_named("mp4").path, start_frame=5, end_frame=5, start_ms=200, end_ms=200, into=into)


def test_f22_a_full_disk_leaves_nothing(film_named: FilmNamed, into: Path) -> None:
    film = film_named("mp4")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, before[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            cut(film.path, into=into, **film.stretch(0, 150))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(into.iterdir()) == []


def test_f22_a_disk_that_fails_at_the_last_moment_leaves_nothing(
    film_named: FilmNamed, into: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fsync(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", fsync)
    film = film_named("mp4")
    with pytest.raises(OSError, match="No space left"):
        cut(film.path, into=into, **film.stretch(0, 20))
    assert list(into.iterdir()) == []
