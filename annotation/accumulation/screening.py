"""The four filters as decisions over what was measured: no picture is looked at here.

Stages in their order: metadata (of the video), scenes (their length), existence (of people), action (of their bodies).
The first that a video or a scene does not pass is the stage and the reason it was dropped for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any

from annotation.errors import BadInput

COUNTED_PEOPLE = 10
"""Frames are counted by how many people they hold, up to so many."""


class Stage(StrEnum):
    METADATA = "metadata"
    SCENES = "scenes"
    EXISTENCE = "existence"
    ACTION = "action"


STAGE_ORDER: dict[str, int] = {stage.value: place for place, stage in enumerate(Stage, start=1)}

REASONS: dict[str, tuple[Stage, str]] = {
    "low_resolution": (Stage.METADATA, "low resolution"),
    "low_frame_rate": (Stage.METADATA, "low frame rate"),
    "video_too_short": (Stage.METADATA, "video too short"),
    "video_too_long": (Stage.METADATA, "video too long"),
    "no_description": (Stage.METADATA, "no description"),
    "no_action_verb": (Stage.METADATA, "no action verb"),
    "scene_too_short": (Stage.SCENES, "scene too short"),
    "scene_too_long": (Stage.SCENES, "scene too long"),
    "too_few_people": (Stage.EXISTENCE, "too few people"),
    "too_many_people": (Stage.EXISTENCE, "too many people"),
    "people_too_small": (Stage.EXISTENCE, "people too small"),
    "too_little_motion": (Stage.ACTION, "too little motion"),
}
"""Code -> the stage that drops for it, and its words. Videos that cannot be read have the code of their refusal."""


@dataclass(frozen=True)
class Thresholds:
    """What a video and its scenes must measure to be kept.

    min_side: pixels of the shorter side. Times in milliseconds, shares from 0 to 1, motion in body heights in 0.4 s.
    people_share: of the sampled frames, how many must hold people_min to people_max people (None: no upper number).
    area_min: the largest person's box, as a share of the picture, mean over the sampled frames.
    """

    min_side: int = 360
    min_fps: float = 10.0
    video_min_ms: int = 1_000
    video_max_ms: int = 12_600_000
    needs_description: bool = False
    needs_action_verb: bool = True
    scene_min_ms: int = 2_000
    scene_max_ms: int = 60_000
    people_min: int = 1
    people_max: int | None = None
    people_share: float = 0.8
    area_min: float = 0.01
    motion_min: float = 0.06

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Thresholds":
        """Unknown names are refused, missing ones are the defaults'. Raises BadInput that names the field."""
        unknown = {name[:100]: "is unknown" for name in values if name not in _BOUNDS}
        if unknown:
            raise BadInput(unknown)
        return cls(**{name: _checked(name, value) for name, value in values.items()})._in_order()

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def _in_order(self) -> "Thresholds":
        wrong = {}
        if self.people_max is not None and self.people_max < self.people_min:
            wrong["people_max"] = "must not be below people_min"
        if self.scene_max_ms < self.scene_min_ms:
            wrong["scene_max_ms"] = "must not be below scene_min_ms"
        if self.video_max_ms < self.video_min_ms:
            wrong["video_max_ms"] = "must not be below video_min_ms"
        if wrong:
            raise BadInput(wrong)
        return self


_BOUNDS: dict[str, tuple[float, float]] = {
    "min_side": (16, 4320),
    "min_fps": (0, 240),
    "video_min_ms": (0, 86_400_000),
    "video_max_ms": (0, 86_400_000),
    "needs_description": (0, 1),
    "needs_action_verb": (0, 1),
    "scene_min_ms": (0, 3_600_000),
    "scene_max_ms": (0, 3_600_000),
    "people_min": (1, COUNTED_PEOPLE - 1),
    "people_max": (1, COUNTED_PEOPLE - 1),
    "people_share": (0, 1),
    "area_min": (0, 1),
    "motion_min": (0, 10),
}
_KINDS = {field.name: field.type for field in fields(Thresholds)}


def _checked(name: str, value: Any) -> Any:
    kind, (low, high) = _KINDS[name], _BOUNDS[name]
    if value is None and name == "people_max":
        return None
    if kind is bool:
        if not isinstance(value, bool):
            raise BadInput({name: "must be true or false"})
        return value
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    if not (is_whole or (kind is float and isinstance(value, float))) or not low <= value <= high:
        words = "a number" if kind is float else "a whole number"
        raise BadInput({name: f"must be {words} from {low:g} to {high:,g}"})
    return float(value) if kind is float else value


@dataclass(frozen=True)
class VideoMeasured:
    """What is known of a whole video. verbs: those in its description that name an act of a human body."""

    width: int
    height: int
    fps: float
    duration_ms: int
    description: str
    verbs: Sequence[str]


@dataclass(frozen=True)
class SceneMeasured:
    """people_frames: at k - 1, how many of the sampled frames hold k people or more (k = 1 … COUNTED_PEOPLE)."""

    length_ms: int
    samples: int
    people_frames: Sequence[int]
    area: float
    motion: float


@dataclass(frozen=True)
class Decision:
    """Kept where stage and reason are empty."""

    stage: str = ""
    reason: str = ""

    @property
    def is_kept(self) -> bool:
        return not self.reason


KEPT = Decision()


def people_frames_of(people: Sequence[int]) -> list[int]:
    """How many frames hold k people or more, for k = 1 … COUNTED_PEOPLE. people: how many each frame holds."""
    return [sum(count >= least for count in people) for least in range(1, COUNTED_PEOPLE + 1)]


def dropped(reason: str) -> Decision:
    return Decision(REASONS[reason][0].value, reason)


def decide_video(video: VideoMeasured, thresholds: Thresholds) -> Decision:
    if min(video.width, video.height) < thresholds.min_side:
        return dropped("low_resolution")
    if video.fps < thresholds.min_fps:
        return dropped("low_frame_rate")
    if video.duration_ms < thresholds.video_min_ms:
        return dropped("video_too_short")
    if video.duration_ms > thresholds.video_max_ms:
        return dropped("video_too_long")
    if not video.description.strip():
        return dropped("no_description") if thresholds.needs_description else KEPT
    if thresholds.needs_action_verb and not video.verbs:
        return dropped("no_action_verb")
    return KEPT


def decide_scene(scene: SceneMeasured, thresholds: Thresholds) -> Decision:
    """Of a scene whose video is kept."""
    if scene.length_ms < thresholds.scene_min_ms:
        return dropped("scene_too_short")
    if scene.length_ms > thresholds.scene_max_ms:
        return dropped("scene_too_long")
    enough = scene.people_frames[thresholds.people_min - 1]
    if enough < thresholds.people_share * scene.samples or not scene.samples:
        return dropped("too_few_people")
    too_many = 0 if thresholds.people_max is None else scene.people_frames[thresholds.people_max]
    if enough - too_many < thresholds.people_share * scene.samples:
        return dropped("too_many_people")
    if scene.area < thresholds.area_min:
        return dropped("people_too_small")
    if scene.motion < thresholds.motion_min:
        return dropped("too_little_motion")
    return KEPT
