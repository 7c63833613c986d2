"""What a withdrawal does to everything below questions: the clip leaves all work, and its words go if that is asked.

`qa.services.withdrawal` is the way in.
"""

from typing import Any

from django.db import connection
from django.db.models import Q
from django.db.models.functions import Now

from annotation.drafting.of_withdrawn import cancel_withdrawn
from annotation.models import (
    Caption,
    CaptionComment,
    CaptionSkip,
    CaptionWorkingCopy,
    Clip,
    ClipFlag,
    IdempotencyKey,
    Job,
    JobStatus,
    LeaseEnd,
    Notification,
    Scene,
    SourceVideo,
    Upload,
    User,
    VideoUpload,
)
from annotation.models.jobs import ENDED, WAITING
from annotation.services.clip_flags import hold
from annotation.services.units import all_kinds
from annotation.states import ClipStatus, Screened
from annotation.workflow import move


def lock_raw_videos(clip: Clip) -> list[SourceVideo]:
    """The raw videos that the clip was cut of (one, or none), and their scenes. Before any other lock, as screening."""
    videos = list(SourceVideo.objects.filter(scenes__clip=clip).select_for_update(of=("self",)))
    list(Scene.objects.filter(video__in=videos).select_for_update(of=("self",)).values_list("pk"))
    return videos


def lock_jobs(clip: Clip) -> None:
    """Those that may still change. Before the clip: who records what came of a job locks it first as well."""
    list(Job.objects.filter(clip=clip).exclude(status__in=ENDED).select_for_update().order_by("pk").values_list("pk"))


def take_out(clip: Clip, *, actor: User | None, reason: str) -> None:
    """Withdraw the clip from all work. The caller holds the locks of its caption and of the clip."""
    event = move(clip, "withdraw", actor=actor, reason=reason)
    clip.withdrawn_at, clip.subtitles = event.created_at, ""
    clip.save(update_fields=["withdrawn_at", "subtitles"])
    hold(clip, is_held=True)
    for kind in all_kinds():
        standing = kind.lease.objects.filter(**{f"{kind.link}__clip": clip}, ended_at=None)
        standing.update(ended_at=Now(), ended_how=LeaseEnd.FREED)
    ClipFlag.objects.filter(clip=clip, decision="").update(
        decision=ClipFlag.Decision.EXCLUDE, decided_by=actor, decided_at=Now(), decision_note="The clip was withdrawn."
    )
    # What is with the model just now comes back, is paid for, and is thrown away.
    cancel_withdrawn(Job.objects.filter(clip=clip, status__in=(*WAITING, JobStatus.LEASED)))


def needs_raw_video(video: SourceVideo, *, without: Clip) -> bool:
    """Whether another scene of the raw video is kept, or became a clip that still stands."""
    others = Scene.objects.filter(video=video).exclude(clip=without)
    gone = Q(clip__state=ClipStatus.WITHDRAWN)
    wanted = Q(state=Screened.KEPT) | Q(clip__isnull=False)
    return others.filter(wanted).exclude(pk__in=others.filter(gone).values("pk")).exists()


def withdraw_raw_video(video: SourceVideo) -> None:
    """Nothing is to be cut of it any more. The caller holds its lock."""
    if video.withdrawn_at is None:
        video.withdrawn_at, video.subtitles = Now(), ""
        video.save(update_fields=["withdrawn_at", "subtitles"])


def erase_words(clip: Clip) -> None:
    """Of a withdrawn clip, wherever they stand below questions. The caller holds the clip's lock. Twice is as once."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT public.annotation_erase_clip(%s)", [clip.pk])
    Clip.objects.filter(pk=clip.pk).update(
        **_empty("original_name", "source", "source_id", "source_url", "license", "description", "subtitles"),
        metadata={},
    )
    captions = Caption.objects.filter(clip=clip)
    CaptionWorkingCopy.objects.filter(caption__in=captions).delete()
    CaptionComment.objects.filter(caption__in=captions).update(**_empty("text", "sentence"))
    CaptionSkip.objects.filter(caption__in=captions).update(note="")
    ClipFlag.objects.filter(clip=clip).update(**_empty("note", "decision_note"))
    Notification.objects.filter(clip=clip).update(text="")
    Job.objects.filter(clip=clip).update(detail="")
    _erase_where_it_came_from(clip)
    _forget_answers(clip)


def _erase_where_it_came_from(clip: Clip) -> None:
    """Uploads and scenes; the raw video's own words only if it is withdrawn too: other clips may stand on it."""
    refused = Q(project=clip.project_id, wanted_clip_id=clip.clip_id, status=Upload.Status.REFUSED)
    Upload.objects.filter(Q(clip=clip) | refused).update(**_empty("original_name", "reason"), fields={})
    Scene.objects.filter(clip=clip).update(**_empty("hand_reason", "cut_detail"), shown={})
    videos = SourceVideo.objects.filter(scenes__clip=clip, withdrawn_at__isnull=False)
    withdrawn = list(videos.values_list("pk", flat=True))
    SourceVideo.objects.filter(pk__in=withdrawn).update(
        **_empty("original_name", "source", "source_id", "source_url", "license", "description", "subtitles"),
        **_empty("detail", "hand_reason"),
        metadata={},
        verbs=[],
    )
    others = Scene.objects.filter(video__in=withdrawn)
    others.update(**_empty("hand_reason", "cut_detail"), shown={})
    VideoUpload.objects.filter(video__in=withdrawn).update(**_empty("name", "subtitles_name", "reason"), facts={})


def _forget_answers(clip: Clip) -> None:
    """Answers that are kept for requests that may come again hold words of all clips, and do not say of which."""
    IdempotencyKey.objects.filter(
        user__memberships__project=clip.project_id, created_at__gte=clip.created_at, status__isnull=False
    ).delete()


def _empty(*fields: str) -> dict[str, Any]:
    return dict.fromkeys(fields, "")
