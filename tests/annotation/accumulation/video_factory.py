"""Small videos of every kind, made with PyAV: a white square walks over grey, so that no two frames are alike."""

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange

CODEC_OPTIONS = {
    "libx264": {"preset": "ultrafast", "crf": "30"},
    "libx265": {"preset": "ultrafast", "x265-params": "log-level=none"},
    "libvpx-vp9": {"cpu-used": "8", "deadline": "realtime"},
}
SAMPLE_RATE = 48_000


@dataclass(frozen=True)
class Video:
    """What a test video is like. times: the pts of each frame in `tick`s, else even. sound_delay_s: when sound starts;
    a click of 20 ms is in it `click_at_s` after zero on the video's clock. sound_hole: between which seconds no sound
    at all is in the file."""

    codec: str = "libx264"
    pixel_format: str = "yuv420p"
    width: int = 64
    height: int = 48
    fps: Fraction = Fraction(25)
    frames: int = 50
    gop: int = 25
    times: Sequence[int] | None = None
    tick: Fraction | None = None
    first: int = 0
    rotation: int = 0
    aspect: Fraction | None = None
    sound: str | None = None
    sound_delay_s: float = 0.0
    sound_s: float | None = None
    click_at_s: float = 1.0
    sound_hole: tuple[float, float] = (0.0, 0.0)
    tags: dict[str, str] = field(default_factory=dict)
    fast_start: bool = True
    options: dict[str, str] = field(default_factory=dict)
    b_frames: bool = False
    extra_sounds: int = 0
    x264: str = ""
    full_range: bool = False


def make_video(path: Path, video: Video = Video(), *, paint: Callable[[int], VideoFrame] | None = None) -> Path:
    """Write `video` to `path`; the container follows the name's ending."""
    movflags = {"movflags": "+faststart"} if video.fast_start and path.suffix in (".mp4", ".mov", ".m4a") else {}
    with av.open(str(path), "w", options={**movflags, **video.options}) as container:
        container.metadata.update(video.tags)
        stream = _video_stream(container, video)
        sounds = [_sound_stream(container, video) for _ in range(bool(video.sound) + video.extra_sounds)]
        times = video.times or range(video.first, video.first + video.frames)
        for number, time in enumerate(times):
            frame = paint(number) if paint else picture(number, video.width, video.height)
            frame = frame.reformat(format=video.pixel_format)
            frame.pts, frame.time_base = time, stream.codec_context.time_base
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        for sound in sounds:
            _write_sound(container, sound, video)
    return path


def make_sound(path: Path, *, cover: bool = False) -> Path:
    """A file of sound alone, or with a cover picture."""
    video = Video(sound="aac", codec="mjpeg", pixel_format="yuvj420p")
    with av.open(str(path), "w") as container:
        sound = _sound_stream(container, video)
        if cover:
            stream = _video_stream(container, video)
            stream.disposition = Disposition.attached_pic
            container.mux(stream.encode(picture(0).reformat(format="yuvj420p")))
        _write_sound(container, sound, video)
    return path


def _video_stream(container: Any, video: Video) -> Any:
    options = dict(CODEC_OPTIONS.get(video.codec, {}))
    if video.codec == "libx264":
        options |= {"sc_threshold": "0", "bf": "2" if video.b_frames else "0"}
    if video.x264 and video.codec == "libx264":
        options = {"preset": "veryfast", "x264-params": video.x264}
    stream = container.add_stream(video.codec, rate=video.fps, options=options)
    stream.width, stream.height, stream.pix_fmt = video.width, video.height, video.pixel_format
    stream.codec_context.gop_size = video.gop
    stream.codec_context.thread_count = 1
    stream.codec_context.time_base = video.tick or 1 / video.fps
    if video.full_range:
        stream.codec_context.color_range = ColorRange.JPEG
    if video.aspect:
        stream.codec_context.sample_aspect_ratio = video.aspect
    if video.rotation:
        stream.set_display_rotation(-video.rotation)  # counter-clockwise there, clockwise here
    return stream


def _sound_stream(container: Any, video: Video) -> Any:
    return container.add_stream(video.sound, rate=SAMPLE_RATE, layout="mono")


def _write_sound(container: Any, stream: Any, video: Video) -> None:
    length = video.sound_s or float(video.frames / video.fps) - video.sound_delay_s
    chunk = 960
    for number in range(int(length * SAMPLE_RATE) // chunk):
        start_s = video.sound_delay_s + number * chunk / SAMPLE_RATE
        if video.sound_hole[0] <= start_s < video.sound_hole[1]:
            continue
        loud = abs(start_s - video.click_at_s) < chunk / SAMPLE_RATE / 2
        frame = av.AudioFrame(format="s16", layout="mono", samples=chunk)
        frame.planes[0].update((b"\x00\x60" * 24 + b"\x00\xa0" * 24) * (chunk // 48) if loud else bytes(2 * chunk))
        frame.sample_rate = SAMPLE_RATE
        frame.time_base = Fraction(1, SAMPLE_RATE)
        frame.pts = round(start_s * SAMPLE_RATE)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def picture(number: int, width: int = 64, height: int = 48) -> VideoFrame:
    """Mid-grey with a white square of 8 x 8 whose place tells the number."""
    return patch(width, height, left=number * 2 % (width - 8), top=8)


def patch(width: int, height: int, *, left: int, top: int, size: int = 8) -> VideoFrame:
    rows = []
    for y in range(height):
        row = bytearray(b"\x60" * width)
        if top <= y < top + size:
            row[left : left + size] = b"\xf0" * size
        rows.append(bytes(row))
    frame = VideoFrame(width, height, "gray")
    plane = frame.planes[0]
    plane.update(b"".join(row.ljust(plane.line_size, b"\x00") for row in rows))
    return frame


def rewritten(source: Path, target: Path, change: Callable[[Any], bool]) -> Path:
    """The packets of a video for which `change` says yes, after it had its way with each."""
    with av.open(str(source)) as old, av.open(str(target), "w", options={"movflags": "+faststart"}) as new:
        stream = new.add_stream_from_template(old.streams.video[0], opaque=True)
        for packet in old.demux(video=0):
            if packet.size and change(packet):
                packet.stream = stream
                new.mux(packet)
    return target


def frame_times(path: Path) -> list[Fraction]:
    """When each frame is shown, in seconds."""
    with av.open(str(path)) as container:
        return [Fraction(frame.time_base or 0) * (frame.pts or 0) for frame in container.decode(video=0)]


def click_time(path: Path) -> float:
    """When the click in the sound is heard, in seconds on the container's clock."""
    with av.open(str(path)) as container:
        resampler = av.AudioResampler(format="s16", layout="mono")
        for frame in container.decode(audio=0):
            for plain in resampler.resample(frame):
                count = plain.samples
                samples = struct.unpack(f"<{count}h", bytes(plain.planes[0])[: 2 * count])
                for index, sample in enumerate(samples):
                    if abs(sample) > 8000:
                        return float((plain.pts or 0) * (plain.time_base or 0)) + index / plain.sample_rate
    raise AssertionError("no click in it")


def sample_formats(path: Path) -> list[tuple[str, str]]:
    with av.open(str(path)) as container:
        return [(stream.type, stream.codec_context.name) for stream in container.streams]


def peak_megabytes() -> int:
    """This process's own peak. getrusage would also count what the parent had in memory when it forked us."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) // 1024
