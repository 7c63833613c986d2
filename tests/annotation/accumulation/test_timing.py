"""When each frame is shown and each sound is heard: as in the source, whatever was done to it."""

import itertools
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest

from annotation.accumulation.probe import probe
from annotation.accumulation.transcode import prepare
from tests.annotation.accumulation.served import served
from tests.annotation.accumulation.video_factory import Video, click_time, frame_times, make_video, rewritten

UNEVEN = [0, 40, 80, 200, 210, 300, 1290, 1330, 2500, 2510]


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
@pytest.mark.parametrize("first", [0, 400])
def test_uneven_frame_times_are_kept(tmp_path: Path, into: Path, codec: str, first: int) -> None:
    video = Video(codec=codec, times=[first + time for time in UNEVEN], tick=Fraction(1, 1000))
    done = served(make_video(tmp_path / "x.mkv", video), into)
    assert done.how == "transcoded" and done.probe.variable_frame_rate
    assert frame_times(done.video) == [Fraction(time, 1000) for time in UNEVEN]


IN_SYNC = {
    "copied": ("x.mp4", Video(sound="aac")),
    "copied, late": ("x.mp4", Video(sound="aac", sound_delay_s=0.5)),
    "remuxed": ("x.mkv", Video(sound="aac", b_frames=True)),
    "remuxed, late": ("x.mov", Video(sound="aac", sound_delay_s=0.5, b_frames=True)),
    "remuxed, late pcm": ("x.mov", Video(sound="pcm_s16le", sound_delay_s=0.5)),
    "remuxed, pictures late": ("x.mkv", Video(sound="aac", first=10, sound_s=2.0)),
    "transcoded": ("x.webm", Video(codec="libvpx-vp9", sound="libopus")),
    "transcoded, late": ("x.webm", Video(codec="libvpx-vp9", sound="libopus", sound_delay_s=0.5)),
    "transcoded, aac late": ("x.mp4", Video(codec="libx265", sound="aac", sound_delay_s=0.5)),
    "transcoded, pictures late": ("x.mkv", Video(codec="libx265", sound="libopus", first=10, sound_s=2.0)),
    "transcoded, mp3": ("x.avi", Video(codec="mpeg4", sound="libmp3lame")),
    "transcoded, a hole in the sound": ("x.mkv", Video(codec="libx265", sound="libopus", sound_hole=(0.3, 0.8))),
    "transcoded, mp2": ("x.mpg", Video(codec="mpeg2video", sound="mp2")),
}


@pytest.mark.parametrize("case", IN_SYNC)
def test_sound_stays_in_time_with_the_pictures(tmp_path: Path, into: Path, case: str) -> None:
    """The click is heard one second after zero on the source's clock, wherever the sound or the pictures start."""
    name, video = IN_SYNC[case]
    source = make_video(tmp_path / name, video)
    in_source = click_time(source) - float(frame_times(source)[0])
    done = served(source, into)
    assert done.how == case.split(",", maxsplit=1)[0]
    assert abs(click_time(done.video) - in_source) < 0.012
    if name.endswith((".mp4", ".mov", ".mkv", ".webm")):  # the others delay sound on the way in
        assert abs(in_source - (1.0 - video.first / 25)) < 0.03


@pytest.mark.parametrize("gop", [25, 250])
def test_a_last_frame_that_is_held_is_held_as_long(tmp_path: Path, into: Path, gop: int) -> None:
    whole = make_video(tmp_path / "whole.mp4", Video(frames=40, gop=gop, b_frames=True))

    def hold_the_last(packet: Any) -> bool:
        if packet.pts * packet.time_base == Fraction(39, 25):
            packet.duration = int(Fraction(1, 2) / packet.time_base)
        return True

    held = rewritten(whole, tmp_path / "held.mkv", hold_the_last)
    # 40 frames of 40 ms, of which the last is held for 500 ms instead.
    assert probe(held).duration_ms == 39 * 40 + 500
    assert prepare(held, into=into).probe.duration_ms == 39 * 40 + 500


def test_silence_fills_a_hole_in_sound_that_is_encoded(tmp_path: Path, into: Path) -> None:
    video = Video(codec="libx265", sound="libopus", sound_hole=(0.3, 0.8))
    done = served(make_video(tmp_path / "x.mkv", video), into)
    with av.open(str(done.video)) as container:
        starts = [packet.pts for packet in container.demux(audio=0) if packet.pts is not None]
    assert {b - a for a, b in itertools.pairwise(starts)} == {1024}
