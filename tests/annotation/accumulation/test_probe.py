"""What is taken in and what is refused, with its reason. The ids are those of the threat and fault lists."""

import struct
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import av
import pytest
from av.video.frame import VideoFrame
from PIL import Image

from annotation.accumulation.probe import DEFAULT_LIMITS, Limits, Refused, probe
from tests.annotation.accumulation.video_factory import Video, make_sound, make_video, peak_megabytes

REPOSITORY = Path(__file__).parents[3]
EVERY_VIDEO_NAME = ("x.mp4", "x.mov", "x.webm", "x.mkv")


def refusal(path: Path, limits: Limits = DEFAULT_LIMITS) -> str:
    with pytest.raises(Refused) as refused:
        probe(path, limits=limits)
    sentence = str(refused.value)
    assert sentence.endswith(".") and str(path.parent) not in sentence
    return refused.value.code


def never(*_: object, **__: object) -> None:
    """Stands where nothing may come: no decoder saw the file, or none of it was decoded."""
    raise AssertionError("it went on")


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    """Two seconds at 25 frames a second, with sound."""
    return make_video(tmp_path / "plain.mp4", Video(sound="aac", b_frames=True))


def test_a_plain_video_is_measured(plain: Path) -> None:
    found = probe(plain)
    assert (found.container, found.video_codec, found.pixel_format) == ("mov", "h264", "yuv420p")
    assert (found.width, found.height, found.rotation) == (64, 48, 0)
    assert (found.fps, found.frames, found.duration_ms) == (Fraction(25), 50, 2000)
    assert (found.has_audio, found.audio_codec) == (True, "aac")
    assert (found.variable_frame_rate, found.longest_gop_ms) == (False, 1000)


@pytest.mark.parametrize(
    ("name", "video", "codec"),
    [
        ("a.mov", Video(), "h264"),
        ("a.mkv", Video(b_frames=True, sound="aac"), "h264"),
        ("a.webm", Video(codec="libvpx-vp9", sound="libopus"), "vp9"),
        ("a.avi", Video(codec="mpeg4"), "mpeg4"),
        ("b.avi", Video(b_frames=True), "h264"),
        ("a.ts", Video(b_frames=True, sound="aac"), "h264"),
        ("a.mpg", Video(codec="mpeg2video", sound="mp2"), "mpeg2video"),
        ("hevc.mp4", Video(codec="libx265"), "hevc"),
        ("fragmented.mp4", Video(fast_start=False, options={"movflags": "frag_keyframe+empty_moov"}), "h264"),
    ],
)
def test_every_accepted_container_is_measured_alike(tmp_path: Path, name: str, video: Video, codec: str) -> None:
    found = probe(make_video(tmp_path / name, video))
    assert (found.video_codec, found.frames, found.duration_ms, found.fps) == (codec, 50, 2000, Fraction(25))
    assert not found.variable_frame_rate


def test_rotated_video_is_measured_as_it_is_shown(tmp_path: Path) -> None:
    found = probe(make_video(tmp_path / "x.mp4", Video(rotation=90)))
    assert (found.width, found.height, found.rotation) == (48, 64, 90)


def test_oblong_pixels_are_measured_as_they_are_shown(tmp_path: Path) -> None:
    wide = probe(make_video(tmp_path / "wide.mp4", Video(aspect=Fraction(3, 2))))
    tall = probe(make_video(tmp_path / "tall.mp4", Video(aspect=Fraction(2, 3))))
    assert (wide.width, wide.height) == (96, 48)
    assert (tall.width, tall.height) == (64, 72)


def test_uneven_frame_times_are_noticed(tmp_path: Path) -> None:
    times = [0, 40, 80, 200, 210, 300]
    found = probe(make_video(tmp_path / "x.mkv", Video(times=times, tick=Fraction(1, 1000))))
    assert (found.variable_frame_rate, found.frames) == (True, 6)
    # The last frame of 40 ms ends at 340 ms: 6 frames in 0.34 s.
    assert (found.duration_ms, found.fps) == (340, Fraction(6, 1) / Fraction(340, 1000))


def test_rounded_times_do_not_make_a_rate_uneven(tmp_path: Path) -> None:
    found = probe(make_video(tmp_path / "x.mkv", Video(fps=Fraction(30000, 1001))))
    assert (found.variable_frame_rate, found.fps) == (False, Fraction(30000, 1001))


def test_one_frame_is_a_video(tmp_path: Path) -> None:
    found = probe(make_video(tmp_path / "x.mp4", Video(frames=1)))
    assert (found.frames, found.duration_ms, found.longest_gop_ms) == (1, 40, 40)


# --- S-31: files that would have a decoder open other files -----------------------------------------------------------

PLAYLISTS = {
    "ffconcat": "ffconcat version 1.0\nfile '{victim}'\n",
    "ffconcat, name only": "ffconcat version 1.0\nfile victim.mp4\n",
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{victim}\n#EXT-X-ENDLIST\n",
    "hls over http": "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nhttp://127.0.0.1:9/x.ts\n#EXT-X-ENDLIST\n",
    "dash": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><BaseURL>{victim}</BaseURL></MPD>',
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n",
}


@pytest.mark.parametrize("name", EVERY_VIDEO_NAME)
@pytest.mark.parametrize("playlist", PLAYLISTS)
def test_s31_a_list_of_other_files_is_refused_before_any_decoder_sees_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, playlist: str
) -> None:
    victim = make_video(tmp_path / "victim.mp4")
    hostile = tmp_path / name
    hostile.write_text(PLAYLISTS[playlist].format(victim=victim))
    monkeypatch.setattr(av, "open", never)
    assert refusal(hostile) == "not_a_video"


@pytest.mark.parametrize("playlist", ["ffconcat", "hls"])
def test_s31_a_list_behind_a_first_line_of_video_magic_opens_nothing_else(tmp_path: Path, playlist: str) -> None:
    victim = make_video(tmp_path / "victim.mp4")
    hostile = tmp_path / "x.mp4"
    for head in (b"\x00\x00\x00\x18ftypisom\x00\x00\x00\x00isomisom", b"\x1aE\xdf\xa3", b"RIFF\x00\x00\x00\x00AVI "):
        hostile.write_bytes(head + b"\n" + PLAYLISTS[playlist].format(victim=victim).encode())
        assert refusal(hostile) in {"damaged", "no_video_stream"}


def test_s31_a_web_page_before_the_video_is_refused(tmp_path: Path, plain: Path) -> None:
    page = tmp_path / "page.mp4"
    page.write_bytes(b"<html><script>alert(1)</script></html>" + plain.read_bytes())
    assert refusal(page) == "not_a_video"
    page.write_bytes(b"<!--ftypisom" + bytes(20) + plain.read_bytes())
    assert refusal(page) == "not_a_video"


@pytest.mark.parametrize("name", ["-version.mp4", "concat:a|b.mp4", "http:x.mp4", "%d.mp4", "$(x).mp4", "a\nb.mp4"])
def test_s32_a_strange_file_name_is_only_a_name(tmp_path: Path, plain: Path, name: str) -> None:
    strange = plain.rename(tmp_path / name)
    assert probe(strange).frames == 50


# --- S-34: files that claim too much ----------------------------------------------------------------------------------


def test_s34_a_file_over_the_size_limit_is_refused_unread(plain: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(av, "open", never)
    assert refusal(plain, Limits(max_bytes=plain.stat().st_size - 1)) == "too_large"


def claims_refused(path: Path, limits: Limits, monkeypatch: pytest.MonkeyPatch) -> str:
    """The refusal of a file whose header alone gives it away."""
    from annotation.accumulation import probe as module

    monkeypatch.setattr(module, "_decode_all", never)
    return refusal(path, limits)


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        (Limits(max_pixels=64 * 48 - 1), "too_many_pixels"),
        (Limits(max_frames=49), "too_many_frames"),
        (Limits(max_duration_ms=1999), "too_long"),
        (Limits(max_streams=1), "too_many_streams"),
    ],
)
def test_s34_claims_over_a_limit_are_refused_before_decoding(
    plain: Path, monkeypatch: pytest.MonkeyPatch, limits: Limits, code: str
) -> None:
    assert claims_refused(plain, limits, monkeypatch) == code


def test_s34_a_file_right_at_every_limit_is_taken(plain: Path) -> None:
    size = plain.stat().st_size
    at_the_limit = Limits(max_bytes=size, max_pixels=64 * 48, max_frames=50, max_duration_ms=2022, max_streams=2)
    assert probe(plain, limits=at_the_limit).frames == 50


def test_s34_twelve_hours_at_one_frame_a_second_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    times = [0, 12 * 3600 - 1]
    long = make_video(tmp_path / "x.mp4", Video(times=times, tick=Fraction(1), fps=Fraction(1)))
    assert claims_refused(long, DEFAULT_LIMITS, monkeypatch) == "too_long"


def test_s34_sixty_four_sound_tracks_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    many = make_video(tmp_path / "x.mp4", Video(frames=2, sound="aac", sound_s=0.1, extra_sounds=63))
    assert claims_refused(many, DEFAULT_LIMITS, monkeypatch) == "too_many_streams"


def test_s34_stretched_pixels_count_as_they_are_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stretched = make_video(tmp_path / "x.mp4", Video(aspect=Fraction(16)))
    assert claims_refused(stretched, Limits(max_pixels=64 * 48 * 15), monkeypatch) == "too_many_pixels"


def test_s34_a_picture_of_8192_by_8192_is_refused_in_little_memory(tmp_path: Path) -> None:
    huge = tmp_path / "x.mkv"
    in_another_process("make_video(path, Video(width=8192, height=8192, frames=1), paint=blank)", huge)
    code, megabytes = in_another_process("try_it(path)", huge).split()
    assert code == "too_many_pixels"
    assert int(megabytes) < 600


def in_another_process(call: str, path: Path) -> str:
    """What `call` prints. Another process has a memory of its own to measure."""
    command = [sys.executable, "-c", f"from {__name__} import *; path = Path({str(path)!r}); {call}"]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout


def blank(number: int) -> VideoFrame:
    return VideoFrame(8192, 8192, "yuv420p")


def try_it(path: Path) -> None:
    try:
        probe(path)
    except Refused as refused:
        print(refused.code, peak_megabytes())  # noqa: T201


@pytest.mark.parametrize("tables", ["stsz", "all but stsz", "all"])
def test_s34_a_small_file_that_claims_many_frames_takes_little_memory(tmp_path: Path, tables: str) -> None:
    """1,400 bytes that would have a demuxer make an index of gigabytes."""
    bomb = make_video(tmp_path / "x.mp4", Video(frames=1))
    content = bytearray(bomb.read_bytes())

    def claim(table: bytes, offset: int, number: int) -> None:
        at = content.index(table) + 4 + offset
        content[at : at + 4] = struct.pack(">I", number)

    if tables != "all but stsz":
        claim(b"stsz", 4, 1)
        claim(b"stsz", 8, 80_000_000)
    if tables != "stsz":
        claim(b"stts", 8, 80_000_000)
        claim(b"stsc", 12, 80_000_000)
    bomb.write_bytes(content)
    said = in_another_process("try_it(path)", bomb).split()
    assert said[0] in {"too_many_frames", "too_long", "damaged"}
    assert int(said[-1]) < 200


def test_s34_a_fragment_that_claims_many_frames_takes_little_memory(tmp_path: Path) -> None:
    options = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}
    bomb = make_video(tmp_path / "x.mp4", Video(frames=1, fast_start=False, options=options))
    content = bytearray(bomb.read_bytes())
    at = content.index(b"trun") + 4
    content[at : at + 8] = struct.pack(">II", 0x000001, 80_000_000)
    bomb.write_bytes(content)
    code, megabytes = in_another_process("try_it(path)", bomb).split()
    assert code == "too_many_frames" and int(megabytes) < 200


def test_s34_boxes_in_boxes_in_boxes_are_refused(tmp_path: Path, plain: Path) -> None:
    head, nest = plain.read_bytes(), b""
    for _ in range(2000):
        nest = struct.pack(">I4s", len(nest) + 8, b"moov") + nest
    deep = tmp_path / "deep.mp4"
    deep.write_bytes(head + nest)
    assert refusal(deep) == "too_many_frames"


def test_many_samples_of_plain_sound_are_believed(tmp_path: Path) -> None:
    """Two minutes of PCM are 5.8 million samples."""
    sound = make_video(tmp_path / "x.mov", Video(frames=2, sound="pcm_s16le", sound_s=121))
    assert probe(sound).has_audio


def test_s34_a_transport_stream_that_claims_nothing_is_stopped_while_decoding(tmp_path: Path) -> None:
    stream = make_video(tmp_path / "x.ts")
    assert refusal(stream, Limits(max_frames=10)) == "too_many_frames"


# --- F-23: damaged files ----------------------------------------------------------------------------------------------


def test_f23_an_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.mp4").touch()
    assert refusal(tmp_path / "x.mp4") == "empty_file"


@pytest.mark.parametrize("fast_start", [True, False])
@pytest.mark.parametrize("part", [0.2, 0.5, 0.9, 0.999])
def test_f23_a_cut_mp4_is_refused(tmp_path: Path, fast_start: bool, part: float) -> None:
    whole = make_video(tmp_path / "whole.mp4", Video(fast_start=fast_start, sound="aac")).read_bytes()
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole[: int(len(whole) * part)])
    assert refusal(cut) == "damaged"


def test_f23_a_cut_faststart_mp4_whose_boxes_were_made_to_fit_is_refused(tmp_path: Path) -> None:
    """The index is whole and the box lengths are right: only the missing frames give it away."""
    whole = make_video(tmp_path / "whole.mp4").read_bytes()
    at = whole.index(b"mdat") - 4
    half = whole[: at + (len(whole) - at) // 2]
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(half[:at] + struct.pack(">I", len(half) - at) + half[at + 4 :])
    assert refusal(cut) == "damaged"


@pytest.mark.parametrize(
    ("name", "video"),
    [("x.mkv", Video()), ("x.webm", Video(codec="libvpx-vp9")), ("x.avi", Video(codec="mpeg4"))],
)
@pytest.mark.parametrize("part", [0.5, 0.9, 0.99])
def test_f23_other_containers_cut_short_are_refused(tmp_path: Path, name: str, video: Video, part: float) -> None:
    file = make_video(tmp_path / name, video)
    whole = file.read_bytes()
    file.write_bytes(whole[: int(len(whole) * part)])
    assert refusal(file) == "damaged"


def test_f23_a_video_with_broken_bytes_inside_is_refused(plain: Path) -> None:
    whole = bytearray(plain.read_bytes())
    at = whole.index(b"mdat") + 1200
    whole[at : at + 400] = b"\xa5" * 400
    plain.write_bytes(whole)
    assert refusal(plain) == "damaged"


def test_f23_a_file_of_sound_alone_is_refused(tmp_path: Path) -> None:
    for name in ("x.m4a", "x.mp4", "x.mkv"):
        path = make_sound(tmp_path / name)
        assert refusal(path) == "no_video_stream"


def test_f23_a_song_with_a_cover_is_no_video(tmp_path: Path) -> None:
    assert refusal(make_sound(tmp_path / "x.mp4", cover=True)) == "no_video_stream"


def test_f23_a_cut_matroska_that_does_not_say_how_long_it_is_is_refused(tmp_path: Path) -> None:
    """Only the time that its header promises gives it away."""
    file = make_video(tmp_path / "x.mkv", Video(gop=5, options={"cluster_time_limit": "500"}))
    whole = file.read_bytes()
    at = whole.index(b"\x18S\x80g") + 4
    last_cluster = whole.rindex(b"\x1fC\xb6u")
    file.write_bytes(whole[:at] + b"\x01" + b"\xff" * 7 + whole[at + 8 : last_cluster])
    assert refusal(file) == "damaged"


def test_f23_a_transport_stream_that_lost_a_packet_is_refused(tmp_path: Path) -> None:
    file = make_video(tmp_path / "x.ts", Video(width=640, height=480))
    whole = file.read_bytes()
    middle = len(whole) // 188 // 2 * 188
    file.write_bytes(whole[:middle] + whole[middle + 188 :])
    assert refusal(file) == "damaged"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP"])
def test_f23_a_picture_named_as_a_video_is_refused(tmp_path: Path, kind: str) -> None:
    Image.new("RGB", (64, 48)).save(tmp_path / "x.mp4", kind)
    assert refusal(tmp_path / "x.mp4") == "not_a_video"


def test_f23_a_sound_file_and_a_phone_picture_named_as_a_video_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.mp4"
    for head in (b"RIFF\x24\x00\x00\x00WAVEfmt ", b"ID3\x04\x00", b"OggS\x00\x02", b"\x00\x00\x00\x18ftypheic\x00\x00"):
        path.write_bytes(head + bytes(2000))
        assert refusal(path) == "not_a_video"


def test_f23_the_name_does_not_decide_what_a_file_is(tmp_path: Path) -> None:
    webm = make_video(tmp_path / "x.webm", Video(codec="libvpx-vp9"))
    assert probe(webm.rename(tmp_path / "x.mp4")).container == "matroska"
