"""What became of raw videos, for a file: each with its decision, the funnel, and a sheet of the scenes' thumbnails."""

from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from typing import Any

from django.core.files.storage import default_storage
from PIL import Image, ImageDraw

from annotation.accumulation.screening import STAGE_ORDER, Stage
from annotation.models import Project, Scene, SourceVideo
from annotation.services.funnel import funnel_of
from annotation.services.thresholds import in_force
from annotation.states import Screened
from annotation.stored_files import answering

TILE = (240, 135)
LABEL = 34
COLUMNS = 6
MOST_TILES = 600
"""A sheet of so many scenes can still be opened; the JSON holds all."""
INK, PAPER, GOOD, BAD = (20, 20, 20), (250, 250, 250), (22, 101, 52), (153, 27, 27)


def report_of(project: Project, videos: Iterable[SourceVideo]) -> dict[str, Any]:
    """`{"videos": [{"video_id", "decision", "stage", "reason", "scenes", "kept", "scene_list"}], "funnel"}`.

    decision: kept if at least one scene is. stage, reason: null where it is kept; else where the last of its scenes
    fell. scenes: how many came through the metadata filter. The funnel is the project's.
    """
    return {
        "schema": 1,
        "videos": [_video(video, list(video.scenes.order_by("number"))) for video in videos],
        "funnel": _funnel(project),
        "thresholds": in_force(project).to_json(),
    }


def _video(video: SourceVideo, scenes: list[Scene]) -> dict[str, Any]:
    came = [] if video.stage == Stage.METADATA else scenes
    kept = [scene for scene in came if scene.state == Screened.KEPT]
    last = max(came, key=lambda scene: STAGE_ORDER.get(scene.stage, 0), default=None)
    why: SourceVideo | Scene | None = video if video.state == Screened.DROPPED else last
    is_kept = bool(kept)
    return {
        "video_id": video.video_id,
        "decision": "kept" if is_kept else "dropped" if video.state else "waiting",
        "stage": None if is_kept or why is None else why.stage or None,
        "reason": None if is_kept or why is None else why.reason or None,
        "detail": video.detail,
        "scenes": len(came),
        "kept": len(kept),
        "verbs": video.verbs,
        "scene_list": [_scene(scene) for scene in came],
    }


def _scene(scene: Scene) -> dict[str, Any]:
    return {
        "number": scene.number,
        "decision": scene.state,
        "stage": scene.stage or None,
        "reason": scene.reason or None,
        "by_hand": scene.by_hand_id is not None,
        "start_ms": scene.start_ms,
        "end_ms": scene.end_ms,
        "start_frame": scene.start_frame,
        "end_frame": scene.end_frame,
        "samples": scene.samples,
        "people_frames": scene.people_frames,
        "area": round(scene.area, 5),
        "motion": round(scene.motion, 5),
        "bars": scene.bars,
        "clip_id": scene.wanted_clip_id if scene.cut == Scene.Cut.DONE else None,
        "looks_like": scene.near.wanted_clip_id if scene.near else None,
    }


def _funnel(project: Project) -> dict[str, Any]:
    found = funnel_of(project)
    steps = [
        {"stage": step.stage, "came": step.came, "left": step.left, "dropped": step.reasons} for step in found.steps
    ]
    return {
        "videos": found.videos,
        "waiting": found.waiting,
        "scenes": found.scenes,
        "dropped_by_hand": found.by_hand,
        "kept": found.kept,
        "steps": steps,
    }


def write_contact_sheet(project: Project, videos: Iterable[SourceVideo], target: Path) -> int:
    """A JPEG of the scenes' thumbnails with what was decided; how many are on it, MOST_TILES at most."""
    scenes = list(
        Scene.objects.filter(project=project, video__in=[video.pk for video in videos])
        .select_related("video")
        .order_by("video__video_id", "number")[:MOST_TILES]
    )
    rows = max(1, -(-len(scenes) // COLUMNS))
    sheet = Image.new("RGB", (COLUMNS * TILE[0], rows * (TILE[1] + LABEL)), PAPER)
    pen = ImageDraw.Draw(sheet)
    for place, scene in enumerate(scenes):
        left, top = place % COLUMNS * TILE[0], place // COLUMNS * (TILE[1] + LABEL)
        picture = _thumbnail(scene)
        if picture is not None:
            sheet.paste(picture, (left + (TILE[0] - picture.width) // 2, top + (TILE[1] - picture.height) // 2))
        is_kept = scene.state == Screened.KEPT
        pen.text((left + 4, top + TILE[1] + 2), scene.wanted_clip_id[-38:], fill=INK)
        words = "kept" if is_kept else f"dropped: {scene.reason.replace('_', ' ')}"
        pen.text((left + 4, top + TILE[1] + 17), words, fill=GOOD if is_kept else BAD)
    part = target.with_name(f"{target.name}.part")
    sheet.save(part, "JPEG", quality=85)
    part.rename(target)
    return len(scenes)


def _thumbnail(scene: Scene) -> Image.Image | None:
    if not scene.thumbnail:
        return None
    with answering(), default_storage.open(str(scene.thumbnail.name), "rb") as file:
        picture = Image.open(BytesIO(file.read())).convert("RGB")
    picture.thumbnail(TILE)
    return picture
