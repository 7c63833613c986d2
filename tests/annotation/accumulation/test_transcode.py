"""The served copy: always the same kind of file, never a frame more or less, never a file left after a refusal."""

import errno
import hashlib
import os
import resource
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import av
import pytest
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange
from PIL import Image

from annotation.accumulation import transcode
from annotation.accumulation.probe import Limits, Refused, probe
from annotation.accumulation.transcode import prepare
from tests.annotation.accumulation.served import served
from tests.annotation.accumulation.video_factory import (
    Video,
    make_sound,
    make_video,
    patch,
    peak_megabytes,
)

REPOSITORY = Path(__file__).parents[3]
SAMPLES = sorted((REPOSITORY / "samples" / "clips").glob("*.mp4"))


# --- Copied, remuxed or transcoded ------------------------------------------------------------------------------------


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_the_samples_are_served_byte_for_byte(sample: Path, into: Path) -> None:
    done = served(sample, into)
    assert done.how == "copied"
    assert done.video.read_bytes() == sample.read_bytes()
    assert done.sha256 == done.original_sha256


def test_there_are_three_samples() -> None:
    assert [path.stem for path in SAMPLES] == [
        "lab-balance-one-man",
        "lab-balance-three-people",
        "rooftop-somersault",
    ]


FINE = [
    Video(),
    Video(sound="aac", b_frames=True),
    Video(sound="aac", sound_delay_s=0.5),
    Video(frames=1),
    Video(frames=3),
    Video(width=48, height=64),
    Video(fps=Fraction(60), gop=60, frames=90),
    Video(fps=Fraction(30000, 1001), gop=30, frames=60),
]


@pytest.mark.parametrize("video", FINE)
def test_a_file_that_is_right_already_is_copied(tmp_path: Path, into: Path, video: Video) -> None:
    done = served(make_video(tmp_path / "x.mp4", video), into)
    assert done.how == "copied" and done.sha256 == done.original_sha256
    assert done.probe.frames == video.frames


REMUXED = {
    "index at the end": ("x.mp4", Video(fast_start=False, sound="aac", b_frames=True)),
    "fragments": ("x.mp4", Video(fast_start=False, options={"movflags": "frag_keyframe+empty_moov"})),
    "quicktime": ("x.mov", Video(sound="aac")),
    "matroska": ("x.mkv", Video(sound="aac", b_frames=True)),
    "transport stream": ("x.ts", Video(b_frames=True)),
    "pcm sound": ("x.mov", Video(sound="pcm_s16le")),
    "opus sound": ("x.mkv", Video(sound="libopus")),
    "a second sound track": ("x.mp4", Video(sound="aac", extra_sounds=1)),
    "a place and a name": ("x.mp4", Video(tags={"location": "+48.8577+002.2950/", "artist": "Ana Duarte"})),
    "a time of recording": ("x.mp4", Video(tags={"creation_time": "2024-05-01T10:00:00Z"})),
    "first frame after zero": ("x.mp4", Video(b_frames=True, options={"use_editlist": "0"})),
    "starts late": ("x.mkv", Video(first=10, sound="aac")),
}


@pytest.mark.parametrize("case", REMUXED)
def test_other_packaging_keeps_the_pictures(tmp_path: Path, into: Path, case: str) -> None:
    name, video = REMUXED[case]
    source = make_video(tmp_path / name, video)
    done = served(source, into)
    assert done.how == "remuxed"
    assert pictures(done.video) == pictures(source)
    assert done.probe.has_audio == bool(video.sound)
    assert (done.probe.frames, done.probe.duration_ms) == (50, 2000)


def pictures(path: Path) -> list[str]:
    """A hash of each decoded frame: equal only where nothing was encoded anew."""
    with av.open(str(path)) as container:
        return [hashlib.md5(bytes(frame.planes[0])).hexdigest() for frame in container.decode(video=0)]


TRANSCODED = {
    "vp9": ("x.webm", Video(codec="libvpx-vp9", sound="libopus")),
    "hevc": ("x.mp4", Video(codec="libx265", sound="aac")),
    "mpeg-4 in avi": ("x.avi", Video(codec="mpeg4")),
    "mpeg-4 in avi with mp3": ("x.avi", Video(codec="mpeg4", sound="libmp3lame")),
    "h264 in avi": ("x.avi", Video(b_frames=True)),
    "mpeg-2": ("x.mpg", Video(codec="mpeg2video", sound="mp2")),
    "ten bits": ("x.mp4", Video(pixel_format="yuv420p10le")),
    "full colour": ("x.mp4", Video(pixel_format="yuv444p")),
    "a key frame in ten seconds": ("x.mp4", Video(gop=250, b_frames=True)),
    "sixty frames a second": ("x.mp4", Video(fps=Fraction(60), gop=250, frames=150, b_frames=True)),
    "portrait": ("x.mp4", Video(gop=250, width=48, height=64)),
    "one frame": ("x.mp4", Video(pixel_format="yuv420p10le", frames=1)),
    "three frames": ("x.webm", Video(codec="libvpx-vp9", frames=3)),
    "starts late": ("x.mkv", Video(codec="libx265", first=10, sound="libopus")),
}


@pytest.mark.parametrize("case", TRANSCODED)
def test_everything_else_is_transcoded_frame_by_frame(tmp_path: Path, into: Path, case: str) -> None:
    name, video = TRANSCODED[case]
    source = make_video(tmp_path / name, video)
    done = served(source, into)
    assert done.how == "transcoded"
    assert done.probe.frames == video.frames
    assert (done.probe.width, done.probe.height) == (video.width, video.height)
    assert done.probe.has_audio == bool(video.sound)
    assert abs(done.probe.duration_ms - probe(source).duration_ms) <= 1
    assert pictures(done.video) != pictures(source) or video.frames < 4


def test_odd_sides_lose_one_pixel(tmp_path: Path, into: Path) -> None:
    done = served(make_video(tmp_path / "x.mp4", Video(pixel_format="yuv444p", width=63, height=47)), into)
    assert (done.how, done.probe.width, done.probe.height) == ("transcoded", 62, 46)


def test_oblong_pixels_become_square(tmp_path: Path, into: Path) -> None:
    done = served(make_video(tmp_path / "x.mp4", Video(aspect=Fraction(3, 2))), into)
    assert (done.how, done.probe.width, done.probe.height) == ("transcoded", 96, 48)


def white(number: int) -> VideoFrame:
    picture = VideoFrame(64, 48, "yuv420p")
    for plane, value in zip(picture.planes, (255, 128, 128), strict=True):
        plane.update(bytes([value]) * plane.buffer_size)
    picture.color_range = ColorRange.JPEG
    return picture


def test_full_range_white_stays_white(tmp_path: Path, into: Path) -> None:
    done = served(make_video(tmp_path / "x.mp4", Video(pixel_format="yuvj420p", frames=5), paint=white), into)
    assert done.how == "transcoded"
    with Image.open(done.poster) as poster:
        assert min(channel[0] for channel in poster.getextrema()) >= 250  # type: ignore[index]


def test_full_range_white_stays_white_where_only_the_frames_say_so(tmp_path: Path, into: Path) -> None:
    video = Video(codec="libvpx-vp9", frames=5, full_range=True)
    done = served(make_video(tmp_path / "x.webm", video, paint=white), into)
    with Image.open(done.poster) as poster:
        assert min(channel[0] for channel in poster.getextrema()) >= 250  # type: ignore[index]


@pytest.mark.parametrize(("degrees", "corner"), [(90, "top right"), (180, "bottom right"), (270, "bottom left")])
def test_a_rotated_video_is_turned_upright(tmp_path: Path, into: Path, degrees: int, corner: str) -> None:
    """A white patch at the top left goes clockwise round the corners."""
    source = make_video(
        tmp_path / "x.mp4", Video(rotation=degrees, frames=5), paint=lambda _: patch(64, 48, left=0, top=0, size=16)
    )
    done = served(source, into)
    assert done.how == "transcoded"
    assert (done.probe.width, done.probe.height) == ((64, 48) if degrees == 180 else (48, 64))
    with Image.open(done.poster) as poster:
        grey = poster.convert("L")
        right, bottom = grey.width - 6, grey.height - 6
        corners = {
            "top left": (6, 6),
            "top right": (right, 6),
            "bottom right": (right, bottom),
            "bottom left": (6, bottom),
        }
        assert max(corners, key=lambda name: grey.getpixel(corners[name])) == corner  # type: ignore[arg-type,return-value]


def test_the_same_source_gives_the_same_bytes(tmp_path: Path, into: Path) -> None:
    source = make_video(tmp_path / "x.webm", Video(codec="libvpx-vp9", sound="libopus"))
    second = tmp_path / "second"
    second.mkdir()
    first, again = prepare(source, into=into), prepare(source, into=second)
    assert first.sha256 == again.sha256 and first.how == "transcoded"
    assert first.poster.read_bytes() == again.poster.read_bytes()


@pytest.mark.parametrize("gop", [25, 250])
def test_nothing_of_who_and_where_is_left(tmp_path: Path, into: Path, gop: int) -> None:
    tags = {"location": "+48.8577+002.2950/", "artist": "Ana Duarte", "creation_time": "2024-05-01T10:00:00Z"}
    source = make_video(
        tmp_path / "x.mp4", Video(tags=tags, gop=gop, options={"movflags": "+faststart+use_metadata_tags"})
    )
    assert b"Ana Duarte" in source.read_bytes() and b"+48.8577" in source.read_bytes()
    done = served(source, into)
    assert done.how == ("remuxed" if gop == 25 else "transcoded")
    for written in (done.video, done.poster):
        assert b"Ana Duarte" not in written.read_bytes() and b"48.8577" not in written.read_bytes()
    with av.open(str(done.video)) as container:
        assert "creation_time" not in container.metadata


def test_long_videos_are_transcoded_in_little_memory(tmp_path: Path) -> None:
    """300 frames of 1280 x 720 are 415 MB when decoded: a process that kept them would need more than that."""
    source, into = tmp_path / "x.mp4", tmp_path / "into"
    into.mkdir()
    make = f"make_video(Path({str(source)!r}), Video(width=1280, height=720, frames=300, gop=300))"
    measure(make)
    megabytes = measure(f"assert prepare(Path({str(source)!r}), into=Path({str(into)!r})).how == 'transcoded'")
    assert megabytes < 350


def measure(call: str) -> int:
    """Run `call` in another process; its peak memory in megabytes."""
    script = f"from {__name__} import *\n{call}\nfrom {peak_megabytes.__module__} import *\nprint(peak_megabytes())"
    command = [sys.executable, "-c", script]
    return int(subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout)


# --- Refusals and faults leave nothing --------------------------------------------------------------------------------


def hostile_files(folder: Path) -> dict[str, Path]:
    """Name of the refusal -> a file that earns it."""
    whole = make_video(folder / "whole.mp4", Video(sound="aac")).read_bytes()
    slow = make_video(folder / "slow.mp4", Video(fast_start=False)).read_bytes()
    contents = {
        "empty_file": b"",
        "not_a_video": f"ffconcat version 1.0\nfile '{folder}/whole.mp4'\n".encode(),
        "damaged": whole[: len(whole) // 2],
        "damaged, cut at the end": slow[: len(slow) * 9 // 10],
    }
    files = {}
    for number, (name, content) in enumerate(contents.items()):
        files[name] = folder / f"hostile-{number}.mp4"
        files[name].write_bytes(content)
    files["no_video_stream"] = make_sound(folder / "sound.mp4")
    return files


def test_s31_f23_a_refused_file_leaves_nothing(tmp_path: Path, into: Path) -> None:
    for name, path in hostile_files(tmp_path).items():
        with pytest.raises(Refused) as refused:
            prepare(path, into=into)
        assert refused.value.code == name.split(",", maxsplit=1)[0]
        assert list(into.iterdir()) == []


def test_s34_a_file_over_a_limit_leaves_nothing(tmp_path: Path, into: Path) -> None:
    source = make_video(tmp_path / "x.mp4")
    for limits in (
        Limits(max_frames=49),
        Limits(max_pixels=3000),
        Limits(max_duration_ms=1000),
        Limits(max_bytes=1000),
    ):
        with pytest.raises(Refused):
            prepare(source, into=into, limits=limits)
        assert list(into.iterdir()) == []


@pytest.mark.parametrize("gop", [25, 250])
def test_f22_a_full_disk_leaves_nothing(tmp_path: Path, into: Path, gop: int) -> None:
    """A real limit on the size of files, in the middle of writing."""
    source = make_video(tmp_path / "x.mp4", Video(gop=gop, fast_start=False))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, before[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            prepare(source, into=into)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(into.iterdir()) == []


@pytest.mark.parametrize("call", [1, 2, 3])
def test_f22_a_disk_that_fails_at_the_last_moment_leaves_nothing(
    tmp_path: Path, into: Path, monkeypatch: pytest.MonkeyPatch, call: int
) -> None:
    """The first two are the files, after the first of which the video has its name already; the third is the folder."""
    calls = []

    def fsync(handle: int) -> None:
        calls.append(handle)
        if len(calls) == call:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(OSError, match="No space left"):
        prepare(make_video(tmp_path / "x.mp4"), into=into)
    assert len(calls) == call and list(into.iterdir()) == []


def test_a_copy_that_lost_a_frame_is_never_served(tmp_path: Path, into: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = make_video(tmp_path / "x.mp4", Video(gop=250))
    shorter = make_video(tmp_path / "shorter.mp4", Video(times=[time for time in range(50) if time != 10]))

    def write(source: Path, reading: object, target: Path, **_: object) -> None:
        target.write_bytes(shorter.read_bytes())

    monkeypatch.setattr(transcode, "_write", write)
    with pytest.raises(Refused) as refused:
        prepare(source, into=into)
    assert refused.value.code == "not_convertible"
    assert list(into.iterdir()) == []


def test_a_directory_that_holds_something_is_left_alone(tmp_path: Path, into: Path) -> None:
    (into / "served.mp4").write_bytes(b"somebody else's")
    with pytest.raises(ValueError, match="not empty"):
        prepare(make_video(tmp_path / "x.mp4"), into=into)
    assert (into / "served.mp4").read_bytes() == b"somebody else's"
