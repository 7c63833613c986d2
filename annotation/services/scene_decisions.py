"""What is kept of a raw video: decided by thresholds, or by a person, who has the last word. Every change is an event.

A scene that is kept becomes a clip by a job. One that is no longer kept takes its clip out of the work, unless somebody
has worked on it: then the clip is flagged, and an administrator decides.
"""

from collections.abc import Sequence

from annotation.access import require
from annotation.accumulation.screening import (
    Decision,
    SceneMeasured,
    Stage,
    Thresholds,
    VideoMeasured,
    decide_scene,
    decide_video,
)
from annotation.errors import BadInput, MoveNotAllowed
from annotation.models import Caption, CaptionWorkingCopy, Clip, ClipFlag, Scene, SourceVideo, ThresholdSet, User
from annotation.models.screening import ScreenedModel
from annotation.services.clip_flags import flag_clip, hold
from annotation.services.scene_cuts import unwant_cut, want_cut
from annotation.services.thresholds import in_force
from annotation.states import ClipStatus, Screened
from annotation.text import checked_text
from annotation.transactions import in_transaction
from annotation.workflow import move

VIDEOS_AT_ONCE = 50
HAND_STAGE = "hand"
HAND_REASON = "dropped_by_hand"


def apply_thresholds(threshold_set_id: int) -> int:
    """Decide all measured videos of the project anew; how many scenes changed. Can run twice, and by pieces.

    Whoever set newer thresholds meanwhile is not undone: the newest in force decide.
    """
    made = ThresholdSet.objects.select_related("project", "created_by").get(pk=threshold_set_id)
    videos = SourceVideo.objects.filter(project=made.project, status=SourceVideo.Status.MEASURED).order_by("pk")
    changed, last = 0, 0
    while chunk := list(videos.filter(pk__gt=last).values_list("pk", flat=True)[:VIDEOS_AT_ONCE]):
        changed += _decide_again(chunk, actor=made.created_by)
        last = chunk[-1]
    return changed


@in_transaction
def _decide_again(video_ids: list[int], *, actor: User | None) -> int:
    changed = 0
    locked = SourceVideo.objects.filter(pk__in=video_ids).select_related("project").select_for_update(of=("self",))
    for video in locked.order_by("pk"):
        scenes = video.scenes.select_for_update(of=("self",)).select_related("clip", "video", "project").order_by("pk")
        changed += decide_all(video, list(scenes), in_force(video.project), actor=actor)
    return changed


def decide_all(video: SourceVideo, scenes: Sequence[Scene], thresholds: Thresholds, *, actor: User | None) -> int:
    """Decide a video and its scenes; how many scenes changed. The caller holds their locks in a transaction."""
    of_video = decide_video(
        VideoMeasured(
            width=video.width or 0,
            height=video.height or 0,
            fps=video.fps or 0,
            duration_ms=video.duration_ms or 0,
            description=video.description,
            verbs=video.verbs,
        ),
        thresholds,
    )
    _screen(video, of_video, actor=actor)
    changed = 0
    for scene in scenes:
        decision = of_video if not of_video.is_kept else decide_scene(measured_of(scene), thresholds)
        if scene.by_hand_id is None and _screen(scene, decision, actor=actor):
            changed += 1
            _follow(scene, actor=actor)
    return changed


def measured_of(scene: Scene) -> SceneMeasured:
    return SceneMeasured(
        length_ms=scene.length_ms,
        samples=scene.samples,
        people_frames=scene.people_frames,
        area=scene.area,
        motion=scene.motion,
    )


@in_transaction
def refuse_video(video: SourceVideo, *, stage: Stage, reason: str, detail: str) -> None:
    """It could not be measured: dropped for the code of the refusal."""
    _screen(video, Decision(stage.value, reason[:40]), actor=None, detail=detail)


@in_transaction
def keep_by_hand(*, scene: Scene, user: User, reason: object) -> Scene:
    """Whatever it measures. Raises RightMissing, BadInput."""
    return _by_hand(scene, user, "keep", Decision(), reason)


@in_transaction
def drop_by_hand(*, scene: Scene, user: User, reason: object) -> Scene:
    """Whatever it measures. Raises RightMissing, BadInput."""
    return _by_hand(scene, user, "drop", Decision(HAND_STAGE, HAND_REASON), reason)


@in_transaction
def by_thresholds_again(*, scene: Scene, user: User) -> Scene:
    """Take back what was decided by hand. Raises RightMissing, MoveNotAllowed if nothing was."""
    scene = _locked(scene, user)
    if scene.by_hand_id is None:
        raise MoveNotAllowed("Nobody decided about this scene by hand.", state=scene.state)
    scene.by_hand, scene.hand_reason = None, ""
    scene.save(update_fields=["by_hand", "hand_reason"])
    decide_all(scene.video, [scene], in_force(scene.project), actor=user)
    return scene


def _by_hand(scene: Scene, user: User, verb: str, decision: Decision, reason: object) -> Scene:
    said = checked_text(reason, field="reason", most=500, blank=False)
    scene = _locked(scene, user)
    if not scene.state:
        raise BadInput({"scene": "is not measured yet"})
    before, to = scene.state, Screened.KEPT if decision.is_kept else Screened.DROPPED
    scene.by_hand, scene.hand_reason = user, said
    scene.stage, scene.reason = decision.stage, decision.reason
    scene.save(update_fields=["by_hand", "hand_reason"])
    _write(scene, verb, to, actor=user, why=said)
    if before != to:
        _follow(scene, actor=user)
    return scene


def _locked(scene: Scene, user: User) -> Scene:
    require(user, "configure", project=scene.project)
    SourceVideo.objects.select_for_update().get(pk=scene.video_id)
    found = Scene.objects.select_for_update(of=("self",)).select_related("project", "video__project", "clip")
    return found.get(pk=scene.pk)


def _screen(subject: ScreenedModel, decision: Decision, *, actor: User | None, detail: str = "") -> bool:
    """Write the decision if it is another one; whether it is."""
    to = Screened.KEPT if decision.is_kept else Screened.DROPPED
    if (subject.state, subject.stage, subject.reason) == (to, decision.stage, decision.reason):
        return False
    subject.stage, subject.reason = decision.stage, decision.reason
    why = f"{decision.stage}: {decision.reason}" if decision.reason else "within the thresholds"
    _write(subject, "screen", to, actor=actor, why=f"{why} ({detail})" if detail else why)
    return True


def _write(subject: ScreenedModel, verb: str, to: str, *, actor: User | None, why: str) -> None:
    """A constraint wants a reason of whatever is dropped, at every moment."""
    if to == Screened.DROPPED:
        subject.save(update_fields=["stage", "reason"])
    move(subject, verb, actor=actor, to=to, reason=why, created=not subject.state)
    if to == Screened.KEPT:
        subject.save(update_fields=["stage", "reason"])


def _follow(scene: Scene, *, actor: User | None) -> None:
    """What becomes of the clip. The caller holds the scene's lock."""
    if scene.state == Screened.KEPT:
        if scene.clip is None:
            want_cut(scene)
        elif scene.clip.state == ClipStatus.EXCLUDED:
            move(scene.clip, "restore", actor=actor, reason="its scene is kept again")
            hold(scene.clip, is_held=False)
        return
    if scene.clip is None:
        unwant_cut(scene)
    elif scene.clip.state == ClipStatus.ACTIVE:
        _put_out_of_work(scene, scene.clip, actor=actor)


def _put_out_of_work(scene: Scene, clip: Clip, *, actor: User | None) -> None:
    caption = Caption.objects.select_for_update().get(clip=clip)
    if caption.head_number == 0 and not CaptionWorkingCopy.objects.filter(caption=caption).exists():
        move(clip, "exclude", actor=actor, reason=f"screening: {scene.reason}")
        hold(clip, is_held=True)
    elif actor is not None:
        flag_clip(clip=clip, user=actor, reason=ClipFlag.Reason.SCREENING, note=f"no longer kept: {scene.reason}")
