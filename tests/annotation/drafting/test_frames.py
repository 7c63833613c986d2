"""Frames for the model: exactly the ones a player shows, small, and the same bytes each time."""

import io
import itertools
import tarfile
from bisect import bisect_right
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import Any

import av
import pytest
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from annotation.drafting.frames import (
    SCALING,
    Frame,
    Unsampleable,
    image_tokens,
    jpeg_size,
    pack,
    sample_frames,
    sample_times,
    text_tokens,
    unpack,
)
from tests.annotation.accumulation.video_factory import Video, make_sound, make_video

SAMPLES = Path(__file__).resolve().parents[3] / "samples" / "clips"
BITS = 8
TEN_MS = Fraction(1, 100)
PYRAMID = "keyint=25:min-keyint=25:scenecut=0:bframes=4:b-adapt=0:b-pyramid=normal:ref=4"


def numbered(number: int) -> VideoFrame:
    """64 x 48 pixels; the eight squares in the middle are the bits of the number."""
    row = b"".join((b"\xf0" if number >> bit & 1 else b"\x20") * 8 for bit in range(BITS))
    frame = VideoFrame(64, 48, "gray")
    plane = frame.planes[0]
    plane.update(b"".join((row if 16 <= y < 32 else b"\x80" * 64).ljust(plane.line_size, b"\x00") for y in range(48)))
    return frame


def number_of(jpeg: bytes) -> int:
    with Image.open(io.BytesIO(jpeg)) as image:
        grey = image.convert("L").tobytes()
    return sum((grey[24 * 64 + 8 * bit + 4] > 128) << bit for bit in range(BITS))


CLIPS = {
    "plain": Video(frames=120),
    "frames out of order": Video(frames=120, b_frames=True),
    "frames that others in between look at": Video(frames=120, x264=PYRAMID),
    "groups that look back": Video(frames=120, x264=f"{PYRAMID}:open-gop=1"),
    "one long group": Video(frames=120, gop=500, b_frames=True),
    "only key frames": Video(frames=60, gop=1),
    "thirds of a second": Video(frames=70, fps=Fraction(30_000, 1001), b_frames=True),
    "uneven times": Video(times=[0, 1, 5, 6, 7, 8, 90, 91, 150, 151, 152, 299], tick=TEN_MS, b_frames=True),
    "one frame": Video(frames=1),
    "a late first frame": Video(frames=60, first=10),
}


def shown_in(path: Path) -> tuple[list[Fraction], int]:
    """By decoding all of it: when each frame appears, in milliseconds after the first, and when the last one ends."""
    with av.open(str(path)) as container:
        tick = Fraction(container.streams.video[0].time_base or 0) * 1000
        frames = [(frame.pts or 0, frame.duration) for frame in container.decode(video=0)]
    first = frames[0][0]
    return [(start - first) * tick for start, _ in frames], int((frames[-1][0] + frames[-1][1] - first) * tick)


@pytest.mark.parametrize("count", [1, 2, 7, 16, 300])
@pytest.mark.parametrize("clip", CLIPS)
def test_the_frames_are_those_that_a_player_shows_at_the_middle_of_even_parts(
    tmp_path: Path, clip: str, count: int
) -> None:
    path = make_video(tmp_path / "x.mp4", CLIPS[clip], paint=numbered)
    starts, duration_ms = shown_in(path)
    expected = list(dict.fromkeys(bisect_right(starts, time) - 1 for time in sample_times(duration_ms, count)))
    found = sample_frames(path, count=count, long_side=64)
    assert [number_of(frame.jpeg) for frame in found] == expected
    assert [frame.ms for frame in found] == [ceil(starts[number]) for number in expected]
    # A player sent to that millisecond shows that frame.
    assert [bisect_right(starts, frame.ms) - 1 for frame in found] == expected


def test_the_clips_of_these_tests_are_what_their_names_say(tmp_path: Path) -> None:
    path = make_video(tmp_path / "x.mp4", CLIPS["groups that look back"], paint=numbered)
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    keys = [place for place, packet in enumerate(packets) if packet.is_keyframe]
    times = [packet.pts or 0 for packet in packets]
    assert len(keys) > 3 and any(time < times[keys[1]] for time in times[keys[1] + 1 :])


@pytest.mark.parametrize("name", ["rooftop-somersault", "lab-balance-one-man"])
def test_what_was_not_decoded_changes_no_pixel(name: str) -> None:
    path = SAMPLES / f"{name}.mp4"
    found = sample_frames(path, count=16, long_side=10_000)
    wanted, scaler = {frame.ms for frame in found}, VideoReformatter()
    by_decoding_all = []
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            ms = ceil((frame.pts or 0) * Fraction(frame.time_base or 0) * 1000)
            if ms in wanted:
                picture: Any = scaler.reformat(frame, format="rgb24", interpolation=SCALING, threads=1)
                written = io.BytesIO()
                picture.to_image().save(written, "JPEG", quality=85)
                by_decoding_all.append(Frame(ms, written.getvalue()))
    assert len(found) == 16 and found == by_decoding_all


def test_the_same_clip_gives_the_same_bytes() -> None:
    path = SAMPLES / "lab-balance-three-people.mp4"
    once, again = (sample_frames(path, count=5, long_side=200) for _ in range(2))
    assert pack(once) == pack(again)


@pytest.mark.parametrize(
    ("long_side", "size"),
    # 854 x 480 at 512: 480 * 512 / 854 = 287.8, so 288; 1,000 is more than it has.
    [(512, (512, 288)), (1_000, (854, 480)), (854, (854, 480)), (1, (1, 1))],
)
def test_the_longer_side_is_as_asked_and_never_enlarged(long_side: int, size: tuple[int, int]) -> None:
    (frame,) = sample_frames(SAMPLES / "rooftop-somersault.mp4", count=1, long_side=long_side)
    assert jpeg_size(frame.jpeg) == size
    with Image.open(io.BytesIO(frame.jpeg)) as image:
        assert image.format == "JPEG" and image.size == size
        assert not image.getexif() and image.info.keys() <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_an_upright_clip_is_scaled_by_its_height() -> None:
    (frame,) = sample_frames(SAMPLES / "lab-balance-one-man.mp4", count=1, long_side=320)
    assert jpeg_size(frame.jpeg) == (180, 320)


@pytest.mark.parametrize("full_range", [True, False])
def test_grey_stays_as_bright_as_it_was_painted(tmp_path: Path, full_range: bool) -> None:
    format_ = "yuvj420p" if full_range else "yuv420p"
    path = make_video(tmp_path / "x.mp4", Video(frames=2, full_range=full_range, pixel_format=format_), paint=numbered)
    with Image.open(io.BytesIO(sample_frames(path, count=1, long_side=64)[0].jpeg)) as image:
        assert all(abs(value - 0x80) <= 3 for value in image.getpixel((32, 4)))  # type: ignore[union-attr]


def test_frames_within_one_millisecond_are_one(tmp_path: Path) -> None:
    clip = Video(times=[0, 1, 2, 50], tick=Fraction(1, 10_000))
    found = sample_frames(make_video(tmp_path / "x.mp4", clip, paint=numbered), count=500, long_side=64)
    # The frames appear at 0, 0.1, 0.2 and 5 ms. At 0 ms the first is shown, and at 1 to 4 ms the third.
    assert [(frame.ms, number_of(frame.jpeg)) for frame in found] == [(0, 0), (1, 2), (5, 3)]


def whole_clip(tmp_path: Path) -> bytes:
    return make_video(tmp_path / "whole.mp4", Video(frames=50, x264=PYRAMID), paint=numbered).read_bytes()


DAMAGED = {
    "empty": lambda _: b"",
    "text": lambda _: b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n",
    "half": lambda whole: whole[: len(whole) // 2],
    "without its end": lambda whole: whole[:-200],
    "overwritten": lambda whole: overwritten(whole, b"\xff" * 300),
    "blank": lambda whole: overwritten(whole, bytes(300)),
    "index only": lambda whole: whole[: whole.index(b"mdat") + 4],
}


def overwritten(whole: bytes, junk: bytes) -> bytes:
    start = whole.index(b"mdat")
    middle = start + (len(whole) - start) // 3
    return whole[:middle] + junk + whole[middle + len(junk) :]


@pytest.mark.parametrize("case", DAMAGED)
def test_a_damaged_file_is_refused_in_our_words(tmp_path: Path, case: str) -> None:
    path = tmp_path / "x.mp4"
    path.write_bytes(DAMAGED[case](whole_clip(tmp_path)))
    with pytest.raises(Unsampleable) as refusal:
        sample_frames(path, count=50, long_side=64)
    assert refusal.value.code == "media" and refusal.value.message.endswith(".")


@pytest.mark.parametrize("case", ["half", "without its end", "index only"])
def test_a_cut_clip_is_refused_even_if_what_is_missing_is_not_looked_at(tmp_path: Path, case: str) -> None:
    path = tmp_path / "x.mp4"
    path.write_bytes(DAMAGED[case](make_video(tmp_path / "whole.mp4", Video(frames=500), paint=numbered).read_bytes()))
    with pytest.raises(Unsampleable):
        sample_frames(path, count=1, long_side=64)


def test_a_frame_that_looks_back_at_a_damaged_one_is_not_painted_over(tmp_path: Path) -> None:
    whole = make_video(tmp_path / "x.mp4", Video(frames=21, gop=500), paint=numbered)
    with av.open(str(whole)) as container:
        packets = [(packet.pos or 0, packet.size) for packet in container.demux(video=0) if packet.size]
    start, size = packets[5]
    data = whole.read_bytes()
    whole.write_bytes(data[: start + 8] + b"\xaa" * (size - 8) + data[start + size :])
    with pytest.raises(Unsampleable):
        sample_frames(whole, count=1, long_side=64)


@pytest.mark.parametrize("cover", [False, True])
def test_sound_is_no_clip_even_if_it_has_a_picture_on_its_cover(tmp_path: Path, cover: bool) -> None:
    with pytest.raises(Unsampleable, match="no video"):
        sample_frames(make_sound(tmp_path / "x.mp4", cover=cover), count=1, long_side=64)


def test_a_video_of_another_kind_is_not_opened_whatever_its_name(tmp_path: Path) -> None:
    path = make_video(tmp_path / "x.webm", Video(codec="libvpx-vp9", frames=5)).rename(tmp_path / "x.mp4")
    with pytest.raises(Unsampleable):
        sample_frames(path, count=1, long_side=64)


@settings(deadline=None)
@given(place=st.floats(0, 1, exclude_max=True), junk=st.binary(min_size=1, max_size=40))
def test_no_damage_ends_in_another_error(tmp_path_factory: pytest.TempPathFactory, place: float, junk: bytes) -> None:
    folder = tmp_path_factory.getbasetemp()
    whole = folder / "whole.mp4"
    data = whole.read_bytes() if whole.exists() else whole_clip(folder)
    at = int(place * len(data))
    (folder / "damaged.mp4").write_bytes(data[:at] + junk + data[at + len(junk) :])
    try:
        found = sample_frames(folder / "damaged.mp4", count=16, long_side=32)
    except Unsampleable:
        return
    assert all(a.ms < b.ms for a, b in itertools.pairwise(found)) and found


def test_a_file_that_is_not_there_is_an_error_of_the_disk(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        sample_frames(tmp_path / "none.mp4", count=1, long_side=64)


def test_times_are_the_middles_of_even_parts() -> None:
    # 10,000 ms in 4 parts of 2,500: 1,250, 3,750, 6,250, 8,750.
    assert sample_times(10_000, 4) == [1_250, 3_750, 6_250, 8_750]
    assert sample_times(10_000, 1) == [5_000]
    # 100 ms in 3: 16.67, 50, 83.3, each rounded down.
    assert sample_times(100, 3) == [16, 50, 83]
    # 2 ms in 8 parts of 0.25 ms: four middles in each millisecond.
    assert sample_times(2, 8) == [0, 1]
    assert sample_times(0, 3) == [0]


@pytest.mark.parametrize(("duration_ms", "count"), [(-1, 3), (1_000, 0), (1_000, -2)])
def test_there_are_no_times_without_a_clip_or_a_count(duration_ms: int, count: int) -> None:
    with pytest.raises(ValueError, match="cannot be sampled"):
        sample_times(duration_ms, count)


def test_a_picture_of_no_pixels_is_not_asked_for() -> None:
    with pytest.raises(ValueError, match="no picture"):
        sample_frames(SAMPLES / "rooftop-somersault.mp4", count=1, long_side=0)


def jpeg_of(width: int, height: int, **options: bool) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(written, "JPEG", **options)
    return written.getvalue()


SET = [Frame(0, jpeg_of(3, 2)), Frame(40, jpeg_of(30, 20)), Frame(1_000_000, jpeg_of(8, 8))]


def test_a_set_is_one_plain_tar_that_says_nothing_else() -> None:
    raw = pack(SET)
    assert unpack(raw) == SET
    with tarfile.open(fileobj=io.BytesIO(raw), mode="r:") as tar:
        members = tar.getmembers()
    assert [member.name for member in members] == ["0.jpg", "40.jpg", "1000000.jpg"]
    assert {(m.mtime, m.uid, m.gid, m.uname, m.gname, m.type) for m in members} == {(0, 0, 0, "", "", tarfile.REGTYPE)}


@pytest.mark.parametrize(
    ("frames", "problem"),
    [
        ([], "no frames"),
        ([SET[1], SET[0]], r"0\.jpg does not come after 40"),
        ([SET[0], SET[0]], "does not come after 0"),
        ([Frame(-1, SET[0].jpeg)], "does not come after"),
        ([Frame(10**12, SET[0].jpeg)], "does not come after"),
        ([Frame(0, b"GIF89a")], "no JPEG"),
    ],
)
def test_what_is_no_set_is_not_packed(frames: list[Frame], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        pack(frames)


def tar_of(*members: tuple[str, bytes, bytes], form: int = tarfile.USTAR_FORMAT, mtime: int = 0) -> bytes:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w", format=form) as tar:
        for name, data, kind in members:
            member = tarfile.TarInfo(name)
            member.size, member.type, member.mtime = len(data), kind, mtime
            tar.addfile(member, io.BytesIO(data))
    return written.getvalue()


JPEG, FILE = SET[0].jpeg, tarfile.REGTYPE
NO_SETS = {
    "nothing": (b"", "no file of frames"),
    "no tar": (b"\xff" * 20_000, "no file of frames"),
    "an empty tar": (tar_of(), "no frames"),
    "another name": (tar_of(("a.jpg", JPEG, FILE)), r"'a\.jpg' is no frame"),
    "a path": (tar_of(("../1.jpg", JPEG, FILE)), "is no frame"),
    "a zero before the time": (tar_of(("01.jpg", JPEG, FILE)), "is no frame"),
    "figures of another script": (tar_of(("٣.jpg", JPEG, FILE)), "is no frame"),
    "a link": (tar_of(("1.jpg", b"", tarfile.SYMTYPE)), r"'1\.jpg' is no frame"),
    "a folder": (tar_of(("1.jpg", b"", tarfile.DIRTYPE)), "is no frame"),
    "no picture": (tar_of(("1.jpg", b"x", FILE)), "no JPEG"),
    "out of order": (tar_of(("2.jpg", JPEG, FILE), ("1.jpg", JPEG, FILE)), "does not come after"),
    "twice": (tar_of(("2.jpg", JPEG, FILE), ("2.jpg", JPEG, FILE)), "does not come after"),
    "a date": (tar_of(("1.jpg", JPEG, FILE), mtime=5), "was not written"),
    "something behind it": (pack(SET) + b"more", "was not written"),
    "cut": (pack(SET)[:-1], "was not written"),
}


@pytest.mark.parametrize("case", NO_SETS)
def test_any_other_file_is_not_unpacked(case: str) -> None:
    raw, problem = NO_SETS[case]
    with pytest.raises(ValueError, match=problem):
        unpack(raw)


@settings(deadline=None)
@given(at=st.integers(0, len(pack(SET)) - 1), junk=st.binary(min_size=1, max_size=600))
def test_a_set_that_was_changed_is_refused_or_still_a_set(at: int, junk: bytes) -> None:
    raw = pack(SET)
    changed = raw[:at] + junk + raw[at + len(junk) :]
    try:
        found = unpack(changed)
    except ValueError:
        return
    assert pack(found) == changed


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("size", [(1, 1), (512, 288), (65_000, 2)])
def test_the_size_stands_in_the_head_of_a_jpeg(size: tuple[int, int], progressive: bool) -> None:
    assert jpeg_size(jpeg_of(*size, progressive=progressive)) == size


def test_tables_before_the_size_are_passed_over() -> None:
    table, size = b"\xff\xc4\x00\x09\x08\x00\x07\x00\x07\x00\x00", b"\xff\xc2\x00\x0b\x08\x00\x02\x00\x03"
    assert jpeg_size(b"\xff\xd8" + table + size + bytes(4)) == (3, 2)


@given(st.binary(max_size=200), st.integers(0, 400))
def test_a_head_that_is_none_says_no_size(junk: bytes, cut: int) -> None:
    for data in (junk, b"\xff\xd8" + junk, jpeg_of(3, 2)[:cut] + junk):
        try:
            width, height = jpeg_size(data)
        except ValueError:
            continue
        assert 0 <= width < 65_536 and 0 <= height < 65_536


def test_a_picture_costs_a_token_for_each_begun_patch() -> None:
    # 512 / 28 = 18.3 and 288 / 28 = 10.3: 19 * 11 = 209, and 4 around it.
    assert image_tokens(512, 288) == 213
    # 28 x 28 is one patch, a pixel more in width makes two.
    assert (image_tokens(28, 28), image_tokens(29, 28)) == (5, 6)
    # 8,000 x 8,000 is made smaller first: 4,784 patches at most.
    assert image_tokens(8_000, 8_000) == 4_788


def test_text_is_counted_on_the_high_side() -> None:
    # 9 letters and spaces are 5 tokens.
    assert text_tokens("two words") == 5
    # 9 marks and figures are 9 tokens.
    assert text_tokens("[00:01.5]") == 9
    # é is two bytes, 走 three, and b half a token, rounded up.
    assert text_tokens("é走b") == 6
    assert text_tokens("") == 0
    assert text_tokens("\ud800") == 3


@given(st.text())
def test_no_text_has_more_tokens_than_bytes(text: str) -> None:
    size = len(text.encode(errors="surrogatepass"))
    assert (size + 1) // 2 <= text_tokens(text) <= size
