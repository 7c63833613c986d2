"""What was measured of a raw video and of each of its scenes. Whether it is good enough is decided elsewhere, so that a
threshold can change without a frame being decoded again.
"""

from dataclasses import asdict, dataclass, fields
from typing import Any, Self

Bars = tuple[int, int, int, int]


@dataclass(frozen=True)
class SceneMeasurement:
    """A scene: frames start_frame <= n < end_frame, shown from start_ms to end_ms since the video's first frame.

    samples: frames that were looked at for people. people: how many were found in each of them. area: the share (0 to
    1) of the picture that the largest person's box covers, on average; a sample without people counts 0. motion: of the
    person who moves most, in body heights between samples, the camera's own motion taken out. pairs: of samples, in
    which somebody was found twice. bars: black lines at the left, top, right and bottom, in pixels of the video as it
    is shown. hashes: of three samples, near 1/6, 3/6 and 5/6 of the scene. thumbnail: the name of a JPEG.
    shown: the people on it, `time_ms` of its frame, `boxes` (x0, y0, x1, y1 in thousandths of the picture) and
    `skeletons` (17 joints in COCO's order: x and y in thousandths, confidence in hundredths).
    """

    start_frame: int
    end_frame: int
    start_ms: int
    end_ms: int
    samples: int
    people: tuple[int, ...]
    area: float
    motion: float
    pairs: int
    bars: Bars
    hashes: tuple[str, ...]
    thumbnail: str
    shown: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        return _as_lists(asdict(self))

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        left, top, right, bottom = value["bars"]
        return cls(
            **{
                **_known(cls, value),
                "people": tuple(value["people"]),
                "bars": (left, top, right, bottom),
                "hashes": tuple(value["hashes"]),
            }
        )


@dataclass(frozen=True)
class VideoMeasurement:
    """A whole raw video. width, height, fps, frames, duration_ms: as in a Probe. frames_decoded: how many this took.

    measured_with: what the figures depend on: names of the detector and the estimator, versions, settings. cpu_s:
    seconds of processor for each stage; the only figures that differ when the same file is measured again.
    """

    container: str
    video_codec: str
    width: int
    height: int
    fps: float
    frames: int
    duration_ms: int
    has_audio: bool
    scenes: tuple[SceneMeasurement, ...]
    frames_decoded: int
    measured_with: dict[str, str | int | float]
    cpu_s: dict[str, float]

    def to_json(self) -> dict[str, Any]:
        return {**_as_lists(asdict(self)), "scenes": [scene.to_json() for scene in self.scenes]}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        scenes = tuple(SceneMeasurement.from_json(scene) for scene in value["scenes"])
        return cls(**{**_known(cls, value), "scenes": scenes})


def _known(cls: type[Any], value: dict[str, Any]) -> dict[str, Any]:
    return {field.name: value[field.name] for field in fields(cls)}


def _as_lists(value: dict[str, Any]) -> dict[str, Any]:
    return {name: list(part) if isinstance(part, tuple) else part for name, part in value.items()}
