"""Videos that are whole but strange: trimmed by an edit list, open groups of pictures, sizes that change, odd tags."""

import struct
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import av
import pytest
from av.video.frame import VideoFrame
from PIL import Image

from annotation.accumulation.probe import Refused, probe
from annotation.accumulation.transcode import prepare
from tests.annotation.accumulation.video_factory import Video, frame_times, make_video, picture, rewritten


def encoded(frames: range, *, width: int, height: int) -> Iterator[Any]:
    """H.264 packets outside of any container."""
    context: Any = av.CodecContext.create("libx264", "w")
    context.width, context.height, context.pix_fmt, context.time_base = width, height, "yuv420p", Fraction(1, 25)
    context.options = {"preset": "ultrafast", "bf": "0"}
    for number in frames:
        frame = picture(number, width, height).reformat(format="yuv420p")
        frame.pts, frame.time_base = number, context.time_base
        yield from context.encode(frame)
    yield from context.encode(None)


def sounds(layout: str, *, first: int, chunks: int) -> Iterator[Any]:
    """MP2 packets outside of any container, `chunks` of 24 ms from `first` of them on."""
    context: Any = av.CodecContext.create("mp2", "w")
    context.sample_rate, context.layout, context.format, context.time_base = 48000, layout, "s16", Fraction(1, 48000)
    for number in range(first, first + chunks):
        frame = av.AudioFrame(format="s16", layout=layout, samples=1152)
        frame.planes[0].update(bytes(frame.planes[0].buffer_size))
        frame.sample_rate, frame.time_base, frame.pts = 48000, context.time_base, number * 1152
        yield from context.encode(frame)
    yield from context.encode(None)


@pytest.mark.parametrize("hidden", [10, 25, 30])
def test_frames_that_an_edit_list_hides_are_no_damage_and_are_not_served(
    tmp_path: Path, into: Path, hidden: int
) -> None:
    """Phones trim like this. The hidden frames are still in the file, and must not be handed on."""
    whole = make_video(tmp_path / "whole.mp4", Video(frames=75, b_frames=True))

    def earlier(packet: Any) -> bool:
        shift = int(Fraction(hidden, 25) / packet.time_base)
        packet.pts, packet.dts = packet.pts - shift, packet.dts - shift
        return True

    trimmed = rewritten(whole, tmp_path / "trimmed.mp4", earlier)
    assert probe(trimmed).frames == 75 - hidden
    done = prepare(trimmed, into=into)
    assert (done.how, done.probe.frames) == ("transcoded", 75 - hidden)
    with av.open(str(done.video)) as container:
        assert container.streams.video[0].frames == 75 - hidden
    assert frame_times(done.video)[:2] == [0, Fraction(1, 25)]


def open_groups(path: Path) -> Path:
    """Frames before a key frame need the group before it."""
    x264 = "open-gop=1:bframes=3:b-adapt=0:keyint=25:scenecut=0"
    return make_video(path, Video(frames=75, x264=x264))


def test_open_groups_of_pictures_are_taken_and_get_a_poster(tmp_path: Path, into: Path) -> None:
    done = prepare(open_groups(tmp_path / "x.mp4"), into=into)
    assert done.probe.frames == 75
    assert done.poster.stat().st_size > 0


def test_f23_a_video_cut_out_of_open_groups_lacks_frames_and_is_refused(tmp_path: Path, into: Path) -> None:
    keys = []

    def from_the_second_key(packet: Any) -> bool:
        keys.extend([packet.pts] * packet.is_keyframe)
        if len(keys) > 1:
            packet.pts, packet.dts = packet.pts - keys[1], packet.dts - keys[1]
        return len(keys) > 1

    cut = rewritten(open_groups(tmp_path / "x.mp4"), tmp_path / "cut.mp4", from_the_second_key)
    with pytest.raises(Refused) as refused:
        prepare(cut, into=into)
    assert refused.value.code == "damaged" and list(into.iterdir()) == []


def test_f23_a_video_without_its_first_key_frame_is_refused(tmp_path: Path) -> None:
    whole = make_video(tmp_path / "whole.mp4", Video(gop=250))
    headless = rewritten(whole, tmp_path / "x.mp4", lambda packet: not packet.is_keyframe)
    with pytest.raises(Refused) as refused:
        probe(headless)
    assert refused.value.code == "damaged"


def test_pictures_whose_size_changes_are_brought_to_one_size(tmp_path: Path, into: Path) -> None:
    source = tmp_path / "x.ts"
    with av.open(str(source), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for frames, width, height in ((range(25), 64, 48), (range(25, 50), 96, 64)):
            for packet in encoded(frames, width=width, height=height):
                packet.stream = stream
                container.mux(packet)
    done = prepare(source, into=into)
    assert (done.how, done.probe.frames) == ("transcoded", 50)
    with av.open(str(done.video)) as container:
        assert len({(frame.width, frame.height) for frame in container.decode(video=0)}) == 1


def test_tags_that_are_no_utf8_do_no_harm(tmp_path: Path, into: Path) -> None:
    source = make_video(tmp_path / "x.avi", Video(codec="mpeg4", tags={"title": "Plaza mayor"}))
    source.write_bytes(source.read_bytes().replace(b"Plaza mayor", b"\xff\xfe\xe9\xe8\xe0 mayor"))
    done = prepare(source, into=into)
    assert done.probe.frames == 50
    assert b" mayor" not in done.video.read_bytes()


def test_s34_a_picture_stretched_beyond_what_can_be_encoded_is_refused(tmp_path: Path) -> None:
    ribbon = make_video(tmp_path / "x.mp4", Video(width=1200, height=16, frames=1, aspect=Fraction(16)))
    with pytest.raises(Refused) as refused:
        probe(ribbon)
    assert refused.value.code == "too_many_pixels"


@pytest.mark.parametrize(
    ("name", "video"),
    [
        ("x.mov", Video(codec="prores_ks", pixel_format="yuv422p10le", sound="pcm_s24le", frames=20)),
        ("x.avi", Video(codec="mjpeg", pixel_format="yuvj420p", frames=20)),
        ("x.webm", Video(codec="libvpx", frames=20)),
        ("x.mkv", Video(codec="ffv1", sound="flac", frames=20)),
        ("x.mp4", Video(fps=Fraction(240), gop=600, frames=20)),
        ("x.mkv", Video(codec="libx265", fps=Fraction(1, 2), frames=5)),
    ],
)
def test_codings_and_rates_of_other_worlds_are_converted(tmp_path: Path, into: Path, name: str, video: Video) -> None:
    done = prepare(make_video(tmp_path / name, video), into=into)
    assert (done.probe.frames, done.probe.fps) == (video.frames, video.fps)
    assert done.probe.has_audio == bool(video.sound)


def test_user_data_that_nobody_can_read_is_not_handed_on(tmp_path: Path, into: Path) -> None:
    source = make_video(tmp_path / "x.mp4")
    source.write_bytes(source.read_bytes().replace(b"\xa9too", b"GPSx"))
    done = prepare(source, into=into)
    assert done.how == "remuxed" and b"GPSx" not in done.video.read_bytes()


def test_sound_from_before_the_first_frame_is_not_handed_on(tmp_path: Path, into: Path) -> None:
    late = make_video(tmp_path / "x.mkv", Video(first=10, sound="aac", sound_s=2.0))
    done = prepare(late, into=into)
    assert done.how == "remuxed"
    with av.open(str(done.video)) as container:
        starts = [packet.pts * packet.time_base for packet in container.demux(audio=0) if packet.pts is not None]
    assert min(starts) > -0.05


def test_key_frames_of_the_source_are_not_those_of_the_copy(tmp_path: Path, into: Path) -> None:
    """Twenty-five times a second they would cost much and bring nothing."""
    done = prepare(make_video(tmp_path / "x.webm", Video(codec="libvpx-vp9", gop=5)), into=into)
    assert done.probe.longest_gop_ms == 1000


def test_a_video_whose_index_does_not_mark_its_key_frames_is_not_served_as_it_is(tmp_path: Path, into: Path) -> None:
    """A player could not jump in it."""
    source = make_video(tmp_path / "x.mp4")
    content = bytearray(source.read_bytes())
    first_key = content.index(b"stss") + 12  # after the table's name, version and length
    assert content[first_key : first_key + 8] == struct.pack(">II", 1, 26)
    content[first_key : first_key + 4] = struct.pack(">I", 2)
    source.write_bytes(content)
    done = prepare(source, into=into)
    assert (done.how, done.probe.frames, done.probe.longest_gop_ms) == ("transcoded", 50, 1000)


def test_a_scene_that_begins_within_a_second_is_no_place_to_jump_to(tmp_path: Path, into: Path) -> None:
    """Its first frame is a whole picture, and by the index no key frame: most videos have such."""

    def paint(number: int) -> VideoFrame:
        blocks = Image.frombytes("L", (16, 12), Random(number >= 10).randbytes(16 * 12))
        frame: VideoFrame = VideoFrame.from_image(blocks.resize((320, 240)).convert("RGB"))
        return frame

    x264 = "keyint=25:min-keyint=13:scenecut=100:bframes=0"
    source = make_video(tmp_path / "x.mp4", Video(width=320, height=240, frames=30, x264=x264), paint=paint)
    with av.open(str(source)) as container:
        assert [number for number, packet in enumerate(container.demux(video=0)) if packet.is_keyframe] == [0, 10, 25]
    done = prepare(source, into=into)
    assert (done.how, done.probe.longest_gop_ms) == ("copied", 1000)


def test_sound_that_turns_from_mono_to_stereo_is_kept(tmp_path: Path, into: Path) -> None:
    source = tmp_path / "x.ts"
    with av.open(str(source), "w") as container:
        video = container.add_stream("libx264", rate=25)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        audio = container.add_stream("mp2", rate=48000, layout="mono")
        for packet in encoded(range(50), width=64, height=48):
            packet.stream = video
            container.mux(packet)
        for layout, first in (("mono", 0), ("stereo", 40)):
            for packet in sounds(layout, first=first, chunks=40):
                packet.stream = audio
                container.mux(packet)
    done = prepare(source, into=into)
    assert done.probe.has_audio and done.probe.frames == 50
    with av.open(str(done.video)) as container:
        heard = sum(frame.samples for frame in container.decode(audio=0))
    # 80 chunks of 1,152 samples, and at most a frame of AAC before and after them.
    assert abs(heard - 80 * 1152) <= 2 * 1024
