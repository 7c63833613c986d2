"""One decoding of a raw video, by which everything about it is measured: its scenes, the people in them, how they move.

Each frame is looked at while it goes by: a small copy of every frame for the scenes, and a larger copy of a frame every
so often (a sample) for people, motion, bars and fingerprints. The clock of the samples starts anew with each scene. In
memory are the copies of a moment, a few numbers for each sample and each frame, and some thumbnails of the scene at
hand; so a video of three hours takes little more than one of a minute.
"""

import time
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from annotation.accumulation.fingerprints import phash
from annotation.accumulation.frames import DecodedFrame
from annotation.accumulation.gathering import Sample, SceneAtHand
from annotation.accumulation.limits import RAW_LIMITS, Limits
from annotation.accumulation.measurements import SceneMeasurement, VideoMeasurement
from annotation.accumulation.perception import PersonDetector, PoseEstimator
from annotation.accumulation.pictures import Shrinker
from annotation.accumulation.probe import Reading, read
from annotation.accumulation.scenes import DEFAULT_THRESHOLD, SMALL_SIDE, SceneCuts
from annotation.accumulation.unchanged import unchanged

SAMPLE_EVERY_MS = 400
SAMPLE_SIDE = 960
MAX_SCENE_MS = 60_000
LOOK_EVERY = 32  # frames: how often the file is asked whether it changed


def measure(
    path: Path,
    *,
    into: Path,
    detector: PersonDetector,
    estimator: PoseEstimator,
    sample_every_ms: int = SAMPLE_EVERY_MS,
    max_scene_ms: int = MAX_SCENE_MS,
    limits: Limits = RAW_LIMITS,
    progress: Callable[[int], None] | None = None,
) -> VideoMeasurement:
    """Measure a video and write a thumbnail of each scene into an empty directory of its own.

    max_scene_ms: longer scenes fall into equal parts, each a scene. progress: told now and then how many milliseconds
    of the video are done. Raises Refused as `read` does, and "still_growing" for a file that changes meanwhile. After
    any error the directory is as empty as before. The same file gives the same figures, but for the seconds they took.
    """
    if sample_every_ms < 1 or max_scene_ms < 1:
        raise ValueError("Samples and scenes take at least a millisecond.")
    began = time.process_time()
    with unchanged(path) as look:
        stages = _Stages()
        observer = _Observer(
            into=into,
            detector=detector,
            estimator=estimator,
            sample_every_ms=sample_every_ms,
            max_scene_ms=max_scene_ms,
            look=look,
            progress=progress,
            stages=stages,
        )
        try:
            reading = read(path, limits=limits, watch=observer)
            observer.close()
            look()
        except BaseException:
            observer.unlink()
            raise
    return _as_measurement(reading, observer, stages.seconds(time.process_time() - began))


class _Stages:
    """Processor seconds of each stage. Decoding has threads of its own: what the stages did not take is its."""

    def __init__(self) -> None:
        self._taken: defaultdict[str, float] = defaultdict(float)

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        began = time.thread_time()
        yield
        self._taken[name] += time.thread_time() - began

    def seconds(self, in_all: float) -> dict[str, float]:
        return {
            name: round(taken, 4)
            for name, taken in {"decode": in_all - sum(self._taken.values()), **self._taken}.items()
        }


class _Observer:
    """Shown each frame, it keeps what measures the scene at hand, and the measurements of those that are over."""

    def __init__(
        self,
        *,
        into: Path,
        detector: PersonDetector,
        estimator: PoseEstimator,
        sample_every_ms: int,
        max_scene_ms: int,
        look: Callable[[], None],
        progress: Callable[[int], None] | None,
        stages: _Stages,
    ) -> None:
        self.detector, self.estimator = detector, estimator
        self.sample_every_ms, self.max_scene_ms = sample_every_ms, max_scene_ms
        self.scenes: list[SceneMeasurement] = []
        self.frames = 0
        self._into, self._look, self._progress, self._stage = into, look, progress, stages
        self._small, self._larger = Shrinker(SMALL_SIDE, as_shown=False), Shrinker(SAMPLE_SIDE, as_shown=True)
        self._cuts = SceneCuts()
        self._times = array("q")
        self._end_ms = 0
        self._scale = 1.0
        self._scene = SceneAtHand(0, 0, max_scene_ms)
        self._held: list[Sample] = []  # of frames whose scene is in doubt
        self._due: float = 0
        self._due_before: float = 0  # when the next sample was due before the picture jumped

    def __call__(self, seen: DecodedFrame) -> None:
        now = round(seen.start * 1000)
        self.frames += 1
        self._times.append(now)
        self._end_ms = max(round(seen.end * 1000), now + 1)
        if seen.number % LOOK_EVERY == 0:
            self._look()
        with self._stage("scenes"):
            was_doubtful = self._cuts.is_doubtful
            cuts = self._cuts.add(seen.number, now, self._small.copy_of(seen))
        for cut in cuts:
            self._cut_at(cut)
        if self._cuts.was_flash:
            self._held.clear()
            self._due = self._due_before
        elif self._cuts.is_doubtful and (not was_doubtful or cuts):
            self._due_before, self._due = self._due, now
        if now >= self._due or (cuts and not self._held):
            self._take(seen, now)
        self._release(self._cuts.settled)

    def close(self) -> None:
        """The video is over."""
        for cut in self._cuts.close():
            if self._held and self._held[-1].number >= cut:  # else nothing is known of the moment after it
                self._cut_at(cut)
        self._release(self.frames)
        self._finish_scene(self.frames, self._end_ms)

    def unlink(self) -> None:
        for scene in self.scenes:
            (self._into / scene.thumbnail).unlink(missing_ok=True)

    def _take(self, seen: DecodedFrame, now: int) -> None:
        with self._stage("samples"):
            picture = self._larger.copy_of(seen)
        self._scale = max(seen.size) / max(picture.shape[:2])
        self._held.append(Sample(seen.number, now, picture))
        self._due = now + self.sample_every_ms
        if self._progress is not None:
            self._progress(now)

    def _release(self, before: float) -> None:
        """Measure the samples whose scene is certain."""
        while self._held and self._held[0].number < before:
            self._measure(self._held.pop(0))

    def _measure(self, sample: Sample) -> None:
        with self._stage("people"):
            found = self.detector.detect(sample.picture)
            posed = self.estimator.estimate(sample.picture, found) if found else ()
        with self._stage("motion"):
            self._scene.motion.add(sample.time_ms, sample.picture, posed)
        with self._stage("fingerprints"):
            fingerprint = phash(sample.picture)
        with self._stage("samples"):
            self._scene.add(sample, fingerprint, found, posed)

    def _cut_at(self, frame: int) -> None:
        self._release(frame)
        self._finish_scene(frame, self._times[frame])
        self._scene = SceneAtHand(frame, self._times[frame], self.max_scene_ms)

    def _finish_scene(self, end_frame: int, end_ms: int) -> None:
        with self._stage("samples"):
            for first, end in self._scene.parts(self._times, end_frame, end_ms):
                name = f"scene-{len(self.scenes) + 1:05}.jpg"
                part_ms = self._times[first], end_ms if end == end_frame else self._times[end]
                scene, jpeg = self._scene.measured((first, end), *part_ms, scale=self._scale, thumbnail=name)
                self.scenes.append(scene)
                (self._into / name).write_bytes(jpeg)


def _as_measurement(reading: Reading, observer: _Observer, cpu_s: dict[str, float]) -> VideoMeasurement:
    probe = reading.probe
    return VideoMeasurement(
        container=probe.container,
        video_codec=probe.video_codec,
        width=probe.width,
        height=probe.height,
        fps=float(probe.fps),
        frames=probe.frames,
        duration_ms=probe.duration_ms,
        has_audio=probe.has_audio,
        scenes=tuple(observer.scenes),
        frames_decoded=observer.frames,
        measured_with={
            "detector": observer.detector.name,
            "estimator": observer.estimator.name,
            "sample_every_ms": observer.sample_every_ms,
            "max_scene_ms": observer.max_scene_ms,
            "scene_threshold": DEFAULT_THRESHOLD,
            "scenedetect": version("scenedetect-headless"),
            "av": version("av"),
        },
        cpu_s=cpu_s,
    )
