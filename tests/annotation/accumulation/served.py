"""What holds for every served copy, whatever it was made of."""

import hashlib
import itertools
from fractions import Fraction
from pathlib import Path

import av
from PIL import Image

from annotation.accumulation.containers import mp4_boxes
from annotation.accumulation.probe import probe
from annotation.accumulation.transcode import Prepared, prepare
from tests.annotation.accumulation.video_factory import frame_times, sample_formats


def served(source: Path, into: Path) -> Prepared:
    """Prepare a file and check what holds for every served copy."""
    before = source.read_bytes()
    done = prepare(source, into=into)
    assert source.read_bytes() == before, "the original is only read"
    assert sorted(path.name for path in into.iterdir()) == ["poster.jpg", "served.mp4"]
    assert (done.video, done.poster) == (into / "served.mp4", into / "poster.jpg")
    assert done.sha256 == hashlib.sha256(done.video.read_bytes()).hexdigest()
    assert done.original_sha256 == hashlib.sha256(before).hexdigest()
    assert_plays_everywhere(done)
    assert_poster_fits(done)
    return done


def assert_plays_everywhere(done: Prepared) -> None:
    found = probe(done.video)
    assert found == done.probe
    assert (found.container, found.video_codec, found.pixel_format) == ("mov", "h264", "yuv420p")
    assert found.rotation == 0 and found.width % 2 == found.height % 2 == 0
    assert [box.name for box in mp4_boxes(done.video) if box.name != b"free"] == [b"ftyp", b"moov", b"mdat"]
    expected = [("video", "h264")] + [("audio", "aac")] * found.has_audio
    assert sample_formats(done.video) == expected
    times = frame_times(done.video)
    assert times[0] == 0 and times == sorted(set(times)) and len(times) == found.frames
    longest_frame = max([b - a for a, b in itertools.pairwise(times)], default=Fraction(1))
    assert found.longest_gop_ms <= 1000 + longest_frame * 1000
    with av.open(str(done.video)) as container:
        assert container.streams.video[0].sample_aspect_ratio in {None, 1}


def assert_poster_fits(done: Prepared) -> None:
    with Image.open(done.poster) as poster:
        assert poster.format == "JPEG" and poster.width == min(640, done.probe.width)
        assert abs(poster.width / poster.height - done.probe.width / done.probe.height) < 0.05
        assert not poster.getexif()
