"""A clip of which every table holds something: what a withdrawal must find."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.files.base import ContentFile

from annotation.models import (
    Call,
    CallOutcome,
    CaptionSkip,
    Clip,
    ClipFlag,
    Draft,
    IdempotencyKey,
    Job,
    JobStatus,
    Notification,
    Project,
    Prompt,
    SkipReason,
    Upload,
    User,
)
from annotation.models.work import LeaseWork
from annotation.services import captions
from annotation.services.comments import add_note, beside_caption
from annotation.services.drafts import store_draft
from annotation.services.prompts import seed_prompts
from annotation.states import Screened
from annotation.workflow import database_now, move
from qa.models import (
    Answer,
    AskedQuestion,
    CountedStatistics,
    DraftProbe,
    EvaluationRun,
    LeakFlag,
    ProbeTry,
    QAItem,
    QASkip,
    Setting,
    WrittenCaption,
)
from qa.services import items
from qa.services.comments import beside_question
from qa.services.releases import freeze_release
from tests.annotation.drafting.conftest import with_frames
from tests.factories import SceneFactory, SourceVideoFactory, VideoBatchFactory, VideoUploadFactory
from tests.qa.scene import finish_clip
from tests.qa.scenes import saved_item


@dataclass
class Everything:
    clip: Clip
    question_id: str
    names: list[str]
    """Of its files in the store, the raw video's and the scene's picture included."""


def everything_of(project: Project, *, ana: User, rui: User, oda: User, adam: User) -> Everything:
    """A clip that was cut of a raw video, released, drafted by a job, spoken of, flagged and edited again."""
    finished = finish_clip(project, author=ana, reviewer=rui, clip_id="clip-a", subtitles="WEBVTT\n\nHello")
    freeze_release(project=project, version="1.0.0", notes="", actor=adam)
    clip = with_frames(finished.clip)
    _drafted_by_a_job(clip)
    _spoken_of(clip, finished.item, ana=ana, rui=rui)
    _measured(clip, finished.item)
    _written_again(clip, ana=ana, oda=oda)
    names = [*_came_from_a_video(clip, adam), *_uploaded(clip, adam)]
    names += [str(file.name) for file in (clip.original, clip.video, clip.poster)]
    names += [str(frames.file.name) for frames in clip.frame_sets.all()]
    IdempotencyKey.objects.create(user=ana, key="k", request_sha256="0" * 64, status=200, body="{}")
    return Everything(clip, finished.item.question_id, names)


def _drafted_by_a_job(clip: Clip) -> None:
    seed_prompts()
    job = Job.objects.create(
        clip=clip,
        kind="caption",
        prompt=Prompt.objects.filter(name="caption").latest("pk"),
        model="m",
        input_digest="0" * 64,
        status=JobStatus.DONE,
        attempt=1,
        next_attempt_at=database_now(),
    )
    call = Call.objects.create(
        job=job,
        attempt=1,
        project=clip.project,
        model="m",
        request={"data": "what was sent"},
        estimated_input_tokens=1,
        max_tokens=1,
        reserved_micro_usd=1,
        day=date(2026, 1, 1),
        created_at=database_now(),
    )
    CallOutcome.objects.create(call=call, kind=CallOutcome.Kind.REPLY, raw=b"reply", created_at=database_now())
    payload: dict[str, Any] = {"caption": "Another draft.", "people": []}
    store_draft(clip=clip, kind="caption", model="m", payload=payload, job=job, provenance={"call": str(call.uid)})


def _spoken_of(clip: Clip, item: QAItem, *, ana: User, rui: User) -> None:
    add_note(beside=beside_caption(clip.caption), author=ana, text="A note.", sentence="He jumps.")
    add_note(beside=beside_question(item), author=ana, text="A note.", sentence="Which arm?")
    CaptionSkip.objects.create(caption=clip.caption, user=rui, reason=SkipReason.OTHER, note="skipped")
    QASkip.objects.create(qa_set=clip.qa_set, user=rui, work=LeaseWork.EDIT, reason=SkipReason.OTHER, note="skipped")
    ClipFlag.objects.create(clip=clip, raised_by=rui, reason=ClipFlag.Reason.STATIC, note="flagged")
    Notification.objects.create(clip=clip, recipient=ana, kind=Notification.Kind.REPLY, text="told")


def _measured(clip: Clip, item: QAItem) -> None:
    """A model wrote a caption and a judge answered from it; somebody wrote why its question stays."""
    now = database_now()
    run = EvaluationRun.objects.create(project=clip.project, setting=Setting.CAPTION, model="m", judge="j")
    WrittenCaption.objects.create(run=run, clip=clip, text="What a model wrote.", created_at=now)
    assert item.approved_revision is not None
    asked = AskedQuestion.objects.create(
        run=run,
        item=item,
        revision=item.approved_revision,
        clip=clip,
        category=item.category,
        people=1,
        order=["o1", "o2", "o3", "o4"],
        key_index=0,
    )
    Answer.objects.create(asked=asked, letter="A", choice="o1", is_right=True, reply="A, he jumps.", created_at=now)
    LeakFlag.objects.create(
        item=item, revision=item.approved_revision, measure="blind", evidence={}, decision="kept", decided_at=now
    )
    draft = item.draft or Draft.objects.filter(clip=clip).order_by("pk")[0]
    caption = item.caption_revision
    assert caption is not None
    probe = DraftProbe.objects.create(draft=draft, caption_revision=caption, created_at=now)
    ProbeTry.objects.create(
        probe=probe, setting=Setting.BLIND, try_number=1, order=["o1"], key_index=0, letter="A", is_right=True
    )
    CountedStatistics.objects.create(project=clip.project, name="words", value=["jumps"], counted_at=now)


def _written_again(clip: Clip, *, ana: User, oda: User) -> None:
    """A question with unsaved words, and a caption that was reopened and has unsaved words too."""
    more = saved_item(clip, ana, category="count")
    content = {**items.words_for(more, ana).content, "question": "What does he do then?"}
    items.autosave(item=more, user=ana, etag='"1-0"', content=content)
    caption = type(clip.caption).objects.for_review_page().get(clip=clip)
    captions.reopen(caption=caption, user=oda, reason="again", seen_number=caption.head_number)
    captions.autosave(caption=caption, user=ana, etag='"1-0"', text="Unsaved words.", people=[])


def _came_from_a_video(clip: Clip, adam: User) -> list[str]:
    video = SourceVideoFactory.create(batch=VideoBatchFactory.create(project=clip.project), state="")
    move(video, "screen", actor=None, to=Screened.KEPT, reason="within the thresholds", created=True)
    scene = SceneFactory.create(video=video, state="", clip=clip, by_hand=adam, hand_reason="kept")
    move(scene, "screen", actor=None, to=Screened.KEPT, reason="within the thresholds", created=True)
    upload = VideoUploadFactory.create(batch=video.batch, uploaded_by=adam, video=video, status="done", received=9)
    assert upload.video == video
    return [str(video.file.name), str(scene.thumbnail.name)]


def _uploaded(clip: Clip, adam: User) -> list[str]:
    """As if its file could not be removed when the clip was made of it."""
    upload = Upload(
        project=clip.project,
        uploaded_by=adam,
        wanted_clip_id=clip.clip_id,
        original_name="mine.mp4",
        clip=clip,
        status=Upload.Status.DONE,
    )
    upload.file.save("uploads/0123/original.bin", ContentFile(b"upload bytes"), save=False)
    upload.save()
    return [str(upload.file.name)]
