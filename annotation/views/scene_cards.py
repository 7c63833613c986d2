"""Scenes as the gallery shows them: what was measured, why each is kept or dropped, who stands where on the picture."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from annotation.accumulation.screening import Thresholds
from annotation.models import Scene
from annotation.services.funnel import words_of
from annotation.states import ClipStatus, Screened

_LIMBS = [
    (5, 7), (7, 9), (6, 8), (8, 10), (5, 6), (5, 11), (6, 12), (11, 12),
    (11, 13), (13, 15), (12, 14), (14, 16), (0, 5), (0, 6),
]  # fmt: skip
"""Of COCO's 17 keypoints: arms, trunk, legs, and from the nose to the shoulders."""
_SURE = 30
"""Keypoints of which the estimator is less sure, in hundredths, are not drawn."""
_PEOPLE_DRAWN = 12
_MEASURE_OF = {
    "too_few_people": "people",
    "too_many_people": "people",
    "people_too_small": "box area",
    "too_little_motion": "motion",
    "scene_too_short": "length",
    "scene_too_long": "length",
}


@dataclass(frozen=True)
class Measured:
    label: str
    value: str
    fails: bool


@dataclass(frozen=True)
class Figure:
    """One person as paths of SVG. who: 1 to 4, for colour and line. box, limbs and joints may be empty."""

    who: int
    box: str
    limbs: str
    joints: str


@dataclass(frozen=True)
class Card:
    """width, height: of the drawing, in which the picture fills all. length_fails: it was dropped for its length.

    cut: (css class of a state, shape, words) of the way to its clip, or None where there is nothing to say.
    near_query: of the page that begins with the scene that it looks like.
    """

    scene: Scene
    is_kept: bool
    fate: str
    measured: list[Measured]
    length_fails: bool
    width: int
    height: int
    figures: list[Figure]
    cut: tuple[str, str, str] | None
    near_query: str


def cards_of(scenes: Iterable[Scene], thresholds: Thresholds) -> list[Card]:
    return [_card(scene, thresholds) for scene in scenes]


def _card(scene: Scene, thresholds: Thresholds) -> Card:
    failed = _MEASURE_OF.get(scene.reason, "")
    people = _people_of(scene, thresholds)
    values = {"people": str(people), "box area": f"{scene.area * 100:.1f} %", "motion": f"{scene.motion:.3f}"}
    width, height = scene.video.width or 16, scene.video.height or 9
    return Card(
        scene=scene,
        is_kept=scene.state == Screened.KEPT,
        fate=_fate(scene, thresholds),
        measured=[Measured(label, value, label == failed) for label, value in values.items()],
        length_fails=failed == "length",
        width=width,
        height=height,
        figures=_figures(scene.shown, width, height),
        cut=_cut(scene),
        near_query=f"?after={scene.near_id - 1}#scene-{scene.near_id}" if scene.near_id else "",
    )


def _people_of(scene: Scene, thresholds: Thresholds) -> int:
    """The most that enough of the sampled frames hold."""
    if not scene.samples:
        return 0
    return sum(frames >= thresholds.people_share * scene.samples for frames in scene.people_frames)


def _fate(scene: Scene, thresholds: Thresholds) -> str:
    if scene.state == Screened.KEPT:
        return "kept"
    if scene.reason == "too_few_people" and scene.samples:
        frames = scene.people_frames[thresholds.people_min - 1]
        return f"too few people: {thresholds.people_min} in {100 * frames / scene.samples:.0f} % of frames"
    return words_of(scene.reason)


def _cut(scene: Scene) -> tuple[str, str, str] | None:
    if scene.clip is not None and scene.clip.state == ClipStatus.EXCLUDED:
        return "state-waiting", "cross", "clip excluded"
    if scene.clip is not None and scene.state == Screened.DROPPED:
        return "state-flagged", "st-flagged", "its clip stays"
    return {
        str(Scene.Cut.QUEUED): ("state-waiting", "clock", "waits to be cut"),
        str(Scene.Cut.WORKING): ("state-editing", "sync", "being cut"),
        str(Scene.Cut.FAILED): ("state-failed", "st-failed", "cutting failed"),
    }.get(scene.cut)


def _figures(shown: dict[str, Any], width: int, height: int) -> list[Figure]:
    """Boxes and skeletons are told apart by place: the detector and the estimator need not agree on people."""
    boxes, skeletons = shown.get("boxes") or [], shown.get("skeletons") or []
    number = min(max(len(boxes), len(skeletons)), _PEOPLE_DRAWN)
    figures = []
    for place in range(number):
        box = _box(boxes[place], width, height) if place < len(boxes) else ""
        points = _points(skeletons[place], width, height) if place < len(skeletons) else {}
        limbs = " ".join(f"M{points[a]}L{points[b]}" for a, b in _LIMBS if a in points and b in points)
        joints = " ".join(f"M{point}h0" for point in points.values())
        figures.append(Figure(place % 4 + 1, box, limbs, joints))
    return figures


def _box(box: list[int], width: int, height: int) -> str:
    x0, y0, x1, y1 = (value * side / 1000 for value, side in zip(box, (width, height, width, height), strict=True))
    return f"M{x0:.1f} {y0:.1f}H{x1:.1f}V{y1:.1f}H{x0:.1f}Z"


def _points(skeleton: list[list[int]], width: int, height: int) -> dict[int, str]:
    return {
        number: f"{x * width / 1000:.1f} {y * height / 1000:.1f}"
        for number, (x, y, sureness) in enumerate(skeleton)
        if sureness >= _SURE
    }
