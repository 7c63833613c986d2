"""The two tracks of a served copy, each taken over packet by packet or encoded anew. Nothing is held but what the
encoder itself holds back.

Both tracks are moved by the same time, so that the first frame is at zero and the sound stays where it was beside it.
"""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
import av.error
import numpy as np
from av.filter import Graph
from av.video.frame import PictureType
from av.video.reformatter import ColorRange, Interpolation

from annotation.accumulation.frames import ORIENTATIONS, Corner, FrameClock
from annotation.accumulation.probe import Reading

ENCODER_THREADS = 2  # fixed: the same bytes come out on every machine
KEY_FRAME_EVERY_S = 1
SOUND_RATES = (44_100, 48_000)
MAX_UNDATED = 16  # H.264 reorders no more frames than that
RGB = 0
SILENCE_SAMPLES = 4096


class CannotCopy(Exception):
    """The packets as they are do not make an MP4 track; encoded anew they would."""


class CopiedTrack:
    """Packets taken over as they are, moved by `start` seconds towards zero."""

    def __init__(self, output: Any, stream: Any, start: Fraction) -> None:
        self.stream = output.add_stream_from_template(stream, opaque=True)
        self.shift = round(start / stream.time_base)
        self.is_sound = stream.type == "audio"
        self.undated: list[Any] = []

    def packets(self, packet: Any) -> Iterator[Any]:
        if packet.dts is None:
            # Matroska has no decoding times, and the first of them are known only when later packets are.
            if packet.size:
                self.undated.append(packet)
            if len(self.undated) > MAX_UNDATED or (self.undated and not packet.size):
                raise CannotCopy("Packets have no decoding times.")
            return
        for steps_before, early in zip(range(len(self.undated), 0, -1), self.undated, strict=True):
            early.dts = packet.dts - steps_before * (packet.duration or 1)
            yield from self._moved(early)
        self.undated.clear()
        yield from self._moved(packet)

    def _moved(self, packet: Any) -> Iterator[Any]:
        if packet.pts is None:
            raise CannotCopy("A packet has no time.")
        packet.pts -= self.shift
        packet.dts -= self.shift
        # Sound from before the first frame is dropped but for one packet: decoding the next one needs it.
        if self.is_sound and packet.pts + 2 * (packet.duration or 0) <= 0:
            return
        packet.stream = self.stream
        yield packet


class EncodedPictures:
    """Frames encoded as H.264: upright, with square pixels and even sides, each at its own time.

    video: the stream they come from. tick: what times and lengths are counted in, in seconds. size: as they are shown.
    uneven: frames are shown for different times, be it only the last.
    """

    def __init__(
        self, output: Any, video: Any, *, tick: Fraction, orientation: Corner, size: tuple[int, int], uneven: bool
    ) -> None:
        self.tick = tick
        self.first: int | None = None
        self.key: int | None = None
        self.turn = Turn(orientation)
        self.size = _even(size[0]), _even(size[1])
        options = {"preset": "veryfast", "crf": "20", "forced-idr": "1", "flags": "+bitexact+cgop+frame_duration"}
        if uneven:  # with frames out of order an MP4 cannot say how long each is shown
            options["bf"] = "0"
        self.stream = output.add_stream("libx264", rate=video.average_rate or 25, options=options)
        self.stream.width, self.stream.height = self.size
        self.stream.pix_fmt = "yuv420p"
        context = self.stream.codec_context
        context.time_base = tick
        context.thread_count = ENCODER_THREADS
        # Key frames are asked for by time, so that uneven rates have them often enough too; this is only the far end.
        context.gop_size = 600
        context.color_range = ColorRange.MPEG
        if video.colorspace != RGB:
            context.colorspace = video.colorspace
            context.color_primaries, context.color_trc = video.color_primaries, video.color_trc

    def add(self, frame: Any, time: int, length: int) -> Iterator[Any]:
        if self.first is None:
            self.first = time
        picture = self._fitted(self.turn.applied_to(frame))
        picture.pts, picture.duration, picture.time_base = time - self.first, length, self.tick
        picture.pict_type = PictureType.NONE
        if self.key is None or (time - self.key) * self.tick >= KEY_FRAME_EVERY_S:
            picture.pict_type, self.key = PictureType.I, time
        yield from self.stream.encode(picture)

    def end(self) -> Iterator[Any]:
        yield from self.stream.encode(None)

    def _fitted(self, picture: Any) -> Any:
        width, height = self.size
        is_full_range = picture.color_range == ColorRange.JPEG or picture.format.name.startswith("yuvj")
        if (picture.width, picture.height, picture.format.name) == (width, height, "yuv420p") and not is_full_range:
            return picture
        return picture.reformat(
            width=width,
            height=height,
            format="yuv420p",
            interpolation=Interpolation.BICUBIC,
            src_color_range=ColorRange.JPEG if is_full_range else picture.color_range,
            dst_color_range=ColorRange.MPEG,
        )


class EncodedVideo(EncodedPictures):
    """All frames of a video that was read before."""

    def __init__(self, output: Any, video: Any, reading: Reading) -> None:
        self.clock = FrameClock(video, reading.demuxer)
        super().__init__(
            output,
            video,
            tick=self.clock.tick,
            orientation=reading.orientation,
            size=(reading.probe.width, reading.probe.height),
            uneven=reading.uneven,
        )

    def packets(self, packet: Any) -> Iterator[Any]:
        self.clock.expect(packet)
        for frame in packet.decode():
            time, length = self.clock.time_of(frame), self.clock.length_of(frame)
            yield from self.add(frame, time, length)
        if not packet.size:
            yield from self.end()


def _even(side: int) -> int:
    return max(2, side // 2 * 2)


class Turn:
    """Turns and flips pictures as a display matrix asks."""

    def __init__(self, orientation: Corner) -> None:
        self.filters = ORIENTATIONS[orientation][1]
        self._graph: Graph | None = None
        self._look: tuple[int, int, str] | None = None

    def applied_to(self, frame: Any) -> Any:
        if not self.filters:
            return frame
        look = (frame.width, frame.height, frame.format.name)
        if self._graph is None or look != self._look:
            self._graph, self._look = self._graph_for(frame), look
        self._graph.push(frame)
        return self._graph.pull()

    def _graph_for(self, frame: Any) -> Graph:
        graph = Graph()
        source = graph.add_buffer(
            width=frame.width, height=frame.height, format=frame.format, time_base=Fraction(frame.time_base)
        )
        steps = [graph.add(name, value) for name, value in self.filters]
        graph.link_nodes(source, *steps, graph.add("buffersink")).configure()
        return graph


class EncodedSound:
    """Sound encoded as AAC. Silence fills the time before it starts and the holes in it, so that it stays in time."""

    smallest_hole_s = Fraction(1, 10)

    def __init__(self, output: Any, audio: Any, start: Fraction) -> None:
        rate = audio.rate if audio.rate in SOUND_RATES else SOUND_RATES[-1]
        self.layout = "mono" if audio.channels == 1 else "stereo"
        self.start = start
        options = {"b": "128k", "flags": "+bitexact"}
        self.stream = output.add_stream("aac", rate=rate, layout=self.layout, options=options)
        self.wanted = f"sample_fmts=fltp:sample_rates={rate}:channel_layouts={self.layout}"
        self.rate = rate
        self._graph: Graph | None = None
        self._look: tuple[int, str, str] | None = None
        self._until = 0  # in samples: sound is never written twice, nor back in time

    def packets(self, packet: Any) -> Iterator[Any]:
        for frame in packet.decode():
            yield from self.add(frame)
        if not packet.size and self._graph is not None:
            yield from self.end()

    def add(self, frame: Any) -> Iterator[Any]:
        yield from self._ready_for(frame)
        if frame.pts is not None:
            frame.pts -= round(self.start / frame.time_base)
        yield from self._resampled(frame)

    def end(self) -> Iterator[Any]:
        if self._graph is not None:
            yield from self._resampled(None)
        yield from self.stream.encode(None)

    def _ready_for(self, frame: Any) -> Iterator[Any]:
        """Begin anew where the sound changes its rate or its channels, as broadcasts do."""
        look = (frame.sample_rate, frame.format.name, frame.layout.name)
        if look == self._look:
            return
        if self._graph is not None:
            yield from self._resampled(None)
        is_first, self._look = self._graph is None, look
        self._graph = self._graph_for(frame, starts_at=":first_pts=0" if is_first else "")

    def _graph_for(self, frame: Any, *, starts_at: str) -> Graph:
        graph = Graph()
        source = graph.add_abuffer(
            sample_rate=frame.sample_rate, format=frame.format, layout=frame.layout, time_base=Fraction(frame.time_base)
        )
        holes = f"min_hard_comp={float(self.smallest_hole_s)}"
        in_time = graph.add("aresample", f"{self.rate}:async=1:{holes}{starts_at}")
        graph.link_nodes(source, in_time, graph.add("aformat", self.wanted), graph.add("abuffersink")).configure()
        return graph

    def _resampled(self, frame: Any | None) -> Iterator[Any]:
        graph: Any = self._graph
        graph.push(frame)
        while True:
            try:
                sound = graph.pull()
            except (av.error.BlockingIOError, av.error.EOFError):  # wants more, or had the last
                return
            end = sound.pts + sound.samples
            if end > self._until:
                sound.pts = max(sound.pts, self._until)
                yield from self._encoded(sound)

    def _encoded(self, sound: Any) -> Iterator[Any]:
        self._until = sound.pts + sound.samples
        yield from self.stream.encode(sound)


class SoundOfStretch(EncodedSound):
    """Sound of exactly `length` seconds from `start` on: what is longer is left out, silence fills what is shorter."""

    # Half a frame of a quick film: beside a hole of a tenth of a second pictures would run ahead by two or three.
    smallest_hole_s = Fraction(2, 100)

    def __init__(self, output: Any, audio: Any, start: Fraction, length: Fraction) -> None:
        super().__init__(output, audio, start)
        self.length = length
        self.samples = round(length * self.rate)

    def end(self) -> Iterator[Any]:
        if self._graph is not None:
            yield from self._resampled(None)
        yield from self._silence_until(self.samples)
        yield from self.stream.encode(None)

    def _encoded(self, sound: Any) -> Iterator[Any]:
        yield from self._silence_until(min(sound.pts, self.samples))  # a hole where the sound began anew
        left = self.samples - sound.pts
        if left <= 0:
            return
        if left < sound.samples:
            sound = self._sound_of(np.ascontiguousarray(sound.to_ndarray()[:, :left]), sound.pts)
        yield from super()._encoded(sound)

    def _silence_until(self, end: int) -> Iterator[Any]:
        channels = 1 if self.layout == "mono" else 2
        while self._until < end:
            count = min(SILENCE_SAMPLES, end - self._until)
            silence = np.zeros((channels, count), np.float32)
            yield from super()._encoded(self._sound_of(silence, self._until))

    def _sound_of(self, samples: Any, pts: int) -> Any:
        sound: Any = av.AudioFrame.from_ndarray(samples, format="fltp", layout=self.layout)
        sound.sample_rate, sound.time_base, sound.pts = self.rate, Fraction(1, self.rate), pts
        return sound
