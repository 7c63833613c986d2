"""The sound of a scene that is cut out: as long as its pictures, in time with them, silent where the film is."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from annotation.accumulation.cutting import cut
from tests.annotation.accumulation.numbered import FILMS, FilmNamed, make_film
from tests.annotation.accumulation.video_factory import Video, click_time, frame_times

WITH_SOUND = [name for name, (_, video) in FILMS.items() if video.sound]


@pytest.mark.parametrize("before_s", [3.2, 0.01])
@pytest.mark.parametrize("name", WITH_SOUND)
def test_sound_stays_in_time_with_the_pictures(film_named: FilmNamed, into: Path, name: str, before_s: float) -> None:
    """A click 4.6 s after zero on the film's clock is heard as long after the scene's first frame as in the film."""
    film = film_named(name)
    in_film = click_time(film.path) - float(frame_times(film.path)[0])
    start = max(number for number in range(150) if film.times[number] <= in_film - before_s)
    end = min(number for number in range(150) if film.times[number] >= in_film + 0.2)
    scene = cut(film.path, into=into, **film.stretch(start, end))
    assert abs(click_time(scene) + float(film.times[start]) - in_film) < 0.012
    assert abs(sound_s(scene) - float(film.times[end] - film.times[start])) < 0.025


@pytest.mark.parametrize("earlier_s", [-4, 4])
def test_sound_that_stands_far_from_its_pictures_in_the_file_is_found(
    film_named: FilmNamed, tmp_path: Path, into: Path, earlier_s: int
) -> None:
    film = film_named("mp4")
    apart = tmp_path / "apart.mkv"
    with av.open(str(film.path)) as old, av.open(str(apart), "w", options={"max_interleave_delta": "1"}) as new:
        streams = [new.add_stream_from_template(stream) for stream in old.streams]
        packets = [packet for packet in old.demux() if packet.size]

        def place(packet: Any) -> Fraction:
            time = Fraction((packet.dts or 0) * packet.time_base)
            return time - earlier_s if packet.stream.type == "audio" else time

        for packet in sorted(packets, key=place):
            packet.stream = streams[packet.stream.index]
            new.mux(packet)
    scene = cut(apart, into=into, **film.stretch(110, 125))  # 4.4 s to 5.0 s
    assert abs(click_time(scene) + 4.4 - click_time(film.path)) < 0.012


def sound_s(path: Path) -> float:
    with av.open(str(path)) as container:
        frames = list(container.decode(audio=0))
        return float(sum(Fraction(frame.samples, frame.sample_rate) for frame in frames))


def loud_seconds(path: Path) -> list[float]:
    """When the sound is loud, in tenths of a second."""
    with av.open(str(path)) as container:
        found = set()
        for frame in container.decode(audio=0):
            if np.abs(frame.to_ndarray()).max() > 0.2:
                found.add(round(float((frame.pts or 0) * (frame.time_base or 0)), 1))
        return sorted(found)


@pytest.mark.parametrize(
    ("name", "video"),
    [
        ("x.mkv", Video(sound="libopus", sound_hole=(2.5, 4.5))),
        ("x.mp4", Video(sound="aac", sound_delay_s=4.5)),
        ("x.mkv", Video(sound="aac", sound_delay_s=4.5)),
        ("x.ts", Video(sound="aac", sound_hole=(2.5, 4.5))),
    ],
)
def test_silence_stands_where_there_is_no_sound_inside_the_scene(
    tmp_path: Path, into: Path, name: str, video: Video
) -> None:
    film = make_film(tmp_path / name, Video(**{**vars(video), "frames": 150, "click_at_s": 4.7}))
    in_film = click_time(film.path) - float(frame_times(film.path)[0])
    scene = cut(film.path, into=into, **film.stretch(75, 140))  # 3.0 s to 5.6 s
    assert abs(click_time(scene) + 3.0 - in_film) < 0.012
    assert abs(sound_s(scene) - 2.6) < 0.025


@pytest.mark.parametrize("ending", ["mp4", "mkv", "ts", "avi"])
def test_a_scene_after_the_end_of_the_sound_is_silent(tmp_path: Path, into: Path, ending: str) -> None:
    sound = "libmp3lame" if ending == "avi" else "aac"
    video = Video(codec="mpeg4" if ending == "avi" else "libx264", sound=sound, sound_s=2.0, frames=150)
    film = make_film(tmp_path / f"x.{ending}", video)
    scene = cut(film.path, into=into, **film.stretch(100, 140))
    assert loud_seconds(scene) == [] and abs(sound_s(scene) - 1.6) < 0.025


def test_a_short_hole_does_not_shift_what_is_heard_after_it(tmp_path: Path, into: Path) -> None:
    """0.08 s, two frames: less than what the served copies' sound takes notice of."""
    video = Video(sound="libopus", sound_hole=(3.5, 3.58), frames=150, click_at_s=4.6)
    film = make_film(tmp_path / "x.mkv", video)
    scene = cut(film.path, into=into, **film.stretch(80, 140))
    assert abs(click_time(scene) + 3.2 - click_time(film.path)) < 0.025


def test_a_film_in_which_no_sound_was_found_gets_none(film_named: FilmNamed, into: Path) -> None:
    film = film_named("mp4")
    scene = cut(film.path, into=into, has_audio=False, **film.stretch(60, 83))
    with av.open(str(scene)) as container:
        assert [stream.type for stream in container.streams] == ["video"]
